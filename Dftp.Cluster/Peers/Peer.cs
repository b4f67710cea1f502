using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.Peers;

/// <summary>All that this node knows of one other. It is changed under its own lock; readers take what they need in one piece.</summary>
internal sealed class Peer(NodeName name) : IDisposable
{
    private readonly Lock _lock = new();
    private PeerFacts _facts = new() { Name = name };
    private CancellationTokenSource _presence = new();
    private RetainedEntries? _retained;

    public NodeName Name { get; } = name;

    public PeerFacts Facts => Volatile.Read(ref _facts);

    /// <summary>Held while an update of this peer is put into the tree, or all of it taken out, so that the two cannot cross.</summary>
    public Lock Applying { get; } = new();

    /// <summary>
    /// What it held when it went away, for a while: one that only starts again confirms it and need not send it. In no tree, and shown by
    /// nobody. Written while <see cref="Applying"/> is held.
    /// </summary>
    public RetainedEntries? Retained
    {
        get => Volatile.Read(ref _retained);
        set => Volatile.Write(ref _retained, value);
    }

    /// <summary>Wakes the loop that pings the peer.</summary>
    public AsyncAutoResetEvent PingNow { get; } = new();

    /// <summary>Wakes the loop that sends updates to the peer.</summary>
    public AsyncAutoResetEvent PushNow { get; } = new();

    /// <summary>Fires when the peer goes away: whatever is under way with it is pointless then.</summary>
    public CancellationToken Presence
    {
        get
        {
            lock (_lock) return _presence.Token;
        }
    }

    /// <summary>Changes the facts as one step.</summary>
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
        lock (_lock) _presence.Dispose();
    }
}

/// <summary>What is known of a peer at one moment. Times in unix seconds are for reports, 0 for never; timestamps are the clock's own.</summary>
internal sealed record PeerFacts
{
    public required NodeName Name { get; init; }

    public PeerState State { get; init; } = PeerState.Unmet;

    /// <summary>Where its files are read; null until it is met.</summary>
    public HostPort? PublicAddress { get; init; }

    /// <summary>Where it is greeted; null until it is met.</summary>
    public HostPort? ManagementAddress { get; init; }

    /// <summary>Whether it is a legacy node, which understands the specification's messages and nothing else.</summary>
    public bool IsLegacy { get; init; } = true;

    /// <summary>The start of its process that greeted last; 0 from a legacy node.</summary>
    public long Epoch { get; init; }

    /// <summary>The latest start of its process that greeted or sent an update; what comes from an earlier one was long under way.</summary>
    public long LatestEpoch => Math.Max(Epoch, Applied?.Epoch ?? 0);

    /// <summary>A start before <see cref="LatestEpoch"/> that answered a ping: when the next answer is of it too, it is the later one after all.</summary>
    public long? DoubtedEpoch { get; init; }

    /// <summary>What it last said that it holds.</summary>
    public AnnouncedState? Said { get; init; }

    /// <summary>The places of which it last said that it cannot read them; its updates say nothing of them.</summary>
    public IReadOnlyList<UnconfirmedPlace> Unconfirmed { get; init; } = [];

    /// <summary>The last of its updates that is in the tree; null when a full one is needed.</summary>
    public UpdatePosition? Applied { get; init; }

    /// <summary>The timestamp at which it was noticed to be ahead of what is applied; null while it is not.</summary>
    public long? LagsSince { get; init; }

    /// <summary>Updates of it that are being read at this moment.</summary>
    public int Receiving { get; init; }

    /// <summary>A full update of it is needed, and it is asked for one, again and again, until it comes.</summary>
    public bool NeedsFullUpdate { get; init; } = true;

    /// <summary>
    /// All that it holds is in the tree, be it as of an earlier start of it; false until the first full update comes after it was away, and
    /// while the tree has what was kept from before this node's start.
    /// </summary>
    public bool IsInTree { get; init; }

    /// <summary>It asked for a full update.</summary>
    public bool WantsFullUpdate { get; init; }

    /// <summary>
    /// It answered a greeting of this node since it came, and so said whom it knows. A legacy node drops the updates of those that never greeted it.
    /// </summary>
    public bool HasAnsweredGreeting { get; init; }

    /// <summary>It is present, and has said which entries it has and which nodes it knows.</summary>
    public bool HasJoined => IsPresent && IsInTree && HasAnsweredGreeting;

    /// <summary>The digest of what it last said to know of this node; null where it knows nothing, and once it was sent changes on the strength of it.</summary>
    public ulong? KnownDigest { get; init; }

    /// <summary>The state of this node that it was sent last; null before the first full update.</summary>
    public long? PushedSequence { get; init; }

    /// <summary>Tries that failed since it answered last.</summary>
    public int Failures { get; init; }

    /// <summary>When it was last heard of, by <see cref="RunningTime"/>.</summary>
    public TimeSpan LastAnswer { get; init; }

    public long LastAlive { get; init; }

    /// <summary>The timestamp at which it last greeted this node of its own accord.</summary>
    public long? LastGreeting { get; init; }

    /// <summary>The timestamp of the last introduction by another node or by its own announcement.</summary>
    public long? LastIntroduced { get; init; }

    /// <summary>Unix seconds at which that was said first of a node that has not been met.</summary>
    public long IntroducedSince { get; init; }

    /// <summary>It was taken off the list of known nodes; its link ends.</summary>
    public bool IsForgotten { get; init; }

    public long LastUpdatePushed { get; init; }

    public long LastUpdateReceived { get; init; }

    public long LastFullUpdateReceived { get; init; }

    /// <summary>The timestamp at which it was last asked for a full update; null when not since it started.</summary>
    public long? AskedAt { get; init; }

    public bool IsPresent => State is PeerState.Alive or PeerState.Suspect;
}
