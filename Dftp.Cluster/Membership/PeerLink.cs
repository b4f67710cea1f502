using Dftp.Cluster.Updates;

namespace Dftp.Cluster.Membership;

/// <summary>
/// All that this node does towards one peer, for as long as the process lives: one loop asks whether it is there, another sends it
/// what this node holds.
/// </summary>
internal sealed class PeerLink(Peer peer, MembershipContext context)
{
    /// <summary>After a push that the peer could not use or did not take: long enough not to burden it, short against a ping.</summary>
    private static readonly TimeSpan RetryPush = TimeSpan.FromSeconds(1);

    /// <summary>A suspect is asked again so often, to know soon whether it is well or gone.</summary>
    private static readonly TimeSpan RetrySuspect = TimeSpan.FromSeconds(1);

    /// <summary>One that is away is asked for ever, at last so rarely. A healed network is noticed within this.</summary>
    private static readonly TimeSpan RetryAway = TimeSpan.FromSeconds(8);

    private readonly MembershipContext _context = context;
    private string _lastReason = "";
    private int _triesSinceGone;

    public Peer Peer => peer;

    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(PingLoopAsync(cancellationToken), PushLoopAsync(cancellationToken));

    private async Task PingLoopAsync(CancellationToken cancellationToken)
    {
        while (!peer.Facts.IsForgotten)
        {
            if (peer.Facts.ManagementAddress is { } address) await PingAsync(address, cancellationToken);
            else if (IsSilentFor(_context.Options.DeadAfter) && _context.Peers.Leave(peer)) _context.Log.NeverMet(peer.Name);
            await peer.PingNow.WaitAsync(NextPing(), _context.Time, cancellationToken);
        }
    }

    private TimeSpan NextPing()
    {
        var facts = peer.Facts;
        return facts.State switch
        {
            PeerState.Away => TimeSpan.FromSeconds(Math.Min(RetryAway.TotalSeconds, 1 << Math.Min(_triesSinceGone, 10))),
            PeerState.Suspect when RetrySuspect < _context.Options.PingInterval => RetrySuspect,
            _ => _context.Options.PingInterval,
        };
    }

    private async Task PingAsync(HostPort address, CancellationToken cancellationToken)
    {
        var needsFull = _context.Peers.AsksForFullUpdate(peer.Facts);
        var reply = await _context.Client.GreetAsync(address, _context.Me(), needsFull, isLeaving: false, cancellationToken);
        if (reply.Answer is { } answer && answer.Me.Name == peer.Name)
        {
            _triesSinceGone = 0;
            _lastReason = "";
            _context.Answered(address, answer, needsFull);
            peer.PushNow.Raise();
            return;
        }

        if (reply.Answer is { } other) _context.Answered(address, other, needsFull);
        Failed(reply.Answer is { } stranger ? $"{address} is now the node {stranger.Me.Name}" : reply.Reason);
    }

    private void Failed(string reason)
    {
        if (PeerTable.Suspect(peer)) _context.Log.PeerSuspect(peer.Name, reason);
        else if (reason != _lastReason && peer.Facts.State == PeerState.Away) _context.Log.PeerStillAway(peer.Name, reason);
        _lastReason = reason;
        _triesSinceGone++;
        // The second failure is asked for too: after this machine was asleep, the first one may be about a connection of long ago.
        if (peer.Facts is { State: not PeerState.Away, Failures: >= 2 } && IsSilentFor(_context.Options.DeadAfter) && _context.Peers.Leave(peer))
        {
            _triesSinceGone = 0;
            if (peer.Facts.LastAlive > 0) _context.Log.PeerGone(peer.Name, reason);
            else _context.Log.NeverReached(peer.Name, reason);
        }
    }

    private bool IsSilentFor(TimeSpan span) => _context.Time.GetElapsedTime(peer.Facts.LastAnswer) >= span;

    private async Task PushLoopAsync(CancellationToken cancellationToken)
    {
        var pause = _context.Options.FullUpdateInterval;
        while (!peer.Facts.IsForgotten)
        {
            var wasWoken = await peer.PushNow.WaitAsync(pause, _context.Time, cancellationToken);
            if (!wasWoken && pause == _context.Options.FullUpdateInterval) peer.Change(facts => facts with { WantsFullUpdate = facts.PushedSequence is not null });
            pause = await PushAllAsync(cancellationToken) ? _context.Options.FullUpdateInterval : RetryPush;
        }
    }

    /// <returns>False when something is left to be sent.</returns>
    private async Task<bool> PushAllAsync(CancellationToken cancellationToken)
    {
        while (peer.Facts is { IsPresent: true, ManagementAddress: { } address } facts && _context.Own.IsScanned)
        {
            using var present = CancellationTokenSource.CreateLinkedTokenSource(peer.Presence, cancellationToken);
            PeerReply reply;
            try
            {
                if (facts.WantsFullUpdate) reply = await PushFullAsync(address, facts, present.Token);
                else if (facts.PushedSequence is { } pushed && pushed < _context.Own.State.Sequence)
                    reply = await PushChangesAsync(address, facts, pushed, present.Token);
                else return true;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return true;
            }

            switch (reply.Outcome)
            {
                case PeerOutcome.Done:
                    break;
                case PeerOutcome.NeedsFullUpdate:
                    peer.Change(now => now with { WantsFullUpdate = true });
                    break;
                default:
                    _context.Log.PushFailed(peer.Name, reply.Reason);
                    if (reply.Outcome == PeerOutcome.Unreachable)
                    {
                        PeerTable.Suspect(peer);
                        peer.PingNow.Raise();
                    }

                    return false;
            }
        }

        return true;
    }

    private async Task<PeerReply> PushFullAsync(HostPort address, PeerFacts facts, CancellationToken cancellationToken)
    {
        var (tree, position) = _context.Own.Full();
        var started = _context.Time.GetTimestamp();
        var header = new UpdateHeader(_context.Me().Name, IsFull: true, Now(), position);
        // A wish that comes while this one is under way is a new one.
        peer.Change(now => now with { WantsFullUpdate = false });
        var reply = await _context.Client.PushAsync(
            address, !facts.IsOriginal, (output, token) => UpdateWriter.WriteFullAsync(output, header, tree, token), cancellationToken);
        if (reply.Outcome != PeerOutcome.Done)
        {
            peer.Change(now => now with { WantsFullUpdate = true });
            return reply;
        }

        Pushed(position);
        _context.Log.PushedFull(peer.Name, tree.HoldingOf(header.Sender).Files, _context.Time.GetElapsedTime(started).TotalMilliseconds);
        return reply;
    }

    private async Task<PeerReply> PushChangesAsync(HostPort address, PeerFacts facts, long since, CancellationToken cancellationToken)
    {
        var (changes, position) = _context.Own.Since(since);
        if (changes is null) return new PeerReply(PeerOutcome.NeedsFullUpdate, null, "");
        var header = new UpdateHeader(_context.Me().Name, IsFull: false, Now(), position);
        var reply = await _context.Client.PushAsync(
            address, !facts.IsOriginal, (output, token) => UpdateWriter.WriteChangesAsync(output, header, changes, facts.IsOriginal, token), cancellationToken);
        if (reply.Outcome == PeerOutcome.Done) Pushed(position);
        return reply;
    }

    private void Pushed(UpdatePosition position)
    {
        _context.Peers.Heard(peer);
        peer.Change(now => now with { PushedSequence = position.Sequence, LastUpdatePushed = Now() });
    }

    private long Now() => _context.Time.GetUtcNow().ToUnixTimeSeconds();
}
