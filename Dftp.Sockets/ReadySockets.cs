namespace Dftp.Sockets;

/// <summary>
/// What a thread of the loop is to tell sockets: what it has learnt by one call of the kernel, and whose turn it was to let others go first.
/// </summary>
internal sealed class ReadySockets
{
    /// <summary>A call tells of as many as are ready: under load its cost is that of one for all of them.</summary>
    private const int Capacity = 32;

    private readonly Lock _lock = new();

    /// <summary>Guarded by <see cref="_lock"/>.</summary>
    private readonly Queue<ReadySocket> _now = new(Capacity);

    /// <summary>Guarded by <see cref="_lock"/>: those that come after whatever the kernel tells next.</summary>
    private readonly Queue<ReadySocket> _later = new(0);

    /// <summary>Guarded by <see cref="_lock"/>.</summary>
    private bool _isHandedOver;

    public bool Any
    {
        get
        {
            lock (_lock) return _now.Count > 0;
        }
    }

    /// <summary>Waits until there are some. All that came before have been taken.</summary>
    public void Fill(Epoll epoll)
    {
        bool waits;
        lock (_lock) waits = _later.Count == 0;
        Span<ReadySocket> told = stackalloc ReadySocket[Capacity];
        var count = epoll.Wait(told, waits);
        lock (_lock)
        {
            foreach (var one in told[..count]) _now.Enqueue(one);
            while (_later.TryDequeue(out var one)) _now.Enqueue(one);
        }
    }

    public bool TryTake(out ReadySocket socket)
    {
        lock (_lock) return _now.TryDequeue(out socket);
    }

    /// <summary>Puts one behind all that are ready, now and by the time of the next call of the kernel.</summary>
    /// <returns>False when nobody would come to it: they have been handed over.</returns>
    public bool TryPutOff(ReadySocket socket)
    {
        lock (_lock)
        {
            if (_isHandedOver) return false;
            _later.Enqueue(socket);
            return true;
        }
    }

    /// <summary>Gives all to another thread, for good. What this one's call of the kernel may still tell stays with it.</summary>
    public ReadySockets HandOver()
    {
        var successor = new ReadySockets();
        lock (_lock)
        {
            _isHandedOver = true;
            while (_now.TryDequeue(out var one)) successor._now.Enqueue(one);
            while (_later.TryDequeue(out var one)) successor._later.Enqueue(one);
        }

        return successor;
    }
}
