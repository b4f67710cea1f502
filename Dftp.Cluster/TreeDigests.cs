using Dftp.Cluster.Index;
using Dftp.Cluster.LocalFiles;
using Dftp.Cluster.PeerReads;
using Dftp.Cluster.Peers;
using Dftp.FileSystem;

namespace Dftp.Cluster;

/// <summary>The digest of a copy, wherever it lies.</summary>
internal sealed class TreeDigests(
    NodeName self, TreeWriter tree, PeerTable peers, ContentOpener opener, LocalDigests own, PeerDigests remote)
{
    /// <summary>As <see cref="IFileTree.KnownDigest"/>.</summary>
    public ContentDigest? Known(VirtualPath path, in Entry file, NodeName? holder)
    {
        if (file.Size == 0) return ContentDigest.OfNothing;
        if ((holder ?? FirstFor(path, file)) is not { } node) return null;
        return node == self ? own.Known(path, file) : remote.Known(node, path, file);
    }

    /// <summary>As <see cref="IFileTree.DigestAsync"/>.</summary>
    public async ValueTask<DigestResult> ComputeAsync(VirtualPath path, Entry file, NodeName? holder, CancellationToken cancellationToken)
    {
        if (file.Size == 0) return DigestResult.Of(ContentDigest.OfNothing);
        if (holder is { } node) return await ComputeAtAsync(node, path, file, cancellationToken);
        FileError? error = null;
        foreach (var candidate in opener.InOrder(tree.Current.FileHoldersOf(path), file))
        {
            var result = await ComputeAtAsync(candidate.Owner, path, file, cancellationToken);
            if (result.Error is not { } failed) return result;
            if (error is null || failed.Kind == FileErrorKind.Unreachable) error = failed;
        }

        return DigestResult.Failed(error ?? new FileError(FileErrorKind.NotFound, $"no file is at {path}"));
    }

    private NodeName? FirstFor(VirtualPath path, Entry file) =>
        opener.InOrder(tree.Current.FileHoldersOf(path), file).Select(holder => (NodeName?)holder.Owner).FirstOrDefault();

    private async ValueTask<DigestResult> ComputeAtAsync(NodeName node, VirtualPath path, Entry file, CancellationToken cancellationToken)
    {
        if (node == self) return await own.ComputeAsync(path, file, cancellationToken);
        return peers.Find(node) is { } peer
            ? await remote.ComputeAsync(peer, path, file, cancellationToken)
            : DigestResult.Failed(FileErrorKind.Unreachable, $"{node} is not there");
    }
}
