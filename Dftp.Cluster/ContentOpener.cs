using System.Runtime.CompilerServices;
using Dftp.Cluster.Index;
using Dftp.Cluster.LocalFiles;
using Dftp.Cluster.PeerReads;
using Dftp.Cluster.Peers;
using Dftp.FileSystem;
using Microsoft.Extensions.Logging;

namespace Dftp.Cluster;

/// <summary>Opens a file wherever it is: from this node's root, from its owner, or from the next holder that answers.</summary>
internal sealed partial class ContentOpener(
    NodeName self, TreeWriter tree, PeerTable peers, LocalFileOpener localFiles, PeerFiles peerFiles, PeerDigests digests, TimeProvider time, ILogger log)
{
    /// <summary>As <see cref="IFileTree.OpenAsync"/>.</summary>
    public ValueTask<OpenResult> OpenAsync(VirtualPath path, Entry file, ByteRange range, CancellationToken cancellationToken)
    {
        // The owner's copy, when it is the one that was asked for and lies here, comes first in any order.
        if (file.Owner == self && localFiles.Open(path, file, range) is { Content: not null } opened) return new(opened);
        return OpenAtHoldersAsync(path, file, range, cancellationToken);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<OpenResult> OpenAtHoldersAsync(VirtualPath path, Entry file, ByteRange range, CancellationToken cancellationToken)
    {
        var holders = tree.Current.FileHoldersOf(path);
        if (holders.Count == 0)
        {
            return tree.Current.TryFind(path, out var directory) && directory.IsDirectory
                ? OpenResult.Failed(FileErrorKind.IsDirectory, $"{path} is a directory")
                : OpenResult.Failed(FileErrorKind.NotFound, $"nothing is at {path}");
        }

        FileError? error = null;
        foreach (var holder in InOrder(holders, file))
        {
            var result = await OpenAtAsync(holder, path, file, range, cancellationToken);
            if (result.Error is not { } failed) return result;
            // What can be had later is better news than what is gone.
            if (error is null || failed.Kind == FileErrorKind.Unreachable) error = failed;
        }

        return OpenResult.Failed(error!);
    }

    /// <summary>
    /// The order in which holders are tried: those whose copy is the one that was asked for before others; this node before its
    /// peers; peers that answer before those in doubt; then the owner first.
    /// </summary>
    public IEnumerable<Entry> InOrder(IReadOnlyList<Entry> holders, Entry file) =>
        holders.Count == 1
            ? holders
            : holders.OrderBy(holder => !holder.HasSameContentFacts(file))
                .ThenBy(holder => holder.Owner != self)
                .ThenBy(holder => holder.Owner != self && peers.Find(holder.Owner)?.Facts.State != PeerState.Alive);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<OpenResult> OpenAtAsync(Entry holder, VirtualPath path, Entry file, ByteRange range, CancellationToken cancellationToken)
    {
        if (holder.Owner == self) return localFiles.Open(path, file, range);
        if (peers.Find(holder.Owner) is not { } peer) return OpenResult.Failed(FileErrorKind.Unreachable, $"{holder.Owner} is not there");
        var result = await peerFiles.OpenAsync(peer, path, file, range, cancellationToken);
        if (result.Body?.Digest is { } digest) digests.Learn(peer.Name, path, file, digest);
        if (result.Body is { } body) return OpenResult.Opened(new RemoteContent(peer, body, range, (rest, failed, token) => GoOnAsync(path, file, rest, failed, token), time));
        if (result.Now is { } now) return OpenResult.Changed(now);
        var error = result.Error!;
        if (error.Kind == FileErrorKind.Unreachable)
        {
            if (PeerTable.Suspect(peer)) LogReadFailed(log, path, peer.Name, error.Message);
            peer.PingNow.Raise();
        }

        return OpenResult.Failed(error);
    }

    /// <summary>Opens the rest of a file at another holder that has it with the same size and modification time.</summary>
    private async ValueTask<FileContent?> GoOnAsync(
        VirtualPath path, Entry file, ByteRange rest, IReadOnlyList<NodeName> failed, CancellationToken cancellationToken)
    {
        foreach (var holder in InOrder(tree.Current.FileHoldersOf(path), file))
        {
            if (failed.Contains(holder.Owner) || !holder.HasSameContentFacts(file)) continue;
            var result = await OpenAtAsync(holder, path, file, rest, cancellationToken);
            if (result.Content is not { } content) continue;
            LogGoesOn(log, path, failed[^1], holder.Owner, rest.Offset);
            return content;
        }

        return null;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "cannot read {Path} from {Node}: {Reason}")]
    private static partial void LogReadFailed(ILogger log, VirtualPath path, NodeName node, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Path}: {Failed} broke off, {Node} goes on at byte {Offset}")]
    private static partial void LogGoesOn(ILogger log, VirtualPath path, NodeName failed, NodeName node, long offset);
}
