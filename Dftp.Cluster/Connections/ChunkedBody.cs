using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Dftp.Cluster.Connections;

/// <summary>
/// The body of a request that is sent in chunks (RFC 9112, section 7.1). Only <see cref="EndAsync"/> ends it: a writer that fails leaves an
/// incomplete body.
/// </summary>
/// <param name="send">Sends bytes, and throws when the body is to be broken off.</param>
/// <param name="isHashed">Whether fields follow the body that depend on its SHA-256.</param>
internal sealed class ChunkedBody(Func<ReadOnlyMemory<byte>, ValueTask> send, bool isHashed) : Stream
{
    private const int ChunkBytes = 32 * 1024;

    /// <summary>The size line, <c>8000</c> with CR LF.</summary>
    private const int SizeBytes = 6;

    private const int EndBytes = 2;

    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(SizeBytes + ChunkBytes + EndBytes);
    private readonly IncrementalHash? _hash = isHashed ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;
    private int _length;
    private bool _isDisposed;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        _hash?.AppendData(bytes.Span);
        while (!bytes.IsEmpty)
        {
            var count = Math.Min(bytes.Length, ChunkBytes - _length);
            bytes[..count].CopyTo(_buffer.AsMemory(SizeBytes + _length));
            _length += count;
            bytes = bytes[count..];
            if (_length == ChunkBytes) await SendChunkAsync();
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async Task FlushAsync(CancellationToken cancellationToken)
    {
        if (_length > 0) await SendChunkAsync();
    }

    /// <summary>Sends what is left, the last chunk and the trailer section.</summary>
    public async Task EndAsync(Func<byte[], string>? trailerOf)
    {
        await FlushAsync(CancellationToken.None);
        await send(Encoding.ASCII.GetBytes($"0\r\n{trailerOf?.Invoke(_hash!.GetHashAndReset())}\r\n"));
    }

    public override void Flush() => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (_isDisposed) return;
        _isDisposed = true;
        _hash?.Dispose();
        ArrayPool<byte>.Shared.Return(_buffer);
        base.Dispose(disposing);
    }

    private ValueTask SendChunkAsync()
    {
        Utf8Formatter.TryFormat((uint)_length, _buffer.AsSpan(0, 4), out _, new StandardFormat('x', 4));
        "\r\n"u8.CopyTo(_buffer.AsSpan(4));
        "\r\n"u8.CopyTo(_buffer.AsSpan(SizeBytes + _length));
        var chunk = _buffer.AsMemory(0, SizeBytes + _length + EndBytes);
        _length = 0;
        return send(chunk);
    }
}
