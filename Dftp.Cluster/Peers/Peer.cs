using Dftp.Cluster.Connections;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.Peers;

/// <summary>All that this node knows of one peer. Changes happen under a lock; readers take an immutable snapshot of the facts.</summary>
internal sealed class Peer(NodeName name) : IDisposable
{
    private readonly Lock _lock = new();
    private PeerFacts _facts = new() { Name = name };
    private CancellationTokenSource _presence = new();
    private RetainedEntries? _retained;

    public NodeName Name { get; } = name;

    public PeerFacts Facts => Volatile.Read(ref _facts);

    /// <summary>
    /// Held while an update of this peer is applied to the tree, or its entries are removed, so that the two cannot interleave.
    /// </summary>
    public Lock Applying { get; } = new();

    /// <summary>
    /// Its entries when it went away, retained for a while: a peer that only restarts confirms them and need not send them. They are in no
    /// tree and are shown nowhere. Written while <see cref="Applying"/> is held.
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

    /// <summary>Fires when the peer goes away, to cancel operations that depend on it.</summary>
    public CancellationToken Presence
    {
        get
        {
            lock (_lock) return _presence.Token;
        }
    }

    /// <summary>Changes the facts atomically.</summary>
    /// <returns>The facts before and after.</returns>
    public (PeerFacts Before, PeerFacts After) Change(Func<PeerFacts, PeerFacts> change)
    {
        CancellationTokenSource? ended = null;
        PeerFacts before, after;
        lock (_lock)
        {
            before = _facts;
            after = change(before);
            Volatile.Write(ref _facts, after);
            if (after.State == PeerState.Away && before.State != PeerState.Away)
            {
                ended = _presence;
                _presence = new CancellationTokenSource();
            }
        }

        ended?.Cancel();
        ended?.Dispose();
        return (before, after);
    }

    public void Dispose()
    {
        Connections.Dispose();
        lock (_lock) _presence.Dispose();
    }
}

/// <summary>
/// What is known of a peer at one moment. Times in unix seconds are for reports, 0 for never. Timestamps are of the clock.
/// </summary>
internal sealed record PeerFacts
{
    public required NodeName Name { get; init; }

    public PeerState State { get; init; } = PeerState.Unmet;

    /// <summary>Its public interface; null until it is met.</summary>
    public HostPort? PublicAddress { get; init; }

    /// <summary>Its management interface; null until it is met.</summary>
    public HostPort? ManagementAddress { get; init; }

    /// <summary>Whether its management interface serves its files.</summary>
    public bool ServesReads { get; init; }

    /// <summary>The interface at which its files are read; null until it is met.</summary>
    public HostPort? ReadAddress => ServesReads ? ManagementAddress : PublicAddress;

    /// <summary>Whether it is a legacy node, which understands only the messages of the specification.</summary>
    public bool IsLegacy { get; init; } = true;

    /// <summary>The epoch (start of its process) of its last greeting; 0 from a legacy node.</summary>
    public long Epoch { get; init; }

    /// <summary>The latest epoch that greeted or sent an update. Messages of an earlier one were delayed.</summary>
    public long LatestEpoch => Math.Max(Epoch, Applied?.Epoch ?? 0);

    /// <summary>
    /// An epoch before <see cref="LatestEpoch"/> that answered a ping. If the next answer has it too, it is the latest one after all.
    /// </summary>
    public long? DoubtedEpoch { get; init; }

    /// <summary>The state that it announced last.</summary>
    public AnnouncedState? Said { get; init; }

    /// <summary>The places that it last announced as unreadable. Its updates do not cover them.</summary>
    public IReadOnlyList<UnconfirmedPlace> Unconfirmed { get; init; } = [];

    /// <summary>The last of its updates that is applied; null if a full update is needed.</summary>
    public UpdatePosition? Applied { get; init; }

    /// <summary>The timestamp at which it was first seen ahead of the applied state; null while it is not.</summary>
    public long? LagsSince { get; init; }

    /// <summary>The number of its updates that are being received now.</summary>
    public int Receiving { get; init; }

    /// <summary>A full update is needed. It is requested repeatedly until it arrives.</summary>
    public bool NeedsFullUpdate { get; init; } = true;

    /// <summary>
    /// All its entries are in the tree, possibly those of an earlier start. False from when it went away until the first full update, and
    /// while the tree has the saved entries of before this node's start.
    /// </summary>
    public bool IsInTree { get; init; }

    /// <summary>It requested a full update.</summary>
    public bool WantsFullUpdate { get; init; }

    /// <summary>
    /// It has answered a greeting of this node since it became present, and so named the nodes it knows. A legacy node drops updates of
    /// nodes that never greeted it.
    /// </summary>
    public bool HasAnsweredGreeting { get; init; }

    /// <summary>It is present, and has announced its entries and the nodes it knows.</summary>
    public bool HasJoined => IsPresent && IsInTree && HasAnsweredGreeting;

    /// <summary>
    /// The digest of what it last claimed to know of this node; null if it knows nothing, and after changes were sent based on it.
    /// </summary>
    public ulong? KnownDigest { get; init; }

    /// <summary>The state of this node that was sent to it last; null before the first full update.</summary>
    public long? PushedSequence { get; init; }

    /// <summary>Failures since its last answer.</summary>
    public int Failures { get; init; }

    /// <summary>The time of its last sign of life, by <see cref="RunningTime"/>.</summary>
    public TimeSpan LastAnswer { get; init; }

    public long LastAlive { get; init; }

    /// <summary>The timestamp of its last unsolicited greeting.</summary>
    public long? LastGreeting { get; init; }

    /// <summary>The timestamp of the last introduction by another node or by its own announcement.</summary>
    public long? LastIntroduced { get; init; }

    /// <summary>Unix seconds of the first introduction of a node that has not been met.</summary>
    public long IntroducedSince { get; init; }

    /// <summary>It was removed from the list of known nodes; its link ends.</summary>
    public bool IsForgotten { get; init; }

    public long LastUpdatePushed { get; init; }

    public long LastUpdateReceived { get; init; }

    public long LastFullUpdateReceived { get; init; }

    /// <summary>The timestamp of the last request for a full update; null if there was none since it started.</summary>
    public long? AskedAt { get; init; }

    public bool IsPresent => State is PeerState.Alive or PeerState.Suspect;
}
