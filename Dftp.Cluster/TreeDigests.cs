using System.Net;
using System.Runtime.CompilerServices;
using Dftp.Cluster.Index;
using Dftp.Cluster.LocalFiles;
using Dftp.Cluster.PeerReads;
using Dftp.Cluster.Peers;
using Dftp.FileSystem;

namespace Dftp.Cluster;

/// <summary>The digests of copies on any node.</summary>
internal sealed class TreeDigests(
    NodeName self, ITreeIndex tree, PeerTable peers, ContentOpener opener, LocalDigests own, PeerDigests remote)
{
    /// <summary>
    /// To a peer this node is one client, with one queue: this node sends it few requests at once and divides them fairly itself.
    /// </summary>
    private const int MaxAskedOfOnePeer = 8;

    /// <summary>Peers that are collected take theirs with them.</summary>
    private readonly ConditionalWeakTable<Peer, FairGate> _asking = [];

    /// <summary>As <see cref="ITreeView.KnownDigest"/>.</summary>
    public ContentDigest? Known(VirtualPath path, in Entry file, NodeName? holder)
    {
        if (file.Size == 0) return ContentDigest.OfNothing;
        if ((holder ?? FirstFor(path, file)) is not { } node) return null;
        return node == self ? own.Known(path, file) : remote.Known(node, path, file);
    }

    /// <summary>As <see cref="ITreeView.DigestAsync"/>.</summary>
    public async ValueTask<DigestResult> ComputeAsync(
        VirtualPath path, Entry file, NodeName? holder, IPAddress? client, CancellationToken cancellationToken)
    {
        if (file.Size == 0) return DigestResult.Of(ContentDigest.OfNothing);
        if (holder is { } node) return await ComputeAtAsync(node, path, file, client, cancellationToken);
        FileError? error = null;
        foreach (var candidate in opener.InOrder(await tree.Current.FileHoldersAsync(path, cancellationToken), file))
        {
            var result = await ComputeAtAsync(candidate.Owner, path, file, client, cancellationToken);
            if (result.Error is not { } failed) return result;
            if (error is null || failed.Kind is FileErrorKind.Unreachable or FileErrorKind.Busy) error = failed;
        }

        return DigestResult.Failed(error ?? new FileError(FileErrorKind.NotFound, $"no file is at {path}"));
    }

    /// <summary>A known digest is a hint: an index that is not in memory is not asked for the order of the holders.</summary>
    private NodeName? FirstFor(VirtualPath path, Entry file) => tree.InMemory is { } memory
        ? opener.InOrder(memory.Current.FileHoldersOf(path), file).Select(holder => (NodeName?)holder.Owner).FirstOrDefault()
        : file.Owner;

    private async ValueTask<DigestResult> ComputeAtAsync(
        NodeName node, VirtualPath path, Entry file, IPAddress? client, CancellationToken cancellationToken)
    {
        if (node == self) return await own.ComputeAsync(path, file, client, cancellationToken);
        if (peers.Find(node) is not { } peer) return DigestResult.Failed(FileErrorKind.Unreachable, $"{node} is not a known node");
        if (remote.Known(node, path, file) is { } known) return DigestResult.Of(known);
        using var place = await _asking.GetOrAdd(peer, static _ => new FairGate(MaxAskedOfOnePeer)).EnterAsync(client, cancellationToken);
        return place is null ? FairGate.Refusal(path) : await remote.ComputeAsync(peer, path, file, client, cancellationToken);
    }
}
