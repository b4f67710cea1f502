using Dftp.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Dftp.Cluster.PeerReads;

/// <summary>
/// The body of an answer, which is received straight into the reader's memory. The connection is kept when all of it was read; disposing of
/// it earlier closes the connection, and ends a read that waits.
/// </summary>
internal sealed class PeerBodyStream : ForwardStream, ISpliceSource
{
    private readonly PeerConnectionPool? _pool;
    private PeerConnection? _connection;
    private long _left;

    /// <param name="connection">Owned by the stream.</param>
    /// <param name="length">Bytes of the body.</param>
    /// <param name="pool">Where the connection goes; null when it is not to be kept.</param>
    public PeerBodyStream(PeerConnection connection, long length, PeerConnectionPool? pool)
    {
        _connection = connection;
        _left = length;
        _pool = pool;
        if (length == 0) Release();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_left == 0 || buffer.IsEmpty) return new(0);
        var connection = _connection;
        ObjectDisposedException.ThrowIf(connection is null, this);
        var reading = connection.ReadAsync(buffer.Length > _left ? buffer[..(int)_left] : buffer, cancellationToken);
        return reading.IsCompletedSuccessfully ? new(Count(reading.Result)) : CountAsync(reading);
    }

    /// <summary>Whether the next bytes can be moved by the kernel.</summary>
    public bool CanFill => LoopSocket.IsAvailable && _left > 0 && _connection is { Buffered: 0 };

    /// <summary>Moves bytes into a pipe.</summary>
    /// <returns>0 when the peer has closed the connection.</returns>
    /// <exception cref="IOException">The connection broke off or was closed.</exception>
    public ValueTask<int> FillAsync(SafeFileHandle pipe, int most, CancellationToken cancellationToken)
    {
        var connection = _connection;
        ObjectDisposedException.ThrowIf(connection is null, this);
        return CountAsync(connection.FillAsync(pipe, (int)Math.Min(most, _left), cancellationToken));
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        Interlocked.Exchange(ref _connection, null)?.Dispose();
        base.Dispose(disposing);
    }

    private async ValueTask<int> CountAsync(ValueTask<int> reading) => Count(await reading);

    private int Count(int count)
    {
        // Closed before its end: the reader sees that it is less than was promised.
        if (count == 0) Dispose();
        _left -= count;
        if (_left == 0) Release();
        return count;
    }

    private void Release()
    {
        if (Interlocked.Exchange(ref _connection, null) is not { } connection) return;
        // Bytes beyond the body are of no answer to anything.
        if (_pool is not null && connection.Buffered == 0) _pool.Return(connection);
        else connection.Dispose();
    }
}
