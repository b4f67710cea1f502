using System.Buffers;

namespace Dftp.Cluster.PeerReads;

/// <summary>A body that is in memory already.</summary>
/// <param name="body">In an array of the shared pool, which the stream gives back.</param>
internal sealed class ArrivedBodyStream(ArraySegment<byte> body) : ForwardStream
{
    private ArraySegment<byte> _left = body;
    private byte[]? _array = body.Array;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        Task.FromResult(Read(buffer.AsSpan(offset, count)));

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        var count = Math.Min(buffer.Length, _left.Count);
        _left.AsSpan(0, count).CopyTo(buffer);
        _left = _left[count..];
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        _left = default;
        if (Interlocked.Exchange(ref _array, null) is { } array) ArrayPool<byte>.Shared.Return(array);
        base.Dispose(disposing);
    }
}
