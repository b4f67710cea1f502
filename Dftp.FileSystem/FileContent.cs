using Microsoft.Win32.SafeHandles;

namespace Dftp.FileSystem;

/// <summary>
/// An opened range of a file, read once from its start to its end. The caller that opened it owns it. Disposing of it also ends a
/// transfer from another node.
/// </summary>
public abstract class FileContent : IAsyncDisposable
{
    /// <summary>The number of bytes in the range. <see cref="ReadAsync"/> returns exactly this many in all, or throws.</summary>
    public abstract long Length { get; }

    /// <summary>
    /// The region of a local file that has the bytes, for callers that let the kernel send them; null when the bytes come from
    /// another node. The content owns the handle, which stays open until the content is disposed of and may be shared: do not rely
    /// on or move its file position. Read either through the region or by <see cref="ReadAsync"/>, not both. The file may have
    /// become shorter than the region: reaching the end of the file early is then an error of the caller's transfer, never padded.
    /// </summary>
    public virtual FileRegion? Region => null;

    /// <summary>The digest of the whole file, of which this may be a range; null when unknown.</summary>
    public virtual ContentDigest? KnownDigest => null;

    /// <summary>
    /// Another part of the file that was opened, whatever stands at its path by now; null where this is a transfer of one part.
    /// It is a content of its own: the caller disposes of it.
    /// </summary>
    /// <param name="range">Inside of the file, as it was when it was opened.</param>
    public virtual FileContent? Another(ByteRange range) => null;

    /// <summary>Reads the next bytes of the range.</summary>
    /// <returns>The number of bytes read; 0 only at the end of the range (or for an empty buffer).</returns>
    /// <exception cref="FileContentException">The rest of the range cannot be read. Nothing was padded.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> fired.</exception>
    public abstract ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken);

    public abstract ValueTask DisposeAsync();
}

/// <summary>A part of a regular file on this machine.</summary>
public readonly record struct FileRegion(SafeFileHandle Handle, long Offset, long Length);
