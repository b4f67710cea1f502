using System.Net;
using Dftp.Cluster.Index;
using Dftp.Cluster.LocalFiles;
using Dftp.FileSystem;

namespace Dftp.Cluster;

/// <summary>The entries of this node only: served to peers that proxy for their clients.</summary>
internal sealed class LocalView(NodeName self, ITreeIndex tree, LocalFileOpener files, LocalDigests digests) : ITreeView
{
    public ITreeSnapshot Snapshot => new NodeSnapshot(tree.Local, self);

    public IReadOnlyList<NodeSummary> Nodes
    {
        get
        {
            var own = tree.Local.HoldingOf(self);
            return [new NodeSummary(self, NodeState.Self, "", own.Files, own.Bytes)];
        }
    }

    public IReadOnlyList<MissingNode> Missing => [];

    public ValueTask<OpenResult> OpenAsync(VirtualPath path, Entry file, RangeSpec part, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new(files.Open(path, file, part));
    }

    public ValueTask<LookResult> LookAsync(VirtualPath path, Entry file, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new(files.Look(path, file));
    }

    public ContentDigest? KnownDigest(VirtualPath path, Entry file, NodeName? holder) =>
        file.Size == 0 ? ContentDigest.OfNothing : digests.Known(path, file);

    public ValueTask<DigestResult> DigestAsync(
        VirtualPath path, Entry file, NodeName? holder, IPAddress? client, CancellationToken cancellationToken) =>
        digests.ComputeAsync(path, file, client, cancellationToken);
}
