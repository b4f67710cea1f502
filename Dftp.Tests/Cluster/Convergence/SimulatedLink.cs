using Dftp.Cluster.Peers;

namespace Dftp.Tests.Cluster.Convergence;

/// <summary>
/// Replaces the loops for one peer: it makes the product's own decisions, one ping and one update at a time, at simulated times. It never
/// waits for a wake-up: everything that can be sent is sent in the simulation's next round.
/// </summary>
internal sealed class SimulatedLink(Peer peer, SimulatedProcess process, MembershipContext context)
{
    private static readonly TimeSpan RetryPush = TimeSpan.FromSeconds(1);

    private readonly PeerPresence _presence = new(peer, context);
    private readonly PeerUpdates _updates = new(peer, context);
    private Exchange? _ping, _push;
    private OutgoingUpdate? _searching;
    private long _nextPing = process.Time.GetTimestamp();
    private long _nextPush;

    public async Task GoOnAsync()
    {
        // A ping without an answer within its timeout has failed; a push to a peer that is gone is cancelled.
        if (_ping is { } ping && process.Time.GetElapsedTime(ping.Started) >= context.Options.PingInterval) ping.GiveUp();
        if (_push is { Presence.IsCancellationRequested: true }) (_push, _searching) = (null, null);

        if (_ping is null && process.Time.GetTimestamp() >= _nextPing) Ping();
        if (_push is { } push)
        {
            if (_searching is not { } searching) return;
            _searching = null;
            await SendAsync(searching, push);
            return;
        }

        if (process.Time.GetTimestamp() < _nextPush || _updates.Next() is not { } update) return;
        _push = new Exchange(process.Time.GetTimestamp(), peer.Presence);
        await SendAsync(update, _push);
    }

    /// <summary>Sends an update, after the questions of its search.</summary>
    private async Task SendAsync(OutgoingUpdate update, Exchange push)
    {
        if (update.Search is { Question: { } question } search)
        {
            process.Ask(update.To, peer.Name, question, reply =>
            {
                // A request has one answer; what a request that arrives twice has as a second one reaches nobody.
                if (!ReferenceEquals(search.Question, question)) return;
                if (reply.Outcome == PeerOutcome.Unreachable)
                {
                    Answered(update, push, reply);
                }
                else if (IsAwaited(push))
                {
                    search.Take(reply.Ranges);
                    _searching = update;
                }
            });
            return;
        }

        var sent = update.Search is null ? update : _updates.Searched(update);
        await process.PushAsync(sent, peer.Name, reply => Answered(sent, push, reply));
    }

    private bool IsAwaited(Exchange push) => _push == push && process.IsRunning;

    private void Answered(OutgoingUpdate update, Exchange push, PeerReply reply)
    {
        if (!IsAwaited(push)) return;
        _push = null;
        if (push.Presence.IsCancellationRequested || _updates.Answered(update, reply)) return;
        _nextPush = process.Time.GetTimestamp() + RetryPush.Ticks;
    }

    /// <summary>Pings now, unless a ping is in transit.</summary>
    public void Ping()
    {
        if (_ping is not null) return;
        if (peer.Facts.ManagementAddress is not { } address) return;

        var asks = _presence.AsksForFullUpdate;
        var ping = new Exchange(process.Time.GetTimestamp(), CancellationToken.None);
        ping.GiveUp = () => Answered(new PeerReply(PeerOutcome.Unreachable, null, "it does not answer"));
        _ping = ping;
        process.Greet(address, peer.Name, asks, Answered);

        void Answered(PeerReply reply)
        {
            if (_ping != ping || !process.IsRunning) return;
            _ping = null;
            _presence.Answered(address, asks, reply);
            _nextPing = process.Time.GetTimestamp() + _presence.NextPing.Ticks;
        }
    }

    private sealed class Exchange(long started, CancellationToken presence)
    {
        public long Started => started;

        public CancellationToken Presence => presence;

        public Action GiveUp { get; set; } = () => { };
    }
}
