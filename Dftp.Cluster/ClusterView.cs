using System.Net;
using Dftp.Cluster.Events;
using Dftp.Cluster.Index;
using Dftp.Cluster.LocalFiles.Scanning;
using Dftp.Cluster.Peers;
using Dftp.FileSystem;

namespace Dftp.Cluster;

/// <summary>The tree of the whole cluster.</summary>
/// <param name="self">This node.</param>
/// <param name="tree">The tree.</param>
/// <param name="own">The entries of this node.</param>
/// <param name="peers">The other nodes.</param>
/// <param name="opener">Opens files.</param>
/// <param name="digests">Computes digests.</param>
/// <param name="events">The events of the tree.</param>
/// <param name="ownSince">The time as of which this node's entries are known until its first scan has ended.</param>
/// <param name="stillSeen">How long an introduction of a node by another one counts.</param>
internal sealed class ClusterView(
    NodeName self,
    ITreeIndex tree,
    LocalEntries own,
    PeerTable peers,
    ContentOpener opener,
    TreeDigests digests,
    TreeEventLoop events,
    Func<DateTimeOffset> ownSince,
    TimeSpan stillSeen) : ITreeView
{
    public ITreeSnapshot Snapshot => tree.Current;

    public IReadOnlyList<NodeSummary> Nodes
    {
        get
        {
            var snapshot = tree.Current;
            return [
                Self(snapshot),
                .. peers.All.Select(peer => peer.Facts).Where(facts => facts.IsPresent).OrderBy(facts => facts.Name)
                    .Select(facts => Summary(facts, snapshot)),
            ];
        }
    }

    public NodeSummary? FindNode(NodeName name) =>
        name == self ? Self(tree.Current)
        : peers.Find(name)?.Facts is { IsPresent: true } facts ? Summary(facts, tree.Current)
        : null;

    public IReadOnlyList<MissingNode> Missing
    {
        get
        {
            var places = own.Unconfirmed;
            if (own.IsScanned && places.Count == 0) return peers.Missing(stillSeen);
            IEnumerable<MissingNode> mine = own.IsScanned
                ? places.Select(place => MissingNode.At(self, place))
                : [new MissingNode(self, UnixTime.FromSeconds(ownSince().ToUnixTimeSeconds()), MissingReason.Unconfirmed)];
            return [.. peers.Missing(stillSeen).Concat(mine).OrderBy(node => node.Name)];
        }
    }

    public ValueTask<OpenResult> OpenAsync(VirtualPath path, Entry file, RangeSpec part, CancellationToken cancellationToken) =>
        opener.OpenAsync(path, file, part, cancellationToken);

    public ValueTask<LookResult> LookAsync(VirtualPath path, Entry file, CancellationToken cancellationToken) =>
        opener.LookAsync(path, file, cancellationToken);

    public ContentDigest? KnownDigest(VirtualPath path, Entry file, NodeName? holder) => digests.Known(path, file, holder);

    public ValueTask<DigestResult> DigestAsync(
        VirtualPath path, Entry file, NodeName? holder, IPAddress? client, CancellationToken cancellationToken) =>
        digests.ComputeAsync(path, file, holder, client, cancellationToken);

    public TreeEventReader Follow(TreeEventId? after) => events.Follow(after);

    private NodeSummary Self(IIndexSnapshot snapshot)
    {
        var held = snapshot.HoldingOf(self);
        return new NodeSummary(self, NodeState.Self, "", held.Files, held.Bytes);
    }

    private NodeSummary Summary(PeerFacts facts, IIndexSnapshot snapshot)
    {
        var holding = snapshot.HoldingOf(facts.Name);
        var state = peers.IsJoining(facts) ? NodeState.Joining : facts.State == PeerState.Alive ? NodeState.Alive : NodeState.Suspect;
        return new NodeSummary(facts.Name, state, facts.PublicAddress?.ToString() ?? "", holding.Files, holding.Bytes, PublicUrl(facts));
    }

    /// <summary>
    /// A peer without a public interface is read at its management interface. A legacy node supports no ranges. The zone of an IPv6 address
    /// is valid on this machine only.
    /// </summary>
    private static string PublicUrl(PeerFacts facts) =>
        facts is { IsLegacy: false, PublicAddress: { Port: > 0, Host.Length: > 0 } address } && address != facts.ManagementAddress
        && !address.Host.Contains('%', StringComparison.Ordinal)
            ? $"http://{address}"
            : "";
}
