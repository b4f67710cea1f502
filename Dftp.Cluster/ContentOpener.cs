using System.Runtime.CompilerServices;
using Dftp.Cluster.Index;
using Dftp.Cluster.LocalFiles;
using Dftp.Cluster.PeerReads;
using Dftp.Cluster.Peers;
using Dftp.FileSystem;
using Microsoft.Extensions.Logging;

namespace Dftp.Cluster;

/// <summary>Opens a file from this node's root, from its owner, or from the next holder that answers.</summary>
internal sealed partial class ContentOpener(
    NodeName self, ITreeIndex tree, PeerTable peers, LocalFileOpener localFiles, PeerFiles peerFiles, PeerDigests digests,
    TimeProvider time, ILogger log)
{
    /// <summary>As <see cref="ITreeView.OpenAsync"/>.</summary>
    public ValueTask<OpenResult> OpenAsync(VirtualPath path, Entry file, RangeSpec part, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        // If the owner is this node, its copy comes first in any order.
        if (file.Owner == self && localFiles.Open(path, file, part) is { Error: null } opened) return new(opened);
        return OpenAtHoldersAsync(path, file, part, cancellationToken);
    }

    /// <summary>As <see cref="ITreeView.LookAsync"/>.</summary>
    public async ValueTask<LookResult> LookAsync(VirtualPath path, Entry file, CancellationToken cancellationToken)
    {
        if (file.Owner == self && localFiles.Look(path, file) is { Error: null } looked) return looked;
        FileError? error = null;
        foreach (var holder in InOrder(await tree.Current.FileHoldersAsync(path, cancellationToken), file))
        {
            var result = await LookAtAsync(holder, path, file, cancellationToken);
            if (result.Error is not { } failed) return result;
            error = Better(error, failed);
        }

        return LookResult.Failed(error ?? await NothingAtAsync(path, cancellationToken));
    }

    /// <summary>
    /// The order in which holders are tried: first copies of the requested version; then this node before its peers, alive peers before
    /// suspect ones, and the owner before others.
    /// </summary>
    public IEnumerable<Entry> InOrder(IReadOnlyList<Entry> holders, Entry file) =>
        holders.Count == 1
            ? holders
            : holders.OrderBy(holder => !holder.HasSameContentFacts(file))
                .ThenBy(holder => holder.Owner != self)
                .ThenBy(holder => holder.Owner != self && peers.Find(holder.Owner)?.Facts.State != PeerState.Alive);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<OpenResult> OpenAtHoldersAsync(
        VirtualPath path, Entry file, RangeSpec part, CancellationToken cancellationToken)
    {
        FileError? error = null;
        foreach (var holder in InOrder(await tree.Current.FileHoldersAsync(path, cancellationToken), file))
        {
            var result = await OpenAtAsync(holder, path, file, part, cancellationToken);
            if (result.Error is not { } failed) return result;
            error = Better(error, failed);
        }

        return OpenResult.Failed(error ?? await NothingAtAsync(path, cancellationToken));
    }

    private async ValueTask<FileError> NothingAtAsync(VirtualPath path, CancellationToken cancellationToken) =>
        await tree.Current.FindAsync(path, cancellationToken) is { IsDirectory: true }
            ? FileError.DirectoryAt(path)
            : FileError.NothingAt(path);

    /// <summary>An error that is temporary takes precedence over one that is final.</summary>
    private static FileError Better(FileError? error, FileError failed) =>
        error is null || failed.Kind == FileErrorKind.Unreachable ? failed : error;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<OpenResult> OpenAtAsync(
        Entry holder, VirtualPath path, Entry file, RangeSpec part, CancellationToken cancellationToken)
    {
        if (holder.Owner == self) return localFiles.Open(path, file, part);
        if (peers.Find(holder.Owner) is not { } peer)
            return OpenResult.Failed(FileErrorKind.Unreachable, $"{holder.Owner} is not a known node");
        var result = await peerFiles.OpenAsync(peer, path, file, part, cancellationToken);
        if (result.Body is { } body)
        {
            Learn(peer, path, body);
            var content = new RemoteContent(
                peer, body, (rest, failed, token) => GoOnAsync(path, body.Facts, body.Digest, rest, failed, token), time);
            return OpenResult.Opened(content, body.Facts, body.Range);
        }

        return result.Now is { } now ? OpenResult.Outside(now) : OpenResult.Failed(Noted(result.Error!, peer, path));
    }

    private async ValueTask<LookResult> LookAtAsync(Entry holder, VirtualPath path, Entry file, CancellationToken cancellationToken)
    {
        if (holder.Owner == self) return localFiles.Look(path, file);
        if (peers.Find(holder.Owner) is not { } peer)
            return LookResult.Failed(new FileError(FileErrorKind.Unreachable, $"{holder.Owner} is not a known node"));
        var result = await peerFiles.LookAsync(peer, path, file, cancellationToken);
        if (result.Error is { } error) return LookResult.Failed(Noted(error, peer, path));
        using var body = result.Body;
        if (body is not null) Learn(peer, path, body);
        var now = body?.Facts ?? result.Now!.Value;
        return LookResult.Of(now, now.Size == 0 ? ContentDigest.OfNothing : body?.Digest ?? digests.Known(peer.Name, path, now));
    }

    private void Learn(Peer peer, VirtualPath path, PeerBody body)
    {
        if (body.Digest is { } digest) digests.Learn(peer.Name, path, body.Facts, digest);
    }

    private FileError Noted(FileError error, Peer peer, VirtualPath path)
    {
        if (error.Kind == FileErrorKind.Unreachable)
        {
            if (peer.Suspect()) LogReadFailed(log, path, peer.Name, error.Message);
            peer.PingNow.Raise();
        }

        return error;
    }

    /// <summary>Opens the rest of a file at another holder, if <see cref="SameContentRule"/> permits.</summary>
    private async ValueTask<FileContent?> GoOnAsync(
        VirtualPath path, Entry file, ContentDigest? told, ByteRange rest, IReadOnlyList<NodeName> failed,
        CancellationToken cancellationToken)
    {
        var digest = told ?? digests.Known(file.Owner, path, file);
        foreach (var holder in InOrder(await tree.Current.FileHoldersAsync(path, cancellationToken), file))
        {
            if (failed.Contains(holder.Owner) || holder.Size != file.Size) continue;
            var result = await OpenAtAsync(holder, path, holder, RangeSpec.Of(rest), cancellationToken);
            if (result.Content is not { } content) continue;
            if (SameContentRule.Holds(file, digest, result.Facts, content.KnownDigest ?? digests.Known(holder.Owner, path, result.Facts)))
            {
                LogGoesOn(log, path, failed[^1], holder.Owner, rest.Offset);
                return content;
            }

            await content.DisposeAsync();
            LogOtherContent(log, path, failed[^1], holder.Owner);
        }

        return null;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "cannot read {Path} from {Node}: {Reason}")]
    private static partial void LogReadFailed(ILogger log, VirtualPath path, NodeName node, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Path}: the read from {Failed} failed, resuming from {Node} at byte {Offset}")]
    private static partial void LogGoesOn(ILogger log, VirtualPath path, NodeName failed, NodeName node, long offset);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Path}: {Failed} broke off; the copy of {Node} is not known to be the same")]
    private static partial void LogOtherContent(ILogger log, VirtualPath path, NodeName failed, NodeName node);
}
