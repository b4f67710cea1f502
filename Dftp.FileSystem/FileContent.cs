using Microsoft.Win32.SafeHandles;

namespace Dftp.FileSystem;

/// <summary>
/// An opened range of a file, read once from its start to its end. The opener's caller owns it and disposes of it, which also
/// ends a transfer from another node.
/// </summary>
public abstract class FileContent : IAsyncDisposable
{
    /// <summary>Bytes in the range: exactly this many will be read, or <see cref="ReadAsync"/> throws.</summary>
    public abstract long Length { get; }

    /// <summary>
    /// Where the bytes lie when they are in a file of this machine, for callers that let the kernel send them; otherwise null.
    /// The handle belongs to the content: it stays open until the content is disposed of, its file position is nobody's, and it
    /// may be shared. Read either through the region or by <see cref="ReadAsync"/>, not both. The file may be shorter than the
    /// region says by the time it is read: fewer bytes than asked for at the end of the file are then an error of the caller's
    /// transfer, never padded.
    /// </summary>
    public virtual FileRegion? Region => null;

    /// <summary>The digest of the whole file that this is a range of, where it is known.</summary>
    public virtual ContentDigest? KnownDigest => null;

    /// <summary>Reads the next bytes of the range.</summary>
    /// <returns>How many bytes were read; 0 only when the whole range has been read (or the buffer is empty).</returns>
    /// <exception cref="FileContentException">The rest cannot be had. Nothing was padded.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> fired.</exception>
    public abstract ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken);

    public abstract ValueTask DisposeAsync();
}

/// <summary>A part of a regular file of this machine.</summary>
public readonly record struct FileRegion(SafeFileHandle Handle, long Offset, long Length);
