using Dftp.Cluster.Door;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.Peers;

/// <summary>
/// What is known of a peer at one moment. <see cref="Membership.Next"/> makes the facts of the next moment. Times in unix seconds are for
/// reports, 0 for never; other times are monotonic (<see cref="Moment"/>).
/// </summary>
internal sealed record PeerFacts
{
    public required NodeName Name { get; init; }

    public PeerState State { get; init; } = PeerState.Unmet;

    /// <summary>Its public interface; null until it is met.</summary>
    public HostPort? PublicAddress { get; init; }

    /// <summary>Its management interface; null only before the first event.</summary>
    public HostPort? ManagementAddress { get; init; }

    /// <summary>Whether its management interface serves its files.</summary>
    public bool ServesReads { get; init; }

    /// <summary>The certificate by which it is known, if nodes speak TLS; null until it is met.</summary>
    public CertificateName? Certificate { get; init; }

    /// <summary>The interface at which its files are read; null until it is met.</summary>
    public HostPort? ReadAddress => ServesReads ? ManagementAddress : PublicAddress;

    /// <summary>Whether it is a legacy node, which understands only the messages of the specification.</summary>
    public bool IsLegacy { get; init; } = true;

    /// <summary>The incarnation (start of its process) of its last greeting; 0 from a legacy node.</summary>
    public long Incarnation { get; init; }

    /// <summary>The latest incarnation that greeted or sent an update.</summary>
    public long LatestIncarnation => Math.Max(Incarnation, Replication.Applied?.Incarnation ?? 0);

    /// <summary>Whether a message of an incarnation was delayed: a later one is known, or it said goodbye.</summary>
    public bool HasEnded(long incarnation) =>
        incarnation < LatestIncarnation || (incarnation == LatestIncarnation && State == PeerState.Left);

    /// <summary>
    /// An incarnation before <see cref="LatestIncarnation"/> that answered a ping. If the next answer has it too, it is the latest one
    /// after all.
    /// </summary>
    public long? DoubtedIncarnation { get; init; }

    /// <summary>The places that it last announced as unreadable. Its updates do not cover them.</summary>
    public IReadOnlyList<UnconfirmedPlace> Unconfirmed { get; init; } = [];

    /// <summary>
    /// It has answered a greeting of this node since it became present, and so named the nodes it knows. A legacy node drops updates of
    /// nodes that never greeted it.
    /// </summary>
    public bool HasGossiped { get; init; }

    /// <summary>Failures since its last answer.</summary>
    public int Failures { get; init; }

    /// <summary>The time of its last sign of life, by <see cref="RunningTime"/>.</summary>
    public TimeSpan LastAnswer { get; init; }

    public long LastAlive { get; init; }

    /// <summary>The time of its last unsolicited greeting.</summary>
    public TimeSpan? LastGreeting { get; init; }

    /// <summary>The time of the last introduction by another node or by itself.</summary>
    public TimeSpan? LastIntroduced { get; init; }

    /// <summary>A member has named it.</summary>
    public bool IsGossiped { get; init; }

    /// <summary>Unix seconds of the first introduction.</summary>
    public long IntroducedSince { get; init; }

    /// <summary>What it knows of this node, and this node of it.</summary>
    public ReplicationFacts Replication { get; init; } = new();

    /// <summary>It was met and is not known to be gone.</summary>
    public bool IsPresent => State is PeerState.Alive or PeerState.Suspect;

    /// <summary>It has never answered this node.</summary>
    public bool IsStranger => State is PeerState.Unmet or PeerState.Unreachable;

    /// <summary>It is present, and has announced its entries and the nodes it knows.</summary>
    public bool HasJoined => IsPresent && Replication.IsInTree && HasGossiped;
}

/// <summary>How far a peer and this node know each other's entries.</summary>
internal sealed record ReplicationFacts
{
    /// <summary>A requested full update begins to arrive within this time. A legacy node sometimes drops the request.</summary>
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(3);

    /// <summary>The state that the peer announced last.</summary>
    public AnnouncedState? Announced { get; init; }

    /// <summary>The last of its updates that is applied; null if a full update is needed.</summary>
    public UpdatePosition? Applied { get; init; }

    /// <summary>The time at which it was first seen ahead of the applied state; null while it is not.</summary>
    public TimeSpan? LagsSince { get; init; }

    /// <summary>The number of its updates that are being received now.</summary>
    public int Receiving { get; init; }

    /// <summary>A full update is needed. It is requested repeatedly until it arrives.</summary>
    public bool NeedsFullUpdate { get; init; } = true;

    /// <summary>The time of the last request for a full update; null if there was none since it started.</summary>
    public TimeSpan? AskedAt { get; init; }

    /// <summary>
    /// All its entries are in the tree, possibly those of an earlier incarnation. False from its death or goodbye until the first full
    /// update, and while the tree has the saved entries of before this node's start.
    /// </summary>
    public bool IsInTree { get; init; }

    /// <summary>It requested a full update.</summary>
    public bool WantsFullUpdate { get; init; }

    /// <summary>
    /// The digest of what it last claimed to know of this node; null if it knows nothing, and after changes were sent based on it.
    /// </summary>
    public ulong? KnownDigest { get; init; }

    /// <summary>The state of this node that was sent to it last; null before the first full update.</summary>
    public long? PushedSequence { get; init; }

    public long LastUpdatePushed { get; init; }

    public long LastUpdateReceived { get; init; }

    public long LastFullUpdateReceived { get; init; }

    /// <summary>The number of its changes that are not applied here; null if its announced and applied states do not compare.</summary>
    public long? Lag => Announced is { } announced && Applied is { } applied && announced.Incarnation == applied.Incarnation
        ? Math.Max(0, announced.Sequence - applied.Sequence) : null;

    /// <summary>Whether to request a full update now: not while one is arriving, nor before a requested one can have arrived.</summary>
    public bool AsksForFullUpdate(TimeSpan now) =>
        this is { NeedsFullUpdate: true, Receiving: 0 } && (AskedAt is not { } asked || now - asked >= AskAgainAfter);

    public ReplicationFacts ReceivingMore(int count) => this with { Receiving = Receiving + count };

    /// <summary>An update of the peer is applied to the tree.</summary>
    public ReplicationFacts Apply(UpdatePosition? position, bool tellsAll, long unixSeconds) => this with
    {
        Applied = position ?? Applied,
        NeedsFullUpdate = NeedsFullUpdate && !tellsAll,
        IsInTree = IsInTree || tellsAll,
        LastUpdateReceived = unixSeconds,
        LastFullUpdateReceived = tellsAll ? unixSeconds : LastFullUpdateReceived,
    };

    /// <summary>The peer is gone, and its entries leave the tree.</summary>
    public ReplicationFacts Reset() => this with
    {
        Applied = null,
        NeedsFullUpdate = true,
        IsInTree = false,
        WantsFullUpdate = false,
        PushedSequence = null,
    };
}
