using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles;

/// <summary>A range of a local file. It owns one use of the opened file.</summary>
internal sealed class LocalContent : FileContent
{
    private readonly OpenedFile _file;
    private readonly ByteRange _range;
    private readonly DigestCache<FileIdentity, LocalVersion>? _digests;
    private long _read;
    private bool _isDisposed;

    /// <param name="file">Disposed of with the content.</param>
    /// <param name="range">Inside [0, the file's size].</param>
    /// <param name="digests">The digests of this node's files.</param>
    public LocalContent(OpenedFile file, ByteRange range, DigestCache<FileIdentity, LocalVersion>? digests = null)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(range.End, file.Facts.Size, nameof(range));
        _file = file;
        _range = range;
        _digests = digests;
    }

    public override long Length => _range.Length;

    public override ContentDigest? KnownDigest => _digests?.Find(_file.Identity, _file.Version);

    public override FileRegion? Region => new(_file.Handle, _range.Offset, _range.Length);

    public override FileContent? Another(ByteRange range) => _file.TryShare() ? new LocalContent(_file, range, _digests) : null;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var wanted = (int)Math.Min(buffer.Length, _range.Length - _read);
        if (wanted == 0) return 0;

        int count;
        try
        {
            count = await RandomAccess.ReadAsync(_file.Handle, buffer[..wanted], _range.Offset + _read, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Broken($"reading failed: {e.Message}", e);
        }

        if (count == 0) throw Broken($"the file became shorter than the {_range.End} bytes that were promised");
        _read += count;
        return count;
    }

    public override ValueTask DisposeAsync()
    {
        if (!_isDisposed) _file.Dispose();
        _isDisposed = true;
        return ValueTask.CompletedTask;
    }

    private FileContentException Broken(string reason, Exception? inner = null) =>
        new(new FileError(FileErrorKind.Failed, $"{_file.ShownPath}: {reason}"), inner);
}
