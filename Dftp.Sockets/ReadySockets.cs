namespace Dftp.Sockets;

/// <summary>What a thread of the loop has been told by one call of the kernel. Others help to work it off when that thread is held up.</summary>
internal sealed class ReadySockets
{
    /// <summary>A call tells of as many as are ready: under load its cost is that of one for all of them.</summary>
    private const int Capacity = 32;

    private readonly Lock _lock = new();

    /// <summary>Guarded by <see cref="_lock"/>.</summary>
    private readonly ReadySocket[] _sockets = new ReadySocket[Capacity];

    private int _next;
    private int _end;

    public bool Any
    {
        get
        {
            lock (_lock) return _next < _end;
        }
    }

    /// <summary>Waits until there are some. All that came before have been taken.</summary>
    public void Fill(Epoll epoll)
    {
        Span<ReadySocket> told = stackalloc ReadySocket[Capacity];
        var count = epoll.Wait(told);
        lock (_lock)
        {
            told[..count].CopyTo(_sockets);
            (_next, _end) = (0, count);
        }
    }

    public bool TryTake(out ReadySocket socket)
    {
        lock (_lock)
        {
            var isAny = _next < _end;
            socket = isAny ? _sockets[_next++] : default;
            return isAny;
        }
    }
}
