using System.Text.RegularExpressions;
using Dftp.Cluster;
using Dftp.Cluster.Index;
using Dftp.Cluster.Peers;
using Dftp.Tests.Scenarios.Support;

namespace Dftp.Tests.Cluster.Peers;

/// <summary>The table of transitions in the documentation of <see cref="Membership"/> is what the code does.</summary>
[TestClass]
public sealed partial class MembershipTests
{
    private const long Incarnation = 7;

    private static readonly Moment Now = new(TimeSpan.FromHours(1), TimeSpan.FromHours(1), 1_000_000);

    private static readonly NodeDescription Node = Given.Description(Given.State(Incarnation));

    private static readonly IReadOnlyList<PeerEvent> Events =
    [
        new PeerEvent.Remembered(new KnownNode(Given.Peer, Given.Address, Given.Address, 1), IsShown: false),
        new PeerEvent.Introduced(Node),
        new PeerEvent.Announced(Given.Address),
        new PeerEvent.Greeted(Node, null, RequestsFullUpdate: true, DigestHere: 0),
        new PeerEvent.Answered(Given.Address, Node, null, WasAsked: true, NamesAll: true, DigestHere: 0),
        new PeerEvent.Heard(),
        new PeerEvent.Failed(),
        new PeerEvent.Silent(),
        new PeerEvent.SaidGoodbye(Incarnation),
        new PeerEvent.UpdateBegun(),
        new PeerEvent.UpdateEnded(),
        new PeerEvent.UpdateApplied(new UpdatePosition(Incarnation, 1, 1), TellsAll: true),
        new PeerEvent.UpdateLost(),
        new PeerEvent.PushBegun(),
        new PeerEvent.PushDone(3),
        new PeerEvent.PushFailed(NeedsFullUpdate: true),
        new PeerEvent.Removed(),
        new PeerEvent.Expired(),
    ];

    [TestMethod]
    public void Table_HasEveryStateAndEvent()
    {
        var (states, rows) = ReadTable();

        CollectionAssert.AreEqual(Enum.GetValues<PeerState>(), states.ToArray());
        var kinds = typeof(PeerEvent).GetNestedTypes(System.Reflection.BindingFlags.NonPublic).Select(type => type.Name).Order().ToList();
        CollectionAssert.AreEqual(kinds, rows.Keys.Order().ToList());
        CollectionAssert.AreEqual(kinds, Events.Select(happened => happened.GetType().Name).Order().ToList());
    }

    [TestMethod]
    public void EveryTransition_IsTheOneOfTheTable()
    {
        var (states, rows) = ReadTable();
        foreach (var happened in Events)
        {
            var cells = rows[happened.GetType().Name];
            Assert.AreEqual(states.Count, cells.Count, $"{happened}");
            foreach (var (state, cell) in states.Zip(cells))
            {
                var facts = In(state);
                if (cell == "illegal")
                {
                    var error = Assert.ThrowsExactly<InvalidOperationException>(() => Membership.Next(facts, happened, Now), $"{state}, {happened}");
                    StringAssert.Contains(error.Message, state.ToString());
                    continue;
                }

                var expected = cell == "=" ? state : Enum.Parse<PeerState>(cell);
                Assert.AreEqual(expected, Membership.Next(facts, happened, Now).After.State, $"{state}, {happened}");
            }
        }
    }

    // A node that is forgotten is in no table: what still arrives for it changes nothing.
    [TestMethod]
    public void Forgotten_IgnoresEverything()
    {
        foreach (var happened in Events)
        {
            var facts = In(PeerState.Forgotten);
            Assert.AreEqual(new Transition(facts, facts), Membership.Next(facts, happened, Now), $"{happened}");
        }
    }

    [TestMethod]
    public void Remembered_IsSuspectWithSavedEntries_AndHasLeftIfItSaidGoodbye()
    {
        var known = new KnownNode(Given.Peer, Given.Address, Given.Address, 5);

        Assert.AreEqual(PeerState.Suspect, After(PeerState.Unmet, new PeerEvent.Remembered(known, IsShown: true)).State);
        Assert.AreEqual(PeerState.Left, After(PeerState.Unmet, new PeerEvent.Remembered(known with { HasLeft = true }, IsShown: false)).State);
        Assert.AreEqual(5, After(PeerState.Unmet, new PeerEvent.Remembered(known, IsShown: false)).LastAlive);
    }

    [TestMethod]
    public void StrangerThatGreets_IsGreetedBackAtOnce_AndItsRequestIsKept()
    {
        var transition = Membership.Next(In(PeerState.Unmet), Greeted(Incarnation), Now);

        Assert.IsTrue(transition.Has(PeerEffects.Ping));
        Assert.IsFalse(transition.Has(PeerEffects.Joined));
        Assert.IsTrue(transition.After.Replication.WantsFullUpdate);
        Assert.AreEqual(0, transition.After.LastAlive, "it is not known to be reachable");
        var met = Membership.Next(transition.After, Answered(Incarnation), Now);
        Assert.IsTrue(met.Has(PeerEffects.Joined));
        Assert.IsTrue(met.Has(PeerEffects.Push));
        Assert.IsTrue(met.After.Replication.WantsFullUpdate);
    }

    // A stranger can name any address in its answer. The one at which it answered is certainly its own.
    [TestMethod]
    public void StrangerThatAnswersAndNamesAThirdHost_KeepsTheAddressThatAnswered()
    {
        var elsewhere = new HostPort("10.9.9.9", 22);
        var after = After(PeerState.Unmet, new PeerEvent.Answered(
            Given.Address, Given.Description(Given.State(1), elsewhere), null, WasAsked: true, NamesAll: true, DigestHere: 0));

        Assert.AreEqual(Given.Address, after.ManagementAddress);
    }

    [TestMethod]
    public void MessageOfAnEarlierIncarnation_IsDoubted_UntilASecondAnswerConfirmsIt()
    {
        foreach (var state in new[] { PeerState.Alive, PeerState.Suspect })
        {
            var greeted = Membership.Next(In(state), Greeted(Incarnation - 1), Now);
            Assert.AreEqual((Incarnation, PeerState.Alive), (greeted.After.Incarnation, greeted.After.State));
            Assert.IsTrue(greeted.Has(PeerEffects.Ping), "a ping settles the doubt");

            var once = Membership.Next(In(state), Answered(Incarnation - 1), Now);
            Assert.AreEqual((Incarnation, Incarnation - 1), (once.After.Incarnation, once.After.DoubtedIncarnation));
            var twice = Membership.Next(once.After, Answered(Incarnation - 1), Now);
            Assert.AreEqual(Incarnation - 1, twice.After.Incarnation);
            Assert.IsTrue(twice.Has(PeerEffects.Restarted));
        }
    }

    [TestMethod]
    public void GreetingOfAnIncarnationThatSaidGoodbye_OnlyCausesAPing_AndALaterOneOrAnAnswerMakesThePeerAlive()
    {
        foreach (var delayed in new[] { Incarnation, Incarnation - 1 })
        {
            Assert.AreEqual(
                new Transition(In(PeerState.Left), In(PeerState.Left), PeerEffects.Ping),
                Membership.Next(In(PeerState.Left), Greeted(delayed), Now));
            Assert.AreEqual(PeerState.Alive, After(PeerState.Left, Answered(delayed)).State);
        }

        Assert.AreEqual(PeerState.Alive, After(PeerState.Left, Greeted(Incarnation + 1)).State);
    }

    [TestMethod]
    public void GoodbyeOfAnotherIncarnation_ChangesNothing()
    {
        foreach (var state in Enum.GetValues<PeerState>())
        {
            Assert.AreEqual(In(state), After(state, new PeerEvent.SaidGoodbye(Incarnation - 1)), $"{state}");
            Assert.AreEqual(In(state), After(state, new PeerEvent.SaidGoodbye(null)), $"{state}");
        }
    }

    [TestMethod]
    public void PresentPeerThatIsGone_LeavesTheTreeAndMustSendEverythingAgain()
    {
        foreach (var (state, happened) in from state in new[] { PeerState.Alive, PeerState.Suspect }
                                          from happened in new PeerEvent[] { new PeerEvent.Silent(), new PeerEvent.SaidGoodbye(Incarnation) }
                                          select (state, happened))
        {
            var present = In(state);
            present = present with { HasGossiped = true, Replication = present.Replication with { NeedsFullUpdate = false, IsInTree = true } };

            var transition = Membership.Next(present, happened, Now);

            Assert.IsTrue(transition.Has(PeerEffects.Leave), $"{happened}");
            Assert.IsTrue(transition.After is { HasGossiped: false, HasJoined: false, Replication: { NeedsFullUpdate: true, IsInTree: false } });
        }
    }

    // Fifty members may name the same node within a second; an announcement can be sent by anybody, at any rate.
    [TestMethod]
    public void IntroductionsWithinASecond_CauseOnePing()
    {
        foreach (var happened in new PeerEvent[] { new PeerEvent.Introduced(Node), new PeerEvent.Announced(Given.Address) })
        {
            var first = Membership.Next(In(PeerState.Dead), happened, Now);
            var second = Membership.Next(first.After, happened, Now with { Clock = Now.Clock + TimeSpan.FromSeconds(0.9) });
            var third = Membership.Next(first.After, happened, Now with { Clock = Now.Clock + TimeSpan.FromSeconds(1) });

            Assert.AreEqual((true, false, true), (first.Has(PeerEffects.Ping), second.Has(PeerEffects.Ping), third.Has(PeerEffects.Ping)));
        }
    }

    [TestMethod]
    public void AddressOfAStrangerThatDoesNotAnswer_IsReplacedByThatOfAMember()
    {
        var elsewhere = new HostPort("10.9.9.9", 7000);
        var introduced = new PeerEvent.Introduced(Given.Description(null, elsewhere));

        Assert.AreEqual(Given.Address, After(PeerState.Unmet, introduced).ManagementAddress);
        var failed = After(PeerState.Unmet, new PeerEvent.Failed());
        Assert.AreEqual(elsewhere, Membership.Next(failed, introduced, Now).After.ManagementAddress);
    }

    private static PeerFacts In(PeerState state) => new()
    {
        Name = Given.Peer,
        State = state,
        PublicAddress = Given.Address,
        ManagementAddress = Given.Address,
        Incarnation = Incarnation,
    };

    private static PeerFacts After(PeerState state, PeerEvent happened) => Membership.Next(In(state), happened, Now).After;

    private static PeerEvent.Greeted Greeted(long incarnation) =>
        new PeerEvent.Greeted(Given.Description(Given.State(incarnation)), null, RequestsFullUpdate: true, DigestHere: 0);

    private static PeerEvent.Answered Answered(long incarnation) => new PeerEvent.Answered(
        Given.Address, Given.Description(Given.State(incarnation)), null, WasAsked: true, NamesAll: true, DigestHere: 0);

    /// <summary>Reads the table from the source: the states of its head, and for each event the cells without their footnotes.</summary>
    private static (IReadOnlyList<PeerState> States, IReadOnlyDictionary<string, IReadOnlyList<string>> Rows) ReadTable()
    {
        var lines = File.ReadLines(Path.Combine(Repository.Root, "Dftp.Cluster", "Peers", "Membership.cs"))
            .Where(line => line.StartsWith("/// ", StringComparison.Ordinal) && line.Contains(" | ", StringComparison.Ordinal))
            .Select(line => line[4..].Split('|').Select(cell => Footnote().Replace(cell.Trim(), "")).ToList())
            .ToList();
        return (
            [.. lines[0].Skip(1).Select(Enum.Parse<PeerState>)],
            lines.Skip(1).ToDictionary(cells => cells[0], IReadOnlyList<string> (cells) => [.. cells.Skip(1)]));
    }

    [GeneratedRegex(" [0-9]$")]
    private static partial Regex Footnote();
}
