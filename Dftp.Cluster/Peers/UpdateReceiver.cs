using System.IO.Pipelines;
using System.Net;
using Dftp.Cluster.Index;
using Dftp.Cluster.Replication;
using Dftp.FileSystem;
using Microsoft.Extensions.Logging;

namespace Dftp.Cluster.Peers;

/// <summary>The outcome of a received update.</summary>
internal enum UpdateOutcome
{
    /// <summary>It is applied, or was already.</summary>
    Applied,

    /// <summary>It does not follow the known state of its sender, who has to send a full update.</summary>
    NeedsFullUpdate,

    /// <summary>It cannot be used.</summary>
    Refused,
}

/// <summary>Receives updates from peers: reads them, checks their order, and applies each in one step.</summary>
internal sealed partial class UpdateReceiver(
    ClusterOptions options, PeerTable peers, ITreeIndex tree, StampClock stamps, TimeProvider time, ILogger log, UpdateLimits? limits = null)
{
    private readonly UpdateMemory _memory = new(limits ?? new UpdateLimits());

    /// <summary>
    /// How long an update of a node that is being greeted waits for the end of the handshake: its first push can overtake its answer.
    /// </summary>
    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(2);

    public UpdateLimits Limits => _memory.Limits;

    /// <summary>Decides, before anything of an update is read, whether its sender is a member.</summary>
    /// <param name="name">The sender's name if the request tells it; legacy nodes are recognized by their address.</param>
    /// <param name="source">The address from which the request comes.</param>
    /// <param name="cancellationToken">Cancels the wait for a handshake.</param>
    /// <returns>Null if the update may be read; otherwise a sentence for the sender.</returns>
    public async ValueTask<string?> RefusalAsync(NodeName? name, IPAddress source, CancellationToken cancellationToken)
    {
        var senders = name is { } named
            ? peers.Find(named) is { } peer ? [peer] : []
            : peers.All.Where(peer => peer.Facts.ManagementAddress?.IsAt(source) == true).ToList();
        if (senders.Exists(sender => !sender.Facts.IsStranger)) return null;
        var met = senders.ConvertAll(sender => sender.MetAsync(HandshakeTimeout, time, cancellationToken));
        while (met.Count > 0)
        {
            var first = await Task.WhenAny(met);
            if (await first) return null;
            met.Remove(first);
        }

        return $"{name?.Value ?? source.ToString()} is not a member: greet this node first, and answer its greeting";
    }

    /// <summary>Reads and applies one update.</summary>
    /// <param name="body">The message, decompressed.</param>
    /// <param name="sender">The sender if the request named it, so that no update is requested that is already arriving; or null.</param>
    /// <param name="verify">Verifies that the body is complete and as its sender sent it, before anything is applied; throws if not.</param>
    /// <param name="cancellationToken">Cancels the reading; what has been read is dropped.</param>
    /// <returns>The outcome, and a sentence if the update was not applied.</returns>
    /// <exception cref="UpdateFormatException">The message breaks a rule. Nothing has changed.</exception>
    public async Task<(UpdateOutcome Outcome, string Reason)> ReceiveAsync(
        PipeReader body, Peer? sender, Func<Task> verify, CancellationToken cancellationToken)
    {
        sender?.Take(new PeerEvent.UpdateBegun(), default);
        try
        {
            var started = time.GetTimestamp();
            using var memory = _memory.Begin();
            var update = await UpdateReader.ReadAsync(body, memory, stamps.LatestOfPeers, cancellationToken);
            await verify();
            if (update.Header.Sender == options.NodeName)
                return (UpdateOutcome.Refused,
                    $"this node is called {options.NodeName} itself: start one of the two with another --node-name");
            if (peers.Find(update.Header.Sender) is not { Facts.IsStranger: false } peer)
                return (UpdateOutcome.NeedsFullUpdate, $"{update.Header.Sender} is not a member: greet this node first");
            var result = Apply(peer, update, out var applied);
            await CompleteAsync(peer, applied);
            if (update.LeftOut > 0) LogLeftOut(log, update.LeftOut, peer.Name);
            if (result.Outcome == UpdateOutcome.Applied && update.Header.IsFull)
                LogFull(log, peer.Name, update.Entries, time.GetElapsedTime(started).TotalMilliseconds);
            return result;
        }
        finally
        {
            sender?.Take(new PeerEvent.UpdateEnded(), default);
        }
    }

    /// <param name="peer">The sender.</param>
    /// <param name="update">The update.</param>
    /// <param name="applied">Completes when the tree has the change.</param>
    private (UpdateOutcome Outcome, string Reason) Apply(Peer peer, ReceivedUpdate update, out ValueTask applied)
    {
        applied = default;
        lock (peer.Applying)
        {
            var header = update.Header;
            // A full update contains everything. So does a change of a state that is known exactly, in the tree or retained.
            var isOfKnown = header.SinceDigest is { } digest && digest == KnownDigest(peer.Name);
            var isOfRetained = !isOfKnown && peer.Retained is { } retained && retained.Digest == header.SinceDigest
                && !tree.Current.Holdings.ContainsKey(peer.Name);
            var tellsAll = header.IsFull || isOfKnown || isOfRetained;
            if (header.Position is { } position)
            {
                var facts = peer.Facts;
                if (facts.HasEnded(position.Incarnation)) return NeedsFull(peer, "it was sent before its sender restarted or stopped");
                if (facts.Replication.Applied is { } known && known.Incarnation == position.Incarnation)
                {
                    if (position.Sequence < known.Sequence || (!tellsAll && position.Sequence == known.Sequence)) return Heard(peer);
                    if (!tellsAll && position.Since > known.Sequence)
                        return NeedsFull(peer, $"it follows change {position.Since}, and the last known one is {known.Sequence}");
                }
                else if (!tellsAll) return NeedsFull(peer, "it does not follow the known state of its sender");
            }

            if (header.Repair is not null && !tellsAll) return NeedsFull(peer, "it repairs another state than the known one");
            if (isOfRetained) tree.InMemory!.Apply(peer.Name, peer.Retained!.AsPatch());
            stamps.Received(update.LatestStamp);
            if (!TryApply(peer.Name, update, out applied))
            {
                if (isOfRetained) tree.Remove(peer.Name);
                return NeedsFull(peer, "the repaired entries are not those of its sender");
            }

            if (tellsAll) peer.Retained = null;
            peers.Apply(peer, new PeerEvent.UpdateApplied(header.Position, tellsAll));
            if (header.Repair is { } repaired) LogRepaired(log, peer.Name, update.Entries, repaired.Ranges.Count);
            else if (tellsAll && !header.IsFull) LogConfirmed(log, peer.Name, update.Entries);
            return (UpdateOutcome.Applied, "");
        }
    }

    private bool TryApply(NodeName sender, ReceivedUpdate update, out ValueTask applied)
    {
        applied = default;
        if (update.Header.Repair is not { } repair)
        {
            applied = tree.ApplyAsync(sender, update.Patch);
            return true;
        }

        if (tree.InMemory is not { } memory) return false;
        RangeEntries.RemoveOthers(update.Patch, memory.Current, sender, repair.Ranges);
        return memory.TryApply(sender, update.Patch, repair.Digest);
    }

    /// <summary>A change that failed leaves the peer's entries behind the position that was recorded when it began.</summary>
    private async ValueTask CompleteAsync(Peer peer, ValueTask applied)
    {
        try
        {
            await applied;
        }
        catch
        {
            peers.Apply(peer, new PeerEvent.UpdateLost());
            throw;
        }
    }

    /// <summary>The digest of what is known of a node; in memory it is computed again, so that a defect would not last.</summary>
    private ulong KnownDigest(NodeName node) => tree.InMemory?.Current.DigestOf(node) ?? tree.Current.HoldingOf(node).Digest;

    private (UpdateOutcome Outcome, string Reason) Heard(Peer peer)
    {
        peers.Apply(peer, new PeerEvent.Heard());
        return (UpdateOutcome.Applied, "");
    }

    private (UpdateOutcome Outcome, string Reason) NeedsFull(Peer peer, string reason)
    {
        peers.Apply(peer, new PeerEvent.Heard());
        LogGap(log, peer.Name, reason);
        return (UpdateOutcome.NeedsFullUpdate, $"a full update is needed: {reason}");
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "received a full update from {Node}: {Entries} entries in {Milliseconds:F0} ms")]
    private static partial void LogFull(ILogger log, NodeName node, int entries, double milliseconds);

    [LoggerMessage(Level = LogLevel.Debug, Message = "known entries of {Node} confirmed, {Entries} change(s) applied")]
    private static partial void LogConfirmed(ILogger log, NodeName node, int entries);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "repaired the known entries of {Node}: {Entries} entries of {Ranges} differing range(s) received")]
    private static partial void LogRepaired(ILogger log, NodeName node, int entries, int ranges);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "left out {Count} entries of {Node}: names with control characters, invalid Unicode, or too long")]
    private static partial void LogLeftOut(ILogger log, int count, NodeName node);

    [LoggerMessage(
        Level = LogLevel.Information, Message = "asked {Node} for a full update, because the received update is unusable: {Reason}")]
    private static partial void LogGap(ILogger log, NodeName node, string reason);
}
