using System.Collections.Concurrent;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.Peers;

/// <summary>The other nodes that this node has heard of since its start.</summary>
internal sealed class PeerTable(ITreeIndex tree, RunningTime running, TimeProvider time) : IDisposable
{
    /// <summary>Members and strangers together. No real cluster comes near.</summary>
    private const int MaxPeers = 10_000;

    /// <summary>How many nodes that only introduced themselves are named as missing: a flood must not fill every response.</summary>
    private const int MaxMissingStrangers = 16;

    private readonly ConcurrentDictionary<NodeName, Peer> _peers = new();
    private readonly Lock _adding = new();
    private readonly long _start = time.GetTimestamp();

    /// <summary>Guarded by <see cref="_adding"/>.</summary>
    private readonly Strangers _strangers = new();

    /// <summary>A new peer was added. Raised once for each peer, before anything else happens to it.</summary>
    public event Action<Peer>? Added;

    /// <summary>A peer is no stranger any more. Raised once for each peer, after <see cref="Added"/>.</summary>
    public event Action<Peer>? Met;

    public IEnumerable<Peer> All => _peers.Values;

    public Moment Now => new(time.GetElapsedTime(_start), running.Now, time.GetUtcNow().ToUnixTimeSeconds());

    public Peer? Find(NodeName name) => _peers.GetValueOrDefault(name);

    /// <summary>Returns the peer of that name, and adds it if it is new: it has answered, or was known before this start.</summary>
    /// <returns>Null if there are too many.</returns>
    public Peer? GetOrAdd(NodeName name) => _peers.TryGetValue(name, out var known) ? known : Add(name, by: null);

    /// <summary>Handles the introduction of a node, which is added as a stranger if it is new.</summary>
    /// <returns>Null if there is no room for it (<see cref="Strangers"/>).</returns>
    public Transition? Introduce(NodeName name, PeerEvent introduction, Introducer by)
    {
        var peer = Find(name) is { Facts.IsStranger: false } member ? member : Add(name, by);
        return peer is null ? null : Apply(peer, introduction);
    }

    /// <summary>Changes the facts of a peer, and its part of the tree, by an event.</summary>
    public Transition Apply(Peer peer, PeerEvent happened)
    {
        var transition = happened.MayRemoveEntries ? ApplyAndRemove(peer, happened) : peer.Take(happened, Now);
        if (transition.Before.IsStranger && !transition.After.IsStranger)
        {
            lock (_adding) _strangers.Remove(peer.Name);
            if (transition.After.State != PeerState.Forgotten) Met?.Invoke(peer);
        }

        if (transition.Enters(PeerState.Forgotten)) _peers.TryRemove(new(peer.Name, peer));
        return transition;
    }

    /// <summary>A tree in memory with what is known of a node, in the tree or retained; null if there is none.</summary>
    public TreeSnapshot? KnownTree(NodeName name)
    {
        if (tree.InMemory?.Current is { } current && current.Holdings.ContainsKey(name)) return current;
        if (Find(name) is not { } peer) return null;
        lock (peer.Applying) return peer.Retained?.AsTree();
    }

    /// <summary>Adds a node that was known before this start.</summary>
    public void Remember(KnownNode known)
    {
        if (GetOrAdd(known.Name) is { } peer) Apply(peer, new PeerEvent.Remembered(known, IsShown(known.Name)));
    }

    /// <summary>Removes a node that is not present.</summary>
    /// <returns>False if it is present; null if it is unknown.</returns>
    public bool? Forget(NodeName name) =>
        Find(name) is { } peer ? Apply(peer, new PeerEvent.Removed()).Enters(PeerState.Forgotten) : null;

    /// <summary>Forgets a stranger that nobody has introduced for long.</summary>
    public void ExpireIfDue(Peer peer)
    {
        if (peer.Facts is { IsStranger: true, LastIntroduced: { } last } && Now.Clock - last >= Strangers.ForgetAfter)
            Apply(peer, new PeerEvent.Expired());
    }

    /// <summary>The running time of this process since the peer's last sign of life.</summary>
    public TimeSpan SilenceOf(Peer peer) => running.Now - peer.Facts.LastAnswer;

    /// <summary>The digest of what is known of a node, in the tree or retained; null if nothing is.</summary>
    public ulong? DigestOf(NodeName name) =>
        tree.Current.Holdings.TryGetValue(name, out var holding) ? holding.Digest : Find(name)?.Retained?.Digest;

    /// <summary>The digest of what the tree has of a node.</summary>
    public ulong DigestInTree(NodeName name) => tree.Current.HoldingOf(name).Digest;

    /// <summary>
    /// The nodes whose entries the tree lacks, or has only as saved before this node's start: joining nodes, until they have announced
    /// their entries and the nodes they know; nodes that died or left; nodes that were never reached, if they were introduced recently;
    /// and the places that peers cannot read.
    /// </summary>
    /// <param name="stillSeen">How long an introduction of a node counts that cannot be reached.</param>
    public IReadOnlyList<MissingNode> Missing(TimeSpan stillSeen)
    {
        // Called for every request, and usually there is none.
        List<PeerFacts>? missing = null;
        var strangers = 0;
        foreach (var (_, peer) in _peers)
        {
            var facts = peer.Facts;
            if (!IsMissing(facts, stillSeen) && facts.Unconfirmed.Count == 0) continue;
            if (facts is { IsStranger: true, IsGossiped: false } && ++strangers > MaxMissingStrangers) continue;
            (missing ??= []).Add(facts);
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
    /// Whether the peer may be there and has not announced yet its entries or the nodes it knows. A node whose saved entries are shown is
    /// not joining.
    /// </summary>
    public bool IsJoining(PeerFacts facts) =>
        facts is { State: PeerState.Unmet or PeerState.Alive or PeerState.Suspect, HasJoined: false }
        && (facts.Replication.IsInTree || !IsShown(facts.Name));

    /// <summary>Drops the retained entries of a peer that has been dead for long, to free their memory.</summary>
    public static void DropRetained(Peer peer)
    {
        lock (peer.Applying) peer.Retained = null;
    }

    public void Dispose()
    {
        foreach (var peer in _peers.Values) peer.Dispose();
    }

    /// <param name="name">The node.</param>
    /// <param name="by">The introducer of a stranger; null if the node is about to become a member.</param>
    private Peer? Add(NodeName name, Introducer? by)
    {
        lock (_adding)
        {
            if (_peers.TryGetValue(name, out var known))
            {
                if (by is not null && known.Facts.IsStranger) _strangers.Put(known, by.Value);
                return known;
            }

            while (by is not null)
            {
                if (!_strangers.HasRoom(by.Value, out var replaced)) return null;
                if (replaced is null) break;
                Apply(replaced, new PeerEvent.Expired());
                _strangers.Remove(replaced.Name);
            }

            if (_peers.Count >= MaxPeers) return null;
            var added = new Peer(new PeerFacts { Name = name, LastAnswer = running.Now });
            _peers[name] = added;
            if (by is not null) _strangers.Put(added, by.Value);
            Added?.Invoke(added);
            return added;
        }
    }

    private Transition ApplyAndRemove(Peer peer, PeerEvent happened)
    {
        lock (peer.Applying)
        {
            var transition = peer.Take(happened, Now);
            if (!transition.Has(PeerEffects.Leave)) return transition;
            if (transition.After.State == PeerState.Forgotten) peer.Retained = null;
            else if (RetainedEntries.Of(tree, peer.Name) is { } held) peer.Retained = held;
            tree.Remove(peer.Name);
            return transition;
        }
    }

    private MissingNode WholeNode(PeerFacts facts) => new(
        facts.Name, UnixTime.FromSeconds(facts.LastAlive > 0 ? facts.LastAlive : facts.IntroducedSince), ReasonOf(facts));

    private MissingReason ReasonOf(PeerFacts facts) =>
        IsJoining(facts) ? MissingReason.Joining
        : IsShown(facts.Name) ? MissingReason.Unconfirmed
        : facts.State == PeerState.Left ? MissingReason.Left : MissingReason.Dead;

    private bool IsMissing(PeerFacts facts, TimeSpan stillSeen) => facts.State switch
    {
        PeerState.Unmet or PeerState.Alive or PeerState.Suspect => !facts.HasJoined,
        PeerState.Unreachable => facts.LastIntroduced is { } last && Now.Clock - last < stillSeen,
        PeerState.Dead or PeerState.Left => true,
        _ => false,
    };

    private bool IsShown(NodeName name) => tree.Current.Holdings.ContainsKey(name);
}
