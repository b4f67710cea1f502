namespace Dftp.Cluster.Peers;

/// <summary>The failure detector for one peer: when to ping it, and what its answers and its silence mean. It does no I/O itself.</summary>
internal sealed class PeerPresence(Peer peer, MembershipContext context)
{
    /// <summary>The ping interval of a suspect peer, to decide soon between alive and dead; also of one whose gossip did not fit.</summary>
    private static readonly TimeSpan RetrySuspect = TimeSpan.FromSeconds(1);

    /// <summary>The longest back-off for pings to a peer that is gone. A healed network is noticed within this time.</summary>
    private static readonly TimeSpan RetryGone = TimeSpan.FromSeconds(8);

    /// <summary>A node that gets greetings from a peer still pings it itself after this many intervals.</summary>
    private const int MostSpared = 6;

    /// <summary>How long the entries of a peer that is gone are retained: longer than a restart of a machine takes.</summary>
    private static readonly TimeSpan RetainFor = TimeSpan.FromMinutes(10);

    private string _lastReason = "";
    private long? _lastPing;
    private int _triesSinceGone;

    /// <summary>Whether the next ping requests a full update.</summary>
    public bool AsksForFullUpdate => peer.Facts.Replication.AsksForFullUpdate(context.Peers.Now.Clock);

    /// <summary>How long to wait, unless woken, before a ping may be due.</summary>
    public TimeSpan NextPing => peer.Facts.State switch
    {
        PeerState.Dead or PeerState.Left or PeerState.Unreachable =>
            TimeSpan.FromSeconds(Math.Min(RetryGone.TotalSeconds, 1 << Math.Min(_triesSinceGone, 10))),
        PeerState.Suspect when RetrySuspect < context.Options.PingInterval => RetrySuspect,
        PeerState.Alive when !peer.Facts.HasGossiped && RetrySuspect < context.Options.PingInterval => RetrySuspect,
        PeerState.Alive => Remaining > TimeSpan.Zero ? Remaining : TimeSpan.Zero,
        _ => context.Options.PingInterval,
    };

    /// <summary>
    /// Whether a ping is due without a request for one. A greeting of the peer proves as much as its answer to a ping, so one of the two
    /// nodes need not ping; but not indefinitely, because a peer whose greetings arrive need not be reachable.
    /// </summary>
    public bool IsPingDue =>
        peer.Facts is not { State: PeerState.Alive, HasGossiped: true } || AsksForFullUpdate || Remaining <= TimeSpan.Zero;

    // The two nodes must not find a ping due at the same moment, so the one with the smaller name pings first.
    private TimeSpan Interval => context.Options.NodeName < peer.Name ? context.Options.PingInterval : 1.3 * context.Options.PingInterval;

    /// <summary>How long the last ping, or the peer's last greeting, still makes a ping unnecessary.</summary>
    private TimeSpan Remaining
    {
        get
        {
            if (_lastPing is not { } pinged) return TimeSpan.Zero;
            var silence = context.Time.GetElapsedTime(pinged);
            if (silence >= MostSpared * context.Options.PingInterval) return TimeSpan.Zero;
            if (peer.Facts.LastGreeting is { } greeted && context.Peers.Now.Clock - greeted is var sinceGreeting
                && sinceGreeting < silence)
                silence = sinceGreeting;
            return Interval - silence;
        }
    }

    /// <summary>Handles the outcome of a ping.</summary>
    /// <param name="address">The address that was pinged.</param>
    /// <param name="askedForFullUpdate">Whether the ping requested a full update.</param>
    /// <param name="reply">The response, or the reason why there is none.</param>
    public void Answered(HostPort address, bool askedForFullUpdate, PeerReply reply)
    {
        _lastPing = context.Time.GetTimestamp();
        if (reply.Answer is { } answer && answer.Me.Name == peer.Name)
        {
            _triesSinceGone = 0;
            _lastReason = "";
            context.Answered(address, answer, askedForFullUpdate);
            return;
        }

        if (reply.Answer is { } other) context.AnsweredAnother(address, other);
        Failed(reply.Answer is { } stranger ? $"{address} is now the node {stranger.Me.Name}" : reply.Reason);
    }

    private void Failed(string reason)
    {
        if (peer.Suspect()) context.Log.PeerSuspect(peer.Name, reason);
        else if (reason != _lastReason && IsGone) context.Log.PeerStillGone(peer.Name, reason);
        _lastReason = reason;
        _triesSinceGone++;
        context.Peers.ExpireIfDue(peer);
        if (peer.Retained is not null && IsGone && IsSilentFor(RetainFor)) PeerTable.DropRetained(peer);
        // A second ping is requested too: after this machine slept, the first failure may be of a connection that broke long ago.
        if (IsGone || peer.Facts.Failures < 2 || !IsSilentFor(context.Options.DeadAfter)) return;
        _triesSinceGone = 0;
        var transition = context.Peers.Apply(peer, new PeerEvent.Silent());
        if (transition.Enters(PeerState.Dead)) context.Log.PeerDied(peer.Name, reason);
        else if (transition.Enters(PeerState.Unreachable) && context.Limits.NeverReachedLog.Passes(out var more))
            context.Log.NeverReached(peer.Name, reason, more);
    }

    private bool IsGone => peer.Facts.State is PeerState.Dead or PeerState.Left or PeerState.Unreachable;

    private bool IsSilentFor(TimeSpan span) => context.Peers.SilenceOf(peer) >= span;
}
