using System.Net;
using System.Net.Sockets;
using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles;

/// <summary>
/// Limits how many costly operations run at once and shares the places fairly: each client has at most one, clients take turns (round
/// robin), and each client's requests are served in order. Thread-safe.
/// </summary>
/// <param name="places">The number of concurrent operations.</param>
/// <param name="maxWaitingOfOne">The number of requests that one client may have waiting.</param>
/// <param name="maxWaiting">The number of requests that may wait in all.</param>
internal sealed class FairGate(int places, int maxWaitingOfOne = 32, int maxWaiting = 1024)
{
    private readonly Lock _lock = new();

    // All guarded by _lock.
    private readonly Dictionary<IPAddress, List<Waiter>> _waiting = [];
    private readonly Queue<IPAddress> _turns = new();
    private readonly HashSet<IPAddress> _inside = [];
    private int _free = places;
    private int _waiters;

    /// <summary>The gate for hashing files. It leaves the other processors to requests.</summary>
    public static FairGate ForHashing() => new(Math.Max(1, Environment.ProcessorCount / 2));

    /// <summary>The error for a digest request that finds the queue full.</summary>
    public static DigestResult Refusal(VirtualPath path) =>
        DigestResult.Failed(FileErrorKind.Busy, $"too many digests are being computed to compute that of {path} too");

    /// <summary>Waits for a place.</summary>
    /// <param name="client">The client; null for this node itself.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The place, released by disposing of it; null if too many requests wait already.</returns>
    public async ValueTask<IDisposable?> EnterAsync(IPAddress? client, CancellationToken cancellationToken)
    {
        var key = KeyOf(client);
        Waiter waiter;
        lock (_lock)
        {
            var ofOne = _waiting.GetValueOrDefault(key);
            if (_free > 0 && _turns.Count == 0 && ofOne is null && _inside.Add(key))
            {
                _free--;
                return new Place(this, key);
            }

            if (ofOne?.Count >= maxWaitingOfOne || _waiters >= maxWaiting) return null;
            waiter = new Waiter();
            if (ofOne is null)
            {
                _waiting[key] = ofOne = [];
                if (!_inside.Contains(key)) _turns.Enqueue(key);
            }

            ofOne.Add(waiter);
            _waiters++;
        }

        await using var end = cancellationToken.UnsafeRegister(
            static state =>
            {
                var (gate, key, waiter, token) = ((FairGate, IPAddress, Waiter, CancellationToken))state!;
                gate.GiveUp(key, waiter, token);
            },
            (this, key, waiter, cancellationToken));
        return await waiter.Task;
    }

    /// <summary>
    /// All addresses of an IPv6 network (/64) count as one client, because one host can use them all (RFC 4291 section 2.5.4).
    /// </summary>
    private static IPAddress KeyOf(IPAddress? client)
    {
        if (client is null) return IPAddress.None;
        if (client.IsIPv4MappedToIPv6) return client.MapToIPv4();
        if (client.AddressFamily != AddressFamily.InterNetworkV6) return client;
        var bytes = client.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }

    private void GiveUp(IPAddress key, Waiter waiter, CancellationToken token)
    {
        lock (_lock)
        {
            // If the removal fails, the place has been assigned already.
            if (!_waiting.TryGetValue(key, out var ofOne) || !ofOne.Remove(waiter)) return;
            _waiters--;
            if (ofOne.Count == 0) _waiting.Remove(key);
        }

        waiter.TrySetCanceled(token);
    }

    private void Leave(IPAddress key)
    {
        lock (_lock)
        {
            _inside.Remove(key);
            _free++;
            if (_waiting.ContainsKey(key)) _turns.Enqueue(key);
            while (_free > 0 && _turns.TryDequeue(out var next))
            {
                // Skip requests that were cancelled. Their client may have asked again and had its turn since.
                if (!_waiting.TryGetValue(next, out var ofOne) || !_inside.Add(next)) continue;
                var first = ofOne[0];
                ofOne.RemoveAt(0);
                _waiters--;
                if (ofOne.Count == 0) _waiting.Remove(next);
                _free--;
                first.SetResult(new Place(this, next));
            }
        }
    }

    private sealed class Waiter() : TaskCompletionSource<IDisposable>(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Place(FairGate gate, IPAddress key) : IDisposable
    {
        private FairGate? _gate = gate;

        public void Dispose() => Interlocked.Exchange(ref _gate, null)?.Leave(key);
    }
}
