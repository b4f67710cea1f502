using System.IO.Pipelines;
using Dftp.Cluster.Index;
using Dftp.Cluster.Replication;

namespace Dftp.Cluster.Peers;

/// <summary>Decides which update a peer gets next, from the updates it was sent and its responses. It does no I/O itself.</summary>
internal sealed class PeerUpdates(Peer peer, MembershipContext context)
{
    private readonly LegacyStamps _legacyStamps = new();
    private long? _lastFull;

    /// <summary>A repair did not lead to equal digests. The next full update is sent without another try.</summary>
    private bool _repairFailed;

    /// <summary>The update to send now. Pass its outcome to <see cref="Answered"/>.</summary>
    /// <returns>Null if the peer is up to date, is not present, or has to request an update first.</returns>
    public OutgoingUpdate? Next()
    {
        if (peer.Facts is not { IsPresent: true, ManagementAddress: { } address } facts || !context.Own.IsScanned) return null;
        var replication = facts.Replication;
        if (!replication.WantsFullUpdate && !IsFullUpdateDue(replication) && !MustBeToldUnasked(facts))
        {
            if (replication.PushedSequence is not { } pushed || pushed >= context.Own.State.Sequence) return null;
            var (changes, to) = context.Own.Since(pushed);
            if (changes is not null)
            {
                if (facts.IsLegacy) changes = _legacyStamps.Raise(changes, context.Own.Clock.Now.Seconds);
                return new OutgoingUpdate(address, facts.IsLegacy, Header(isFull: false, to), null, changes);
            }
        }

        context.Peers.Apply(peer, new PeerEvent.PushBegun());
        if (!facts.IsLegacy && replication.KnownDigest is { } known && context.Own.SinceState(known) is ({ } few, var from))
            return new OutgoingUpdate(address, false, Header(isFull: false, from, known), null, few);
        var (tree, position) = context.Own.Full();
        var header = Header(isFull: true, position);
        if (facts.IsLegacy)
        {
            var raised = _legacyStamps.RaiseInFull(context.Own.Clock.Now.Seconds);
            return new OutgoingUpdate(address, true, header, tree, [], RaisedSeconds: raised);
        }

        return MayRepair(replication, tree)
            ? new OutgoingUpdate(address, false, header, tree, []) { Search = new RangeSearch(tree, header.Sender) }
            : Full(address, header, tree);
    }

    /// <summary>The update to send after the <see cref="OutgoingUpdate.Search"/> of one has ended.</summary>
    /// <returns>A repair; or a full update if the search has given up.</returns>
    public OutgoingUpdate Searched(OutgoingUpdate update)
    {
        var (tree, search) = (update.Tree!, update.Search!);
        if (search is not { Found: { } ranges, KnownDigest: { } known }) return Full(update.To, update.Header, tree);
        var node = update.Header.Sender;
        var repair = new RangeRepair(ranges, tree.HoldingOf(node).Digest);
        return new OutgoingUpdate(
            update.To, false, update.Header with { IsFull = false, SinceDigest = known, Repair = repair }, null,
            [.. RangeEntries.Of(tree, node, ranges)]);
    }

    /// <summary>Handles the outcome of an update.</summary>
    /// <returns>False if the next update must wait for a pause.</returns>
    public bool Answered(OutgoingUpdate update, PeerReply reply)
    {
        if (reply.Outcome == PeerOutcome.Done)
        {
            if (update.TellsAll) _lastFull = context.Time.GetTimestamp();
            if (update.Header.IsFull) _repairFailed = false;
            context.Peers.Apply(peer, new PeerEvent.PushDone(update.Header.Position!.Value.Sequence));
            return true;
        }

        if (update.Header.Repair is not null && reply.Outcome != PeerOutcome.Unreachable) _repairFailed = true;
        context.Peers.Apply(peer, new PeerEvent.PushFailed(update.TellsAll || reply.Outcome == PeerOutcome.NeedsFullUpdate));
        // A full update can be refused too, by a peer that takes this start for an earlier one. It pings first, which takes time.
        if (reply.Outcome == PeerOutcome.NeedsFullUpdate && !update.Header.IsFull) return true;
        context.Log.PushFailed(peer.Name, reply.Reason);
        if (reply.Outcome == PeerOutcome.Unreachable)
        {
            peer.Suspect();
            peer.PingNow.Raise();
        }

        return false;
    }

    /// <summary>Whether the peer probably knows most entries. It was sent all of them, or names the digest of what it knows.</summary>
    private bool MayRepair(ReplicationFacts facts, TreeSnapshot tree)
    {
        var holding = tree.HoldingOf(context.Options.NodeName);
        return !_repairFailed && (facts.KnownDigest is not null || facts.PushedSequence is not null)
            && holding.Files + holding.Directories >= context.Options.SmallestRepair;
    }

    private OutgoingUpdate Full(HostPort address, UpdateHeader header, TreeSnapshot tree) =>
        new(address, false, header, tree, [], context.FullUpdates.Of(header, tree));

    /// <summary>Whether a periodic full update is due, in case a change was lost.</summary>
    private bool IsFullUpdateDue(ReplicationFacts facts) =>
        facts.PushedSequence is not null && _lastFull is { } last
            && context.Time.GetElapsedTime(last) >= context.Options.FullUpdateInterval;

    /// <summary>
    /// A legacy node requests updates only from nodes that are new to it: if only this node restarted, or could not be reached for a while, the
    /// legacy node requests nothing and has nothing of this start.
    /// </summary>
    private static bool MustBeToldUnasked(PeerFacts facts) => facts is { IsLegacy: true, HasGossiped: true, Replication.PushedSequence: null };

    private UpdateHeader Header(bool isFull, UpdatePosition position, ulong? sinceDigest = null) =>
        new(context.Options.NodeName, isFull, Now(), position, sinceDigest);

    private long Now() => context.Time.GetUtcNow().ToUnixTimeSeconds();
}

/// <summary>An update on its way to a peer.</summary>
/// <param name="To">The peer's management address.</param>
/// <param name="ToLegacy">Whether it is a legacy node, which reads plain bodies only.</param>
/// <param name="Header">Its header.</param>
/// <param name="Tree">The tree whose entries of this node a full update contains; null for an incremental one.</param>
/// <param name="Changes">The changes of an incremental update.</param>
/// <param name="Shared">The body of a full update, if it is written once for several peers.</param>
/// <param name="RaisedSeconds">Of a full update to a legacy node: see <see cref="LegacyStamps.RaiseInFull"/>.</param>
internal sealed record OutgoingUpdate(
    HostPort To,
    bool ToLegacy,
    UpdateHeader Header,
    TreeSnapshot? Tree,
    IReadOnlyList<EntryChange> Changes,
    SharedFullUpdate? Shared = null,
    long RaisedSeconds = 0)
{
    /// <summary>To be ended before the update is sent: it may make a full update a repair. See <see cref="PeerUpdates.Searched"/>.</summary>
    public RangeSearch? Search { get; init; }

    /// <summary>Whether the peer knows all entries of this node once it has applied the update.</summary>
    public bool TellsAll => Header.IsFull || Header.SinceDigest is not null;

    /// <summary>The number of files in a full update.</summary>
    public long Files => Tree?.HoldingOf(Header.Sender).Files ?? 0;

    /// <summary>Writes the message as the body of a request, compressed except for legacy nodes.</summary>
    public Task WriteBodyAsync(Stream body, CancellationToken cancellationToken) =>
        Shared?.CopyToAsync(body, cancellationToken) ?? UpdateBody.WriteAsync(body, compress: !ToLegacy, WriteAsync, cancellationToken);

    /// <summary>Writes the message.</summary>
    public Task WriteAsync(PipeWriter output, CancellationToken cancellationToken) => Tree is not null
        ? UpdateWriter.WriteFullAsync(output, Header, Tree, ToLegacy, cancellationToken, RaisedSeconds)
        : UpdateWriter.WriteChangesAsync(output, Header, Changes, ToLegacy, cancellationToken);
}
