using System.Collections.Concurrent;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.Peers;

/// <summary>The other nodes that this node has heard of since its start, and all changes of their state.</summary>
internal sealed class PeerTable(TreeWriter tree, RunningTime running, TimeProvider time) : IDisposable
{
    /// <summary>Limits the memory that a flood of greetings can take. No real cluster comes near.</summary>
    private const int MaxPeers = 10_000;

    /// <summary>Updates arrive within a tenth of a second. A lost one must be repaired within ten.</summary>
    private static readonly TimeSpan MaxLag = TimeSpan.FromSeconds(2);

    /// <summary>A requested full update begins to arrive within this time. A legacy node sometimes drops the request.</summary>
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(3);

    private readonly ConcurrentDictionary<NodeName, Peer> _peers = new();
    private readonly Lock _adding = new();

    /// <summary>A new peer was added. Raised once for each peer, before anything else happens to it.</summary>
    public event Action<Peer>? Added;

    public IEnumerable<Peer> All => _peers.Values;

    public Peer? Find(NodeName name) => _peers.GetValueOrDefault(name);

    /// <summary>Returns the peer of that name, and adds it if it is new.</summary>
    /// <returns>Null if there are too many.</returns>
    public Peer? GetOrAdd(NodeName name)
    {
        if (_peers.TryGetValue(name, out var known)) return known;
        lock (_adding)
        {
            if (_peers.TryGetValue(name, out known)) return known;
            if (_peers.Count >= MaxPeers) return null;
            var added = new Peer(name);
            added.Change(facts => facts with { LastAnswer = running.Now });
            _peers[name] = added;
            Added?.Invoke(added);
            return added;
        }
    }

    /// <summary>
    /// Whether a message of a peer may be of an earlier start than the known one: it was delayed, or the peer's clock was set back. Only an
    /// answer to a ping that was sent after the doubt arose decides.
    /// </summary>
    public bool Doubts(Peer peer, NodeDescription description, bool isAnswer)
    {
        if (description.State is not { Epoch: var epoch }) return false;
        var (before, after) = peer.Change(facts =>
            !facts.IsPresent || epoch >= facts.LatestEpoch || (isAnswer && facts.DoubtedEpoch == epoch)
                ? facts
                : Answered(facts) with { DoubtedEpoch = isAnswer ? epoch : facts.DoubtedEpoch });
        return !ReferenceEquals(before, after);
    }

    /// <summary>Records what a peer says about itself in a greeting or a response: its addresses and its announced state.</summary>
    /// <returns>The facts before and after; <see cref="PeerFacts.NeedsFullUpdate"/> is set if the known state differs from the announced
    /// one.</returns>
    /// <param name="peer">The peer.</param>
    /// <param name="description">Its description of itself.</param>
    /// <param name="knownDigest">The digest of what it claims to know of this node.</param>
    /// <param name="wasAsked">A full update has just been requested from it.</param>
    public (PeerFacts Before, PeerFacts After) Meet(
        Peer peer, NodeDescription description, ulong? knownDigest, bool wasAsked) => peer.Change(facts =>
    {
        var epoch = description.State?.Epoch ?? 0;
        var isStart = facts.State is PeerState.Unmet or PeerState.Away || facts.Epoch != epoch;
        // A node with several interfaces is heard from several addresses: the working one is kept.
        var keepsAddress = !isStart && facts.State == PeerState.Alive && facts.ManagementAddress is not null;
        return Compared(Answered(facts) with
        {
            State = PeerState.Alive,
            PublicAddress = keepsAddress ? facts.PublicAddress : description.PublicAddress,
            ManagementAddress = keepsAddress ? facts.ManagementAddress : description.ManagementAddress,
            ServesReads = description.ServesReads,
            IsLegacy = description.State is null,
            Epoch = epoch,
            DoubtedEpoch = null,
            Said = description.State,
            Unconfirmed = description.Unconfirmed,
            Applied = facts.Applied?.Epoch > epoch ? null : facts.Applied,
            AskedAt = wasAsked ? time.GetTimestamp() : isStart ? null : facts.AskedAt,
            KnownDigest = knownDigest,
            PushedSequence = isStart ? null : facts.PushedSequence,
        });
    });

    /// <summary>The running time of this process since the peer's last sign of life.</summary>
    public TimeSpan SilenceOf(Peer peer) => running.Now - peer.Facts.LastAnswer;

    /// <summary>Whether to request a full update now: not while one is arriving, nor before a requested one can have arrived.</summary>
    public bool AsksForFullUpdate(PeerFacts facts) =>
        facts is { NeedsFullUpdate: true, Receiving: 0 } && (facts.AskedAt is not { } asked || time.GetElapsedTime(asked) >= AskAgainAfter);

    /// <summary>Records an unsolicited greeting of the peer.</summary>
    public void Greeted(Peer peer) => peer.Change(facts => facts with { LastGreeting = time.GetTimestamp() });

    /// <summary>Records an introduction of the peer, by another node or by its own announcement, with its addresses.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="node">The description of it.</param>
    /// <param name="isOwnWord">It announced itself. An address from another node is used only if none is known.</param>
    public void Introduce(Peer peer, NodeDescription node, bool isOwnWord) => peer.Change(facts =>
    {
        var keepsAddress = facts.State == PeerState.Alive || (facts.ManagementAddress is not null && !isOwnWord);
        return facts with
        {
            ManagementAddress = keepsAddress ? facts.ManagementAddress : node.ManagementAddress,
            PublicAddress = keepsAddress || node.PublicAddress.Port == 0 ? facts.PublicAddress : node.PublicAddress,
            LastIntroduced = time.GetTimestamp(),
            IntroducedSince = facts.IntroducedSince == 0 ? time.GetUtcNow().ToUnixTimeSeconds() : facts.IntroducedSince,
        };
    });

    /// <summary>The digest of what is known of a node, in the tree or retained; null if nothing is.</summary>
    public ulong? DigestOf(NodeName name) =>
        tree.Current.Holdings.TryGetValue(name, out var holding) ? holding.Digest : Find(name)?.Retained?.Digest;

    /// <summary>A tree with what is known of a node, in the tree or retained; null if nothing is.</summary>
    public TreeSnapshot? KnownTree(NodeName name)
    {
        if (tree.Current is var current && current.Holdings.ContainsKey(name)) return current;
        if (Find(name) is not { } peer) return null;
        lock (peer.Applying) return peer.Retained?.AsTree();
    }

    /// <summary>
    /// Adds a node that was known before this start. If the tree has saved entries of it, it is suspect until it answers; otherwise it is
    /// away.
    /// </summary>
    public void Remember(KnownNode known)
    {
        if (GetOrAdd(known.Name) is not { } peer) return;
        var state = IsShown(known.Name) ? PeerState.Suspect : PeerState.Away;
        peer.Change(facts => facts with
        {
            State = state,
            PublicAddress = known.PublicAddress,
            ManagementAddress = known.ManagementAddress,
            ServesReads = known.ServesReads,
            LastAlive = known.LastAlive,
        });
    }

    /// <summary>Removes a node that is away.</summary>
    /// <returns>False if it is present; null if it is unknown.</returns>
    public bool? Forget(NodeName name)
    {
        lock (_adding)
        {
            if (Find(name) is not { } peer) return null;
            var (before, _) = peer.Change(facts => facts.IsPresent ? facts : facts with { IsForgotten = true });
            if (before.IsPresent) return false;
            _peers.TryRemove(name, out _);
            tree.Remove(name);
            peer.PingNow.Raise();
            peer.PushNow.Raise();
            return true;
        }
    }

    /// <summary>
    /// The nodes whose entries the tree lacks, or has only as saved before this node's start: joining nodes, until they have announced
    /// their entries and the nodes they know; nodes that are away, except those that never answered and that no other node has named
    /// recently; and the places that peers cannot read.
    /// </summary>
    /// <param name="stillSeen">How long an introduction or an announcement counts for a node that is away and never answered.</param>
    public IReadOnlyList<MissingNode> Missing(TimeSpan stillSeen)
    {
        // Called for every request, and usually there is none.
        List<PeerFacts>? missing = null;
        foreach (var (_, peer) in _peers)
        {
            var facts = peer.Facts;
            if (IsMissing(facts, stillSeen) || facts.Unconfirmed.Count > 0) (missing ??= []).Add(facts);
        }

        if (missing is null) return [];
        missing.Sort((a, b) => a.Name.CompareTo(b.Name));
        return
        [
            .. missing.SelectMany(facts => IsMissing(facts, stillSeen)
                ? [WholeNode(facts)]
                : facts.Unconfirmed.Select(place => MissingNode.At(facts.Name, place))),
        ];
    }

    /// <summary>
    /// Whether the peer is known, is not away, and has not announced yet its entries or the nodes it knows. A node whose saved entries are
    /// shown is not joining.
    /// </summary>
    public bool IsJoining(PeerFacts facts) =>
        facts is { State: not PeerState.Away, HasJoined: false } && (facts.IsInTree || !IsShown(facts.Name));

    /// <summary>Records a sign of life of the peer.</summary>
    public void Heard(Peer peer) => peer.Change(Answered);

    /// <summary>Records that an exchange with the peer failed.</summary>
    /// <returns>Whether it was alive before.</returns>
    public static bool Suspect(Peer peer)
    {
        var (before, _) = peer.Change(facts => facts with
        {
            State = facts.State == PeerState.Alive ? PeerState.Suspect : facts.State,
            Failures = facts.Failures + 1,
        });
        return before.State == PeerState.Alive;
    }

    /// <summary>Declares the peer away and removes its entries from the tree.</summary>
    /// <returns>Whether it was present before.</returns>
    public bool Leave(Peer peer)
    {
        PeerFacts before;
        lock (peer.Applying)
        {
            (before, _) = peer.Change(facts => facts with
            {
                State = PeerState.Away,
                Applied = null,
                NeedsFullUpdate = true,
                IsInTree = false,
                WantsFullUpdate = false,
                HasAnsweredGreeting = false,
                PushedSequence = null,
            });
            if (RetainedEntries.Of(tree.Current, peer.Name) is { } held) peer.Retained = held;
            tree.Remove(peer.Name);
        }

        return before.State != PeerState.Away;
    }

    /// <summary>Drops the retained entries of a peer that has been away for long, to free their memory.</summary>
    public static void DropRetained(Peer peer)
    {
        lock (peer.Applying) peer.Retained = null;
    }

    public void Dispose()
    {
        foreach (var peer in _peers.Values) peer.Dispose();
    }

    private MissingNode WholeNode(PeerFacts facts) => new(
        facts.Name,
        UnixTime.FromSeconds(facts.LastAlive > 0 ? facts.LastAlive : facts.IntroducedSince),
        IsJoining(facts) ? MissingReason.Joining : IsShown(facts.Name) ? MissingReason.Unconfirmed : MissingReason.Away);

    private bool IsMissing(PeerFacts facts, TimeSpan stillSeen) => facts switch
    {
        { State: not PeerState.Away } => !facts.HasJoined,
        { LastAlive: > 0 } => true,
        _ => facts.LastIntroduced is { } said && time.GetElapsedTime(said) < stillSeen,
    };

    private bool IsShown(NodeName name) => tree.Current.Holdings.ContainsKey(name);

    private PeerFacts Answered(PeerFacts facts) => facts with
    {
        // A peer that has only sent something cannot be reached yet.
        State = facts.ManagementAddress is null && facts.State == PeerState.Unmet ? PeerState.Unmet : PeerState.Alive,
        Failures = 0,
        LastAnswer = running.Now,
        LastAlive = time.GetUtcNow().ToUnixTimeSeconds(),
    };

    /// <summary>Requests a full update if the state that the peer announced is not the known one.</summary>
    private PeerFacts Compared(PeerFacts facts)
    {
        if (facts.Said is not { } said || facts.NeedsFullUpdate) return facts;
        if (facts.Applied is not { } applied || applied.Epoch != said.Epoch) return facts with { NeedsFullUpdate = true };
        if (applied.Sequence >= said.Sequence)
        {
            var differs = applied.Sequence == said.Sequence && tree.Current.HoldingOf(facts.Name).Digest != said.Digest;
            return facts with { LagsSince = null, NeedsFullUpdate = differs };
        }

        // An update that leads to that state is probably on its way. If it has not arrived after this time, it was lost.
        if (facts.LagsSince is not { } since) return facts with { LagsSince = time.GetTimestamp() };
        return time.GetElapsedTime(since) < MaxLag ? facts : facts with { LagsSince = null, NeedsFullUpdate = true };
    }
}
