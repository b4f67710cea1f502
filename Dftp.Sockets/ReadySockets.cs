namespace Dftp.Sockets;

/// <summary>The events that a thread of the loop has received and not dispatched, and sockets that let others go first.</summary>
internal sealed class ReadySockets
{
    /// <summary>The maximum of events per system call: under load one call serves all sockets that are ready.</summary>
    private const int Capacity = 32;

    private readonly Lock _lock = new();

    /// <summary>Guarded by <see cref="_lock"/>.</summary>
    private readonly Queue<ReadySocket> _now = new(Capacity);

    /// <summary>Guarded by <see cref="_lock"/>: dispatched after the events of the next system call.</summary>
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

    /// <summary>Waits for events. All earlier ones have been taken.</summary>
    public void Fill(Epoll epoll)
    {
        bool waits;
        lock (_lock) waits = _later.Count == 0;
        Span<ReadySocket> received = stackalloc ReadySocket[Capacity];
        var count = epoll.Wait(received, waits);
        lock (_lock)
        {
            foreach (var one in received[..count]) _now.Enqueue(one);
            while (_later.TryDequeue(out var one)) _now.Enqueue(one);
        }
    }

    public bool TryTake(out ReadySocket socket)
    {
        lock (_lock) return _now.TryDequeue(out socket);
    }

    /// <summary>Enqueues a socket behind all that are ready now or by the time of the next system call.</summary>
    /// <returns>False when no thread would dispatch it: the events have been handed over.</returns>
    public bool TryRequeue(ReadySocket socket)
    {
        lock (_lock)
        {
            if (_isHandedOver) return false;
            _later.Enqueue(socket);
            return true;
        }
    }

    /// <summary>
    /// Moves all events to the successor of a stalled thread. Events that its current system call still returns stay with it.
    /// </summary>
    /// <param name="successor">Not used by any thread yet.</param>
    public void HandOver(ReadySockets successor)
    {
        lock (_lock)
        {
            _isHandedOver = true;
            while (_now.TryDequeue(out var one)) successor._now.Enqueue(one);
            while (_later.TryDequeue(out var one)) successor._later.Enqueue(one);
        }
    }
}
