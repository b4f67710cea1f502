using Dftp.Cluster.Replication;

namespace Dftp.Cluster.Management;

/// <summary>Limits the number of bytes that can be read from a stream: a small compressed body can decompress to an endless one.</summary>
internal sealed class BoundedStream(Stream inner, long limit) : ForwardStream
{
    private long _read;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Count(await inner.ReadAsync(buffer, cancellationToken));

    public override int Read(byte[] buffer, int offset, int count) => Count(inner.Read(buffer, offset, count));

    private int Count(int read)
    {
        _read += read;
        return _read <= limit ? read : throw new UpdateFormatException($"it has more than {limit} bytes", isTooLarge: true);
    }
}
