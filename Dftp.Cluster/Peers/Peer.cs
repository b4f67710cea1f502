using Dftp.Cluster.Connections;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.Peers;

/// <summary>One peer: its facts, and what waits for it. Readers take an immutable snapshot of the facts.</summary>
internal sealed class Peer(PeerFacts facts) : IDisposable
{
    private readonly Lock _lock = new();
    private PeerFacts _facts = facts;
    private CancellationTokenSource _presence = new();
    private RetainedEntries? _retained;

    /// <summary>Completed when the peer is no stranger any more; null while nobody waits. Guarded by <see cref="_lock"/>.</summary>
    private TaskCompletionSource? _met;

    public NodeName Name { get; } = facts.Name;

    public PeerFacts Facts => Volatile.Read(ref _facts);

    /// <summary>
    /// Held while an update of this peer is applied to the tree, or its entries are removed, so that the two cannot interleave.
    /// </summary>
    public Lock Applying { get; } = new();

    /// <summary>
    /// Its entries when it died or left, retained for a while: a peer that only restarts confirms them and need not send them. They are in
    /// no tree and are shown nowhere. Written while <see cref="Applying"/> is held.
    /// </summary>
    public RetainedEntries? Retained
    {
        get => Volatile.Read(ref _retained);
        set => Volatile.Write(ref _retained, value);
    }

    /// <summary>Its idle connections.</summary>
    public PeerConnectionPool Connections { get; } = new();

    /// <summary>Wakes the loop that pings the peer.</summary>
    public AsyncAutoResetEvent PingNow { get; } = new();

    /// <summary>Wakes the loop that sends updates to the peer.</summary>
    public AsyncAutoResetEvent PushNow { get; } = new();

    /// <summary>Fires when the peer dies or leaves, to cancel operations that depend on it.</summary>
    public CancellationToken Presence
    {
        get
        {
            lock (_lock) return _presence.Token;
        }
    }

    /// <summary>Where it is reached.</summary>
    /// <param name="address">One of its interfaces.</param>
    /// <param name="isGreeting">Whether the exchange is a greeting. Its answer names the certificate, so one that was made for the last start
    /// may be replaced.</param>
    public PeerEndpoint EndpointAt(HostPort address, bool isGreeting = false)
    {
        var certificate = Facts.Certificate;
        return new(
            address, Connections, isGreeting && certificate is { IsLasting: false } ? null : certificate?.Fingerprint, isGreeting, Presence);
    }

    /// <summary>
    /// Makes the transition of an event and wakes the loops. <see cref="PeerTable.Apply"/> calls this and keeps the tree in step.
    /// </summary>
    public Transition Take(PeerEvent happened, Moment now)
    {
        CancellationTokenSource? ended = null;
        Transition transition;
        lock (_lock)
        {
            transition = Membership.Next(_facts, happened, now);
            Volatile.Write(ref _facts, transition.After);
            if (transition.Has(PeerEffects.Leave))
            {
                ended = _presence;
                _presence = new CancellationTokenSource();
            }
        }

        if (!transition.After.IsStranger) _met?.TrySetResult();
        if (transition.Enters(PeerState.Forgotten)) Connections.Dispose();
        ended?.Cancel();
        ended?.Dispose();
        if (transition.Has(PeerEffects.Ping)) PingNow.Raise();
        if (transition.Has(PeerEffects.Push)) PushNow.Raise();
        return transition;
    }

    /// <summary>Waits until the peer has answered a greeting.</summary>
    /// <returns>False if it has not done so after the timeout, or is forgotten.</returns>
    public async Task<bool> MetAsync(TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        Task met;
        lock (_lock)
        {
            if (!_facts.IsStranger) return _facts.State != PeerState.Forgotten;
            met = (_met ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }

        try
        {
            await met.WaitAsync(timeout, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            return false;
        }

        return Facts.State != PeerState.Forgotten;
    }

    /// <summary>A read, a ping or a push failed.</summary>
    /// <returns>Whether the peer was alive before.</returns>
    public bool Suspect() => Take(new PeerEvent.Failed(), default).Enters(PeerState.Suspect);

    public void Dispose()
    {
        Connections.Dispose();
        lock (_lock) _presence.Dispose();
    }
}
