using Dftp.Cluster.Content;
using Dftp.Cluster.Membership;
using Dftp.Cluster.Tree;
using Dftp.FileSystem;

namespace Dftp.Cluster;

/// <summary>The tree of the whole cluster.</summary>
/// <param name="self">This node.</param>
/// <param name="tree">The tree.</param>
/// <param name="peers">The other nodes.</param>
/// <param name="opener">Opens files.</param>
/// <param name="stillSeen">How long the word of another node that a third one is there counts.</param>
internal sealed class ClusterTree(NodeName self, TreeWriter tree, PeerTable peers, ContentOpener opener, TimeSpan stillSeen) : IFileTree
{
    public ITreeSnapshot Snapshot => tree.Current;

    public IReadOnlyList<NodeSummary> Nodes
    {
        get
        {
            var snapshot = tree.Current;
            var own = snapshot.HoldingOf(self);
            var nodes = new List<NodeSummary> { new(self, NodeState.Self, "", own.Files, own.Bytes) };
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

    public IReadOnlyList<MissingNode> Missing => peers.Missing(stillSeen);

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
