using Dftp.Cluster.Index;

namespace Dftp.Cluster.Peers;

/// <summary>The state of a peer.</summary>
internal enum PeerState
{
    /// <summary>Introduced by gossip, by its own announcement or greeting; it has not answered a greeting of this node.</summary>
    Unmet,

    /// <summary>Introduced, and it has not answered for the dead-after time. It is forgotten once nobody introduces it any more.</summary>
    Unreachable,

    /// <summary>It answers.</summary>
    Alive,

    /// <summary>The last exchange with it failed. Its entries stay in the tree.</summary>
    Suspect,

    /// <summary>It did not answer for the dead-after time. Its entries are not in the tree.</summary>
    Dead,

    /// <summary>It said goodbye. Its entries are not in the tree.</summary>
    Left,

    /// <summary>It is no longer in the table. Its loops end.</summary>
    Forgotten,
}

/// <summary>What happens to a peer, or what this node does towards it.</summary>
internal abstract record PeerEvent
{
    private PeerEvent()
    {
    }

    /// <summary>Whether it may take the peer's entries out of the tree, so that no update may be applied meanwhile.</summary>
    public virtual bool MayRemoveEntries => false;

    /// <summary>It is on the list of known nodes at the start of this node.</summary>
    /// <param name="Node">What the list says.</param>
    /// <param name="IsShown">The tree has saved entries of it.</param>
    internal sealed record Remembered(KnownNode Node, bool IsShown) : PeerEvent;

    /// <summary>A member named it: gossip.</summary>
    internal sealed record Introduced(NodeDescription Node) : PeerEvent;

    /// <summary>It announced itself by multicast.</summary>
    internal sealed record Announced(HostPort ManagementAddress) : PeerEvent;

    /// <summary>It greeted this node: the first half of the handshake.</summary>
    /// <param name="Node">Its description of itself.</param>
    /// <param name="KnownDigest">The digest of what it claims to know of this node.</param>
    /// <param name="RequestsFullUpdate">It requests a full update.</param>
    /// <param name="DigestHere">The digest of its entries in the tree.</param>
    internal sealed record Greeted(NodeDescription Node, ulong? KnownDigest, bool RequestsFullUpdate, ulong DigestHere) : PeerEvent;

    /// <summary>It answered a greeting of this node: the second half of the handshake.</summary>
    /// <param name="At">The address that was greeted.</param>
    /// <param name="Node">Its description of itself.</param>
    /// <param name="KnownDigest">The digest of what it claims to know of this node.</param>
    /// <param name="WasAsked">The greeting requested a full update.</param>
    /// <param name="NamesAll">All nodes that it knows are introduced.</param>
    /// <param name="DigestHere">The digest of its entries in the tree.</param>
    internal sealed record Answered(
        HostPort At, NodeDescription Node, ulong? KnownDigest, bool WasAsked, bool NamesAll, ulong DigestHere) : PeerEvent;

    /// <summary>Another sign of life: a message of it that changes nothing.</summary>
    internal sealed record Heard : PeerEvent;

    /// <summary>A ping, a push or a read failed.</summary>
    internal sealed record Failed : PeerEvent;

    /// <summary>It has been silent for the dead-after time.</summary>
    internal sealed record Silent : PeerEvent
    {
        public override bool MayRemoveEntries => true;
    }

    /// <summary>It said goodbye.</summary>
    /// <param name="Incarnation">The incarnation that leaves. A goodbye of an earlier one was delayed.</param>
    internal sealed record SaidGoodbye(long? Incarnation) : PeerEvent
    {
        public override bool MayRemoveEntries => true;
    }

    /// <summary>One of its updates begins to arrive.</summary>
    internal sealed record UpdateBegun : PeerEvent;

    /// <summary>One of its updates has arrived, or broke off.</summary>
    internal sealed record UpdateEnded : PeerEvent;

    /// <summary>One of its updates is applied to the tree.</summary>
    /// <param name="Position">The state after it; null from a legacy node.</param>
    /// <param name="TellsAll">All its entries are known now.</param>
    internal sealed record UpdateApplied(UpdatePosition? Position, bool TellsAll) : PeerEvent;

    /// <summary>The index could not keep an update that counted as applied.</summary>
    internal sealed record UpdateLost : PeerEvent;

    /// <summary>A full update, or the changes since a digest that it knows, is being sent to it.</summary>
    internal sealed record PushBegun : PeerEvent;

    /// <summary>It took an update.</summary>
    /// <param name="Sequence">The state of this node after the update.</param>
    internal sealed record PushDone(long Sequence) : PeerEvent;

    /// <summary>It did not take an update.</summary>
    /// <param name="NeedsFullUpdate">A full update has to follow.</param>
    internal sealed record PushFailed(bool NeedsFullUpdate) : PeerEvent;

    /// <summary>The operator removes it from the list of known nodes.</summary>
    internal sealed record Removed : PeerEvent
    {
        public override bool MayRemoveEntries => true;
    }

    /// <summary>It was never reached, and nobody has introduced it for long, or its place in the table is needed.</summary>
    internal sealed record Expired : PeerEvent
    {
        public override bool MayRemoveEntries => true;
    }
}

/// <summary>What has to be done after a transition.</summary>
[Flags]
internal enum PeerEffects
{
    None = 0,

    /// <summary>Ping the peer now.</summary>
    Ping = 1,

    /// <summary>Send it an update now, if it needs one.</summary>
    Push = 2,

    /// <summary>Cancel the operations that depend on it and take its entries out of the tree.</summary>
    Leave = 4,

    /// <summary>Log that it joined.</summary>
    Joined = 8,

    /// <summary>Log that it started again.</summary>
    Restarted = 16,
}

/// <summary>The moment of an event.</summary>
/// <param name="Clock">Monotonic time, for intervals.</param>
/// <param name="Running">The time for which this process has run (<see cref="RunningTime"/>), for silence.</param>
/// <param name="UnixSeconds">The date, for reports.</param>
internal readonly record struct Moment(TimeSpan Clock, TimeSpan Running, long UnixSeconds);

/// <summary>The facts before and after an event, and what has to be done.</summary>
internal readonly record struct Transition(PeerFacts Before, PeerFacts After, PeerEffects Effects = PeerEffects.None)
{
    public bool Has(PeerEffects effect) => (Effects & effect) != 0;

    public bool Enters(PeerState state) => After.State == state && Before.State != state;
}

/// <summary>
/// The state machine of membership: <see cref="Next"/> is the only place that changes the facts of a peer. It is pure. The table says
/// which state follows; <c>=</c> means that the state stays, and <c>illegal</c> that the event cannot occur in it, which throws.
/// </summary>
/// <remarks>
/// <code>
/// event         | Unmet       | Unreachable | Alive     | Suspect   | Dead      | Left      | Forgotten
/// Remembered    | Dead 1      | illegal     | illegal   | illegal   | illegal   | illegal   | =
/// Introduced    | =           | =           | =         | =         | =         | =         | =
/// Announced     | =           | =           | =         | =         | =         | =         | =
/// Greeted       | = 2         | = 2         | Alive 3   | Alive 3   | Alive     | = 3       | =
/// Answered      | Alive       | Alive       | Alive 3   | Alive 3   | Alive     | Alive     | =
/// Heard         | =           | =           | Alive     | Alive     | Alive     | =         | =
/// Failed        | =           | =           | Suspect   | =         | =         | =         | =
/// Silent        | Unreachable | =           | Dead      | Dead      | =         | =         | =
/// SaidGoodbye 4 | Forgotten   | Forgotten   | Left      | Left      | Left      | =         | =
/// UpdateBegun   | =           | =           | =         | =         | =         | =         | =
/// UpdateEnded   | =           | =           | =         | =         | =         | =         | =
/// UpdateApplied | illegal     | illegal     | Alive     | Alive     | Alive     | Alive     | =
/// UpdateLost    | illegal     | illegal     | =         | =         | =         | =         | =
/// PushBegun     | illegal     | illegal     | =         | =         | =         | =         | =
/// PushDone      | illegal     | illegal     | Alive     | Alive     | Alive     | Alive     | =
/// PushFailed    | illegal     | illegal     | =         | =         | =         | =         | =
/// Removed       | Forgotten   | Forgotten   | = 5       | = 5       | Forgotten | Forgotten | =
/// Expired       | Forgotten   | Forgotten   | =         | =         | =         | =         | =
/// </code>
/// <list type="number">
/// <item>Suspect if the tree has saved entries of it; Left if it had said goodbye.</item>
/// <item>Everybody can greet. Only an answer to a greeting of this node, at the address that the peer greeted from, makes a member.</item>
/// <item>If the message is of an earlier incarnation than the latest known one, it is only a sign of life, and a ping settles the
/// doubt: the message was delayed, or the clock of the peer was set back before it started again. From a peer that left, a greeting of
/// the incarnation that said goodbye, or of an earlier one, is not even a sign of life; one of a later incarnation makes it Alive.</item>
/// <item>Of the known incarnation. Another one changes nothing.</item>
/// <item>A node that is present is not removed.</item>
/// </list>
/// </remarks>
internal static class Membership
{
    /// <summary>
    /// Introductions of one peer within this time cause one ping: many members can name the same peer, and anybody can announce it.
    /// </summary>
    private static readonly TimeSpan IntroductionPause = TimeSpan.FromSeconds(1);

    /// <summary>Updates arrive within a tenth of a second. A lost one must be repaired within ten seconds.</summary>
    private static readonly TimeSpan MaxLag = TimeSpan.FromSeconds(2);

    /// <summary>The facts after an event, and what has to be done.</summary>
    /// <exception cref="InvalidOperationException">The event is illegal in the state of the peer.</exception>
    public static Transition Next(PeerFacts facts, PeerEvent happened, Moment now)
    {
        if (facts.State == PeerState.Forgotten) return new(facts, facts);
        return happened switch
        {
            PeerEvent.Remembered remembered => Remember(facts, remembered),
            PeerEvent.Introduced introduced => Introduce(facts, introduced.Node, now),
            PeerEvent.Announced announced => Announce(facts, announced.ManagementAddress, now),
            PeerEvent.Greeted greeted when facts.IsStranger => GreetStranger(facts, greeted, now),
            PeerEvent.Greeted { Node: var node } when IsDoubted(facts, node, isAnswer: false) =>
                Doubt(facts, facts.DoubtedIncarnation, now),
            PeerEvent.Greeted greeted => GreetMember(facts, greeted, now),
            PeerEvent.Answered { Node: var node } when IsDoubted(facts, node, isAnswer: true) => Doubt(facts, node.State?.Incarnation, now),
            PeerEvent.Answered answered => Answer(facts, answered, now),
            PeerEvent.Heard => new(facts, facts.IsStranger || facts.State == PeerState.Left ? facts : Hear(facts, now)),
            PeerEvent.Failed => new(facts, facts with
            {
                State = facts.State == PeerState.Alive ? PeerState.Suspect : facts.State,
                Failures = facts.Failures + 1,
            }),
            PeerEvent.Silent => facts.State switch
            {
                PeerState.Unmet => new(facts, facts with { State = PeerState.Unreachable }),
                PeerState.Alive or PeerState.Suspect => Leave(facts, PeerState.Dead),
                _ => new(facts, facts),
            },
            PeerEvent.SaidGoodbye goodbye when goodbye.Incarnation == facts.Incarnation => facts.State switch
            {
                PeerState.Alive or PeerState.Suspect => Leave(facts, PeerState.Left),
                PeerState.Dead => new(facts, facts with { State = PeerState.Left }),
                PeerState.Left => new(facts, facts),
                _ => Forget(facts),
            },
            PeerEvent.SaidGoodbye => new(facts, facts),
            PeerEvent.Removed => facts.IsPresent ? new(facts, facts) : Forget(facts),
            PeerEvent.Expired => facts.IsStranger ? Forget(facts) : new(facts, facts),
            PeerEvent.UpdateBegun => new(facts, facts with { Replication = facts.Replication.ReceivingMore(1) }),
            PeerEvent.UpdateEnded => new(facts, facts with { Replication = facts.Replication.ReceivingMore(-1) }),
            _ when facts.IsStranger => throw Illegal(facts, happened),
            PeerEvent.UpdateApplied applied => new(facts, Hear(facts, now) with
            {
                Replication = facts.Replication.Apply(applied.Position, applied.TellsAll, now.UnixSeconds),
            }),
            PeerEvent.UpdateLost => new(facts, facts with
            {
                Replication = facts.Replication with { Applied = null, NeedsFullUpdate = true },
            }),
            PeerEvent.PushBegun => new(facts, facts with
            {
                // A request that arrives during this update is a new one. The digest that the peer claims to know is used once.
                Replication = facts.Replication with { WantsFullUpdate = false, KnownDigest = null },
            }),
            PeerEvent.PushDone done => new(facts, Hear(facts, now) with
            {
                Replication = facts.Replication with { PushedSequence = done.Sequence, LastUpdatePushed = now.UnixSeconds },
            }),
            PeerEvent.PushFailed { NeedsFullUpdate: true } => new(facts, facts with
            {
                Replication = facts.Replication with { WantsFullUpdate = true },
            }),
            PeerEvent.PushFailed => new(facts, facts),
            _ => throw Illegal(facts, happened),
        };
    }

    private static Transition Remember(PeerFacts facts, PeerEvent.Remembered remembered)
    {
        if (facts.State != PeerState.Unmet) throw Illegal(facts, remembered);
        var node = remembered.Node;
        return new(facts, facts with
        {
            State = remembered.IsShown ? PeerState.Suspect : node.HasLeft ? PeerState.Left : PeerState.Dead,
            PublicAddress = node.PublicAddress,
            ManagementAddress = node.ManagementAddress,
            ServesReads = node.ServesReads,
            Certificate = node.Certificate,
            LastAlive = node.LastAlive,
        });
    }

    /// <summary>An address from another node is used only if none is known, or if that of a stranger does not work.</summary>
    private static Transition Introduce(PeerFacts facts, NodeDescription node, Moment now)
    {
        var keepsAddress = facts.ManagementAddress is not null && !(facts.IsStranger && facts.Failures > 0);
        var after = Named(facts, now) with
        {
            ManagementAddress = keepsAddress ? facts.ManagementAddress : node.ManagementAddress,
            PublicAddress = keepsAddress ? facts.PublicAddress : node.PublicAddress,
            IsGossiped = true,
        };
        return new(facts, after, facts.IsPresent || IsNamedAgain(facts, now) ? PeerEffects.None : PeerEffects.Ping);
    }

    /// <summary>An announcement may mean that the node restarted. A ping detects that now rather than at the next one.</summary>
    private static Transition Announce(PeerFacts facts, HostPort managementAddress, Moment now)
    {
        var after = Named(facts, now) with
        {
            ManagementAddress = facts.State == PeerState.Alive ? facts.ManagementAddress : managementAddress,
        };
        return new(facts, after, IsNamedAgain(facts, now) ? PeerEffects.None : PeerEffects.Ping);
    }

    private static Transition GreetStranger(PeerFacts facts, PeerEvent.Greeted greeted, Moment now)
    {
        var after = Named(facts, now) with
        {
            PublicAddress = greeted.Node.PublicAddress,
            ManagementAddress = greeted.Node.ManagementAddress,
            IsLegacy = greeted.Node.State is null,
            Incarnation = greeted.Node.State?.Incarnation ?? 0,
            LastGreeting = now.Clock,
            Replication = greeted.RequestsFullUpdate ? facts.Replication with { WantsFullUpdate = true } : facts.Replication,
        };
        return new(facts, after, PeerEffects.Ping);
    }

    private static Transition GreetMember(PeerFacts facts, PeerEvent.Greeted greeted, Moment now)
    {
        var (after, effects) = Meet(facts, greeted.Node, greeted.KnownDigest, wasAsked: false, greeted.DigestHere, now);
        after = after with { LastGreeting = now.Clock };
        if (greeted.RequestsFullUpdate)
        {
            after = after with { Replication = after.Replication with { WantsFullUpdate = true } };
            effects |= PeerEffects.Push;
        }

        // A node that introduces itself by a greeting is greeted back with a request for a full update.
        return new(facts, after, after.Replication.AsksForFullUpdate(now.Clock) ? effects | PeerEffects.Ping : effects);
    }

    private static Transition Answer(PeerFacts facts, PeerEvent.Answered answered, Moment now)
    {
        var (after, effects) = Meet(facts, answered.Node, answered.KnownDigest, answered.WasAsked, answered.DigestHere, now);
        // A stranger may name any address. The one at which it answered is its own.
        if (facts.IsStranger && facts.ManagementAddress == answered.At) after = after with { ManagementAddress = answered.At };
        return new(facts, after with { HasGossiped = after.HasGossiped || answered.NamesAll }, effects | PeerEffects.Push);
    }

    /// <summary>A member describes itself, in a greeting or in an answer.</summary>
    private static (PeerFacts After, PeerEffects Effects) Meet(
        PeerFacts facts, NodeDescription node, ulong? knownDigest, bool wasAsked, ulong digestHere, Moment now)
    {
        var incarnation = node.State?.Incarnation ?? 0;
        var isStart = !facts.IsPresent || facts.Incarnation != incarnation;
        // A node with several interfaces is heard from several addresses: the working one is kept.
        var keepsAddress = !isStart && facts is { State: PeerState.Alive, ManagementAddress: not null };
        var replication = facts.Replication;
        var after = Hear(facts, now) with
        {
            State = PeerState.Alive,
            PublicAddress = keepsAddress ? facts.PublicAddress : node.PublicAddress,
            ManagementAddress = keepsAddress ? facts.ManagementAddress : node.ManagementAddress,
            ServesReads = node.ServesReads,
            Certificate = node.Certificate ?? facts.Certificate,
            IsLegacy = node.State is null,
            Incarnation = incarnation,
            DoubtedIncarnation = null,
            Unconfirmed = node.Unconfirmed,
            Replication = Compared(
                replication with
                {
                    Announced = node.State,
                    Applied = replication.Applied?.Incarnation > incarnation ? null : replication.Applied,
                    AskedAt = wasAsked ? now.Clock : isStart ? null : replication.AskedAt,
                    KnownDigest = knownDigest,
                    PushedSequence = isStart ? null : replication.PushedSequence,
                },
                digestHere, now.Clock),
        };
        var joins = !facts.IsPresent || IsMetAgain(facts);
        return (after, joins ? PeerEffects.Joined : facts.Incarnation != incarnation ? PeerEffects.Restarted : PeerEffects.None);
    }

    /// <summary>Requests a full update if the state that the peer announced is not the known one.</summary>
    private static ReplicationFacts Compared(ReplicationFacts facts, ulong digestHere, TimeSpan now)
    {
        if (facts.Announced is not { } announced || facts.NeedsFullUpdate) return facts;
        if (facts.Applied is not { } applied || applied.Incarnation != announced.Incarnation)
            return facts with { NeedsFullUpdate = true };
        if (applied.Sequence >= announced.Sequence)
        {
            var differs = applied.Sequence == announced.Sequence && digestHere != announced.Digest;
            return facts with { LagsSince = null, NeedsFullUpdate = differs };
        }

        // An update that leads to that state is probably on its way. If it has not arrived after this time, it was lost.
        if (facts.LagsSince is not { } since) return facts with { LagsSince = now };
        return now - since < MaxLag ? facts : facts with { LagsSince = null, NeedsFullUpdate = true };
    }

    private static bool IsDoubted(PeerFacts facts, NodeDescription node, bool isAnswer) =>
        node.State is { Incarnation: var incarnation } && facts.HasEnded(incarnation)
        && (isAnswer ? facts.IsPresent && facts.DoubtedIncarnation != incarnation : facts.State != PeerState.Dead);

    private static Transition Doubt(PeerFacts facts, long? doubted, Moment now) =>
        new(facts, (facts.State == PeerState.Left ? facts : Hear(facts, now)) with { DoubtedIncarnation = doubted }, PeerEffects.Ping);

    /// <summary>Whether the peer is known from before this node's start and is met for the first time since.</summary>
    private static bool IsMetAgain(PeerFacts facts) =>
        facts is { State: PeerState.Suspect, Incarnation: 0, Replication: { IsInTree: false, LastFullUpdateReceived: 0 } };

    private static bool IsNamedAgain(PeerFacts facts, Moment now) =>
        facts.LastIntroduced is { } last && now.Clock - last < IntroductionPause;

    private static PeerFacts Named(PeerFacts facts, Moment now) => facts with
    {
        LastIntroduced = now.Clock,
        IntroducedSince = facts.IntroducedSince == 0 ? now.UnixSeconds : facts.IntroducedSince,
    };

    private static PeerFacts Hear(PeerFacts facts, Moment now) => facts with
    {
        State = PeerState.Alive,
        Failures = 0,
        LastAnswer = now.Running,
        LastAlive = now.UnixSeconds,
    };

    private static Transition Leave(PeerFacts facts, PeerState state) => new(
        facts,
        facts with { State = state, HasGossiped = false, Replication = facts.Replication.Reset() },
        PeerEffects.Leave);

    private static Transition Forget(PeerFacts facts) => new(
        facts,
        facts with { State = PeerState.Forgotten },
        PeerEffects.Ping | PeerEffects.Push | (facts.IsStranger ? PeerEffects.None : PeerEffects.Leave));

    private static InvalidOperationException Illegal(PeerFacts facts, PeerEvent happened) =>
        new($"{happened.GetType().Name} is illegal while {facts.Name} is {facts.State}");
}
