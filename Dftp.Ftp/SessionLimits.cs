using System.Net;

namespace Dftp.Ftp;

/// <summary>Limits the open sessions, in total and per client address. Thread-safe.</summary>
internal sealed class SessionLimits(int max, int maxPerAddress)
{
    private readonly Lock _lock = new();

    /// <summary>Guarded by <see cref="_lock"/>; holds only addresses with sessions.</summary>
    private readonly Dictionary<IPAddress, int> _byAddress = [];

    /// <summary>Written under <see cref="_lock"/>.</summary>
    private volatile int _count;

    public int Count => _count;

    public bool TryEnter(IPAddress address)
    {
        lock (_lock)
        {
            var here = _byAddress.GetValueOrDefault(address);
            if (_count >= max || here >= maxPerAddress) return false;
            _byAddress[address] = here + 1;
            _count++;
            return true;
        }
    }

    public void Leave(IPAddress address)
    {
        lock (_lock)
        {
            _count--;
            if (--_byAddress[address] == 0) _byAddress.Remove(address);
        }
    }
}
