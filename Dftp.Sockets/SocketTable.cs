namespace Dftp.Sockets;

/// <summary>
/// Sockets by the key that the kernel reports. A key is used once only, so that an event of a closed socket reaches no other one.
/// </summary>
internal sealed class SocketTable
{
    private readonly Lock _lock = new();

    /// <summary>Guarded by <see cref="_lock"/>.</summary>
    private readonly Stack<int> _free = new();

    /// <summary>Written under <see cref="_lock"/>, read without.</summary>
    private LoopSocket?[] _places = new LoopSocket?[64];

    private int _used;
    private uint _generation;

    /// <summary>Assigns the socket its place and its key.</summary>
    public void Add(LoopSocket socket)
    {
        lock (_lock)
        {
            if (!_free.TryPop(out var place)) place = _used++;
            if (place == _places.Length)
            {
                var larger = new LoopSocket?[_places.Length * 2];
                _places.CopyTo(larger, 0);
                Volatile.Write(ref _places, larger);
            }

            socket.Key = ((long)++_generation << 32) | (uint)place;
            Volatile.Write(ref _places[place], socket);
        }
    }

    public LoopSocket? Find(long key)
    {
        var places = Volatile.Read(ref _places);
        var place = (int)(uint)key;
        return place < places.Length && Volatile.Read(ref places[place]) is { } socket && socket.Key == key ? socket : null;
    }

    public void Remove(long key)
    {
        lock (_lock)
        {
            var place = (int)(uint)key;
            if (_places[place]?.Key != key) return;
            _places[place] = null;
            _free.Push(place);
        }
    }
}
