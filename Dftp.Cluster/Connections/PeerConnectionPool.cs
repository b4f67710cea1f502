namespace Dftp.Cluster.Connections;

/// <summary>The idle connections to one peer.</summary>
internal sealed class PeerConnectionPool : IDisposable
{
    /// <summary>Each has a buffer of 16 KiB. Connections above this number are closed.</summary>
    public const int Capacity = 64;

    /// <summary>Far below the 130 s after which a peer closes.</summary>
    public static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(20);

    private readonly Lock _lock = new();

    /// <summary>Guarded by <see cref="_lock"/>. The most recently used one is at the end.</summary>
    private readonly List<PeerConnection> _idle = [];

    private bool _isDisposed;

    /// <summary>Takes a connection of the caller's event loop if there is one, the most recently used first.</summary>
    public PeerConnection? Take(PeerEndpoint peer)
    {
        lock (_lock)
        {
            while (_idle.Count > 0)
            {
                var near = _idle.FindLastIndex(static connection => connection.IsOnCurrentLoop);
                var at = near >= 0 ? near : _idle.Count - 1;
                var connection = _idle[at];
                _idle.RemoveAt(at);
                if (connection.Fits(peer) && connection.TryKeepOpen() && !connection.HasUnrequested) return connection;
                connection.Dispose();
            }
        }

        return null;
    }

    public void Return(PeerConnection connection)
    {
        connection.CloseAfter(IdleTimeout);
        lock (_lock)
        {
            if (!_isDisposed && !connection.IsClosed && HasRoom())
            {
                _idle.Add(connection);
                return;
            }
        }

        connection.Dispose();
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _idle.ForEach(static connection => connection.Dispose());
            _idle.Clear();
        }
    }

    /// <summary>Removes closed connections if the pool is full.</summary>
    private bool HasRoom()
    {
        if (_idle.Count >= Capacity) _idle.RemoveAll(static connection => connection.IsClosed);
        return _idle.Count < Capacity;
    }
}
