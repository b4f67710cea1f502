using System.Collections.Concurrent;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.Peers;

/// <summary>The other nodes that this one has heard of since its start, and every change of how they stand.</summary>
internal sealed class PeerTable(TreeWriter tree, RunningTime running, TimeProvider time) : IDisposable
{
    /// <summary>A bound against a name space flooded by greetings; no cluster of people's machines comes near.</summary>
    private const int MaxPeers = 10_000;

    /// <summary>Updates come within a tenth of a second; a lost one is to be made good within ten.</summary>
    private static readonly TimeSpan MaxLag = TimeSpan.FromSeconds(2);

    /// <summary>A requested full update begins to arrive within this time. A legacy node sometimes drops the request.</summary>
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(3);

    private readonly ConcurrentDictionary<NodeName, Peer> _peers = new();
    private readonly Lock _adding = new();

    /// <summary>A peer was heard of for the first time. Called once a peer, before anything else is done with it.</summary>
    public event Action<Peer>? Added;

    public IEnumerable<Peer> All => _peers.Values;

    public Peer? Find(NodeName name) => _peers.GetValueOrDefault(name);

    /// <summary>The peer of that name.</summary>
    /// <returns>Null when there are too many already.</returns>
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
    /// Whether what a peer says may be of an earlier start than the one that is known: it was long under way, or the peer's clock was set
    /// back. Only an answer to a ping that was sent after the doubt arose tells which.
    /// </summary>
    public bool Doubts(Peer peer, NodeDescription description, bool isAnswer)
    {
        if (description.State is not { Epoch: var epoch }) return false;
        var (before, after) = peer.Change(facts => !facts.IsPresent || epoch >= facts.LatestEpoch || (isAnswer && facts.DoubtedEpoch == epoch)
            ? facts
            : Answered(facts) with { DoubtedEpoch = isAnswer ? epoch : facts.DoubtedEpoch });
        return !ReferenceEquals(before, after);
    }

    /// <summary>Records what a peer says about itself in a greeting or a response: its addresses and its announced state.</summary>
    /// <returns>The facts before and after; <see cref="PeerFacts.NeedsFullUpdate"/> is set where what is known of it is not what it holds.</returns>
    /// <param name="peer">The peer.</param>
    /// <param name="description">What it says.</param>
    /// <param name="knownDigest">The digest of what it says to know of this node.</param>
    /// <param name="wasAsked">It has just been asked for a full update.</param>
    public (PeerFacts Before, PeerFacts After) Meet(Peer peer, NodeDescription description, ulong? knownDigest, bool wasAsked) => peer.Change(facts =>
    {
        var epoch = description.State?.Epoch ?? 0;
        var isStart = facts.State is PeerState.Unmet or PeerState.Away || facts.Epoch != epoch;
        // A node with several interfaces is heard from several addresses: the one that works is kept.
        var keepsAddress = !isStart && facts.State == PeerState.Alive && facts.ManagementAddress is not null;
        return Compared(Answered(facts) with
        {
            State = PeerState.Alive,
            PublicAddress = keepsAddress ? facts.PublicAddress : description.PublicAddress,
            ManagementAddress = keepsAddress ? facts.ManagementAddress : description.ManagementAddress,
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

    /// <summary>For how long this process has run since it last heard of the peer.</summary>
    public TimeSpan SilenceOf(Peer peer) => running.Now - peer.Facts.LastAnswer;

    /// <summary>Whether to ask the peer for a full update now: not while one comes in, nor again before one could have come.</summary>
    public bool AsksForFullUpdate(PeerFacts facts) =>
        facts is { NeedsFullUpdate: true, Receiving: 0 } && (facts.AskedAt is not { } asked || time.GetElapsedTime(asked) >= AskAgainAfter);

    /// <summary>The peer greeted this node of its own accord.</summary>
    public void Greeted(Peer peer) => peer.Change(facts => facts with { LastGreeting = time.GetTimestamp() });

    /// <summary>Records an introduction of the peer, by another node or by its own announcement, with its addresses.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="node">What is said.</param>
    /// <param name="isOwnWord">Another node's word for an address is taken only where there is none yet.</param>
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

    /// <summary>The digest of what is known of a node, in the tree or set aside; null where nothing is.</summary>
    public ulong? DigestOf(NodeName name) =>
        tree.Current.Holdings.TryGetValue(name, out var holding) ? holding.Digest : Find(name)?.Retained?.Digest;

    /// <summary>
    /// Puts a node that was known before this start on the list. One of which the tree has what was kept is in doubt until it answers; any
    /// other is away.
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
            LastAlive = known.LastAlive,
        });
    }

    /// <summary>Takes a node that is away off the list.</summary>
    /// <returns>False if it is present; null if it is not known.</returns>
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
    /// The nodes whose entries the tree lacks, or has only as they were before this node's start: those that were heard of, until they have
    /// said what they hold and whom they know; and those that are away, unless they never answered and no other node has named them lately; and
    /// the places that peers cannot read themselves.
    /// </summary>
    /// <param name="stillSeen">How long the word of another node, or an announcement, counts for a node that is away and never answered.</param>
    public IReadOnlyList<MissingNode> Missing(TimeSpan stillSeen)
    {
        // Every request asks, and mostly none is missed.
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
    /// Whether the peer was heard of, is not known to be away, and has not said yet what it holds or whom it knows. One whose entries are shown
    /// as they were before is not joining.
    /// </summary>
    public bool IsJoining(PeerFacts facts) =>
        facts is { State: not PeerState.Away, HasJoined: false } && (facts.IsInTree || !IsShown(facts.Name));

    /// <summary>Records a sign of life of the peer.</summary>
    public void Heard(Peer peer) => peer.Change(Answered);

    /// <summary>Something that was tried with the peer failed.</summary>
    /// <returns>Whether it was believed to be well before.</returns>
    public static bool Suspect(Peer peer)
    {
        var (before, _) = peer.Change(facts => facts with
        {
            State = facts.State == PeerState.Alive ? PeerState.Suspect : facts.State,
            Failures = facts.Failures + 1,
        });
        return before.State == PeerState.Alive;
    }

    /// <summary>Takes the peer for gone, and what it held out of the tree.</summary>
    /// <returns>Whether it was there before.</returns>
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
        // One that has only sent something cannot be reached yet.
        State = facts.ManagementAddress is null && facts.State == PeerState.Unmet ? PeerState.Unmet : PeerState.Alive,
        Failures = 0,
        LastAnswer = running.Now,
        LastAlive = time.GetUtcNow().ToUnixTimeSeconds(),
    };

    /// <summary>Asks for a full update where what the peer says that it holds is not what is known of it.</summary>
    private PeerFacts Compared(PeerFacts facts)
    {
        if (facts.Said is not { } said || facts.NeedsFullUpdate) return facts;
        if (facts.Applied is not { } applied || applied.Epoch != said.Epoch) return facts with { NeedsFullUpdate = true };
        if (applied.Sequence >= said.Sequence)
        {
            var differs = applied.Sequence == said.Sequence && tree.Current.HoldingOf(facts.Name).Digest != said.Digest;
            return facts with { LagsSince = null, NeedsFullUpdate = differs };
        }

        // An update that leads there is probably under way; one that has not come after this time was lost.
        if (facts.LagsSince is not { } since) return facts with { LagsSince = time.GetTimestamp() };
        return time.GetElapsedTime(since) < MaxLag ? facts : facts with { LagsSince = null, NeedsFullUpdate = true };
    }
}
