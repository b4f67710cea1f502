namespace Dftp.Cluster.Peers;

/// <summary>
/// Limits how many greetings to strangers are in flight: to one host, to those that were only announced, and in all. The latest one that
/// waits goes first: whoever has introduced itself just now is more likely to be there than those that already wait. Thread-safe.
/// </summary>
internal sealed class StrangerSlots
{
    public const int MaxToHost = 4;

    /// <summary>The source of a datagram can be forged, so these connections may go to hosts that never asked for one.</summary>
    public const int MaxToAnnounced = 16;

    public const int Max = 64;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _toHost = [];
    private readonly LinkedList<Waiter> _waiting = [];
    private int _toAnnounced, _all;

    /// <summary>Waits for a slot. Dispose of the result to free it.</summary>
    /// <param name="host">The host to which the connection goes.</param>
    /// <param name="isAnnounced">The stranger is known from an announcement only.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<IDisposable> EnterAsync(string host, bool isAnnounced, CancellationToken cancellationToken)
    {
        var waiter = new Waiter(this, host, isAnnounced);
        lock (_lock)
        {
            if (TryTake(waiter)) return waiter;
            _waiting.AddFirst(waiter);
        }

        try
        {
            await waiter.Entered.Task.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            lock (_lock)
            {
                if (!_waiting.Remove(waiter)) Free(waiter);
            }

            throw;
        }

        return waiter;
    }

    private bool TryTake(Waiter waiter)
    {
        var toHost = _toHost.GetValueOrDefault(waiter.Host);
        if (toHost >= MaxToHost || _all >= Max || (waiter.IsAnnounced && _toAnnounced >= MaxToAnnounced)) return false;
        _toHost[waiter.Host] = toHost + 1;
        _all++;
        if (waiter.IsAnnounced) _toAnnounced++;
        return true;
    }

    private void Free(Waiter waiter)
    {
        if (--_toHost[waiter.Host] == 0) _toHost.Remove(waiter.Host);
        _all--;
        if (waiter.IsAnnounced) _toAnnounced--;
        for (var node = _waiting.First; node is not null; node = node.Next)
        {
            if (!TryTake(node.Value)) continue;
            _waiting.Remove(node);
            node.Value.Entered.SetResult();
            return;
        }
    }

    private sealed class Waiter(StrangerSlots slots, string host, bool isAnnounced) : IDisposable
    {
        public string Host => host;

        public bool IsAnnounced => isAnnounced;

        public TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Dispose()
        {
            lock (slots._lock) slots.Free(this);
        }
    }
}
