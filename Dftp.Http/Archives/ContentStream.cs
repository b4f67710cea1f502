using Dftp.FileSystem;

namespace Dftp.Http.Archives;

/// <summary>
/// A content as a stream, read once from start to end. It claims to be seekable, because the archive writer otherwise reads a
/// stream to the end to learn its length.
/// </summary>
internal sealed class ContentStream(FileContent content) : Stream
{
    private long _position;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => content.Length;

    public override long Position
    {
        get => _position;
        set
        {
            if (value != _position) throw new NotSupportedException("the content is read sequentially");
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await content.ReadAsync(buffer, cancellationToken);
        _position += count;
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override long Seek(long offset, SeekOrigin origin)
    {
        Position = origin switch
        {
            SeekOrigin.Begin => offset,
            SeekOrigin.Current => _position + offset,
            _ => Length + offset,
        };
        return _position;
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("the content is read asynchronously");

    public override void SetLength(long value) => throw new NotSupportedException("the content is read only");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("the content is read only");

    public override void Flush()
    {
    }
}
