using Dftp.Cluster.Content;
using Dftp.Cluster.Membership;
using Dftp.Cluster.Tree;
using Dftp.Cluster.Updates;
using Dftp.FileSystem;

namespace Dftp.Cluster;

/// <summary>The tree of the whole cluster.</summary>
/// <param name="self">This node.</param>
/// <param name="tree">The tree.</param>
/// <param name="own">What this node holds.</param>
/// <param name="peers">The other nodes.</param>
/// <param name="opener">Opens files.</param>
/// <param name="ownSince">As of when this node's own entries are, until its first scan has ended.</param>
/// <param name="stillSeen">How long the word of another node that a third one is there counts.</param>
internal sealed class ClusterTree(
    NodeName self, TreeWriter tree, OwnEntries own, PeerTable peers, ContentOpener opener, Func<DateTimeOffset> ownSince, TimeSpan stillSeen) : IFileTree
{
    public ITreeSnapshot Snapshot => tree.Current;

    public IReadOnlyList<NodeSummary> Nodes
    {
        get
        {
            var snapshot = tree.Current;
            var held = snapshot.HoldingOf(self);
            var nodes = new List<NodeSummary> { new(self, NodeState.Self, "", held.Files, held.Bytes) };
            foreach (var peer in peers.All.OrderBy(peer => peer.Name))
            {
                var facts = peer.Facts;
                if (!facts.IsPresent) continue;
                var holding = snapshot.HoldingOf(peer.Name);
                var state = facts.State == PeerState.Alive ? NodeState.Alive : NodeState.Suspect;
                nodes.Add(new NodeSummary(peer.Name, state, facts.PublicAddress?.ToString() ?? "", holding.Files, holding.Bytes));
            }

            return nodes;
        }
    }

    public IReadOnlyList<MissingNode> Missing
    {
        get
        {
            if (own.IsScanned) return peers.Missing(stillSeen);
            var me = new MissingNode(self, UnixTime.FromSeconds(ownSince().ToUnixTimeSeconds()), IsUnconfirmed: true);
            return [.. peers.Missing(stillSeen).Append(me).OrderBy(node => node.Name)];
        }
    }

    public ValueTask<OpenResult> OpenAsync(VirtualPath path, Entry file, ByteRange range, CancellationToken cancellationToken) =>
        opener.OpenAsync(path, file, range, cancellationToken);
}

/// <summary>What this node itself holds: served to peers that read through it for their clients.</summary>
internal sealed class OwnTree(NodeName self, TreeWriter tree, OwnFiles files) : IFileTree
{
    public ITreeSnapshot Snapshot => new NodeSnapshot(tree.Current, self);

    public IReadOnlyList<NodeSummary> Nodes
    {
        get
        {
            var own = tree.Current.HoldingOf(self);
            return [new NodeSummary(self, NodeState.Self, "", own.Files, own.Bytes)];
        }
    }

    public IReadOnlyList<MissingNode> Missing => [];

    public ValueTask<OpenResult> OpenAsync(VirtualPath path, Entry file, ByteRange range, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new(files.Open(path, file, range));
    }
}
