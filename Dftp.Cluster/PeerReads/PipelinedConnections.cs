using System.Net.Sockets;
using Dftp.Cluster.Peers;
using Dftp.Sockets;

namespace Dftp.Cluster.PeerReads;

/// <summary>The pipelined connections to one peer: opened while much is requested at once, one or two for each thread of the event loop.</summary>
internal sealed class PipelinedConnections : IDisposable
{
    /// <summary>With fewer requests at once each has a connection of its own, and waits for no other.</summary>
    private const int MinRequests = 4;

    private static readonly int MaxConnections = 2 * Environment.ProcessorCount;

    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();

    /// <summary>Replaced as a whole under <see cref="_lock"/>.</summary>
    private PipelinedConnection[] _connections = [];

    private bool _isDisposed;
    private int _requests;
    private int _isOpening;
    private long _noneBefore = long.MinValue;

    /// <summary>Counts a request until the result is disposed of.</summary>
    public Counted CountRequest()
    {
        Interlocked.Increment(ref _requests);
        return new Counted(this);
    }

    /// <summary>The connection of the caller's loop.</summary>
    /// <returns>Null while there is not enough to do, or none yet: the first that ask have it opened, and do without.</returns>
    public PipelinedConnection? For(Peer peer, HostPort address, TimeSpan connectTimeout, TimeProvider time)
    {
        if (Volatile.Read(ref _requests) < MinRequests || !LoopSocket.IsLoopThread) return null;
        var connections = Volatile.Read(ref _connections);
        foreach (var connection in connections)
        {
            if (connection.IsOver) Remove(connection, time);
            else if (connection.IsOnCurrentLoop && connection.Address == address) return connection;
        }

        // One that is opened by way of a name may come to lie in another loop.
        if (connections.Length < MaxConnections && time.GetTimestamp() >= Volatile.Read(ref _noneBefore) && Interlocked.Exchange(ref _isOpening, 1) == 0)
            _ = OpenAsync(PeerConnection.ConnectAsync(peer, address, connectTimeout, time, CancellationToken.None));
        return null;
    }

    public void Dispose()
    {
        lock (_lock) _isDisposed = true;
        foreach (var connection in Volatile.Read(ref _connections)) connection.Dispose();
    }

    private void Remove(PipelinedConnection connection, TimeProvider time)
    {
        // A disk that does not answer would have all others wait for it again.
        if (connection.HasFailed) Volatile.Write(ref _noneBefore, time.GetTimestamp() + (long)(PauseAfterFailure.TotalSeconds * time.TimestampFrequency));
        lock (_lock) Volatile.Write(ref _connections, [.. _connections.Where(other => other != connection)]);
    }

    private async Task OpenAsync(Task<PeerConnection> connecting)
    {
        try
        {
            var connection = new PipelinedConnection(await connecting);
            bool isDisposed;
            lock (_lock)
            {
                isDisposed = _isDisposed;
                Volatile.Write(ref _connections, [.. _connections, connection]);
            }

            if (isDisposed) connection.Dispose();
        }
        catch (Exception error) when (error is SocketException or IOException or OperationCanceledException)
        {
            // The requests that wait connect themselves, and report it.
        }
        finally
        {
            Volatile.Write(ref _isOpening, 0);
        }
    }

    /// <summary>A request that is under way.</summary>
    public readonly struct Counted(PipelinedConnections connections) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref connections._requests);
    }
}
