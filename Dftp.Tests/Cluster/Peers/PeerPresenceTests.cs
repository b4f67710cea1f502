using Dftp.Cluster.Peers;
using Dftp.FileSystem;
using Dftp.Tests.Cluster.Convergence;

namespace Dftp.Tests.Cluster.Peers;

[TestClass]
public sealed class PeerPresenceTests
{
    private static readonly PeerReply Silence = new(PeerOutcome.Unreachable, null, "it does not answer");

    private readonly SimulatedClock _clock = new();
    private NodeParts _node = null!;
    private Peer _peer = null!;
    private PeerPresence _presence = null!;

    [TestInitialize]
    public void Start()
    {
        _node = Given.Node(_clock);
        Given.Meet(_node, Given.State(1));
        _peer = _node.Peers.Find(Given.Peer)!;
        _presence = new PeerPresence(_peer, _node.Context);
    }

    [TestCleanup]
    public void Stop() => _node.Dispose();

    [TestMethod]
    public void NoAnswer_IsSuspectAndPingedAgainSoon()
    {
        Assert.IsTrue(_presence.IsPingDue);

        _presence.Answered(Given.Address, false, Silence);

        Assert.AreEqual(PeerState.Suspect, _peer.Facts.State);
        Assert.AreEqual(TimeSpan.FromSeconds(1), _presence.NextPing);
    }

    [TestMethod]
    public async Task NoAnswerForTheDeadTimeout_IsDeadAndItsEntriesAreRemoved()
    {
        await Given.PushFullAsync(_node, incarnation: 1, sequence: 1, Given.File("/x"));
        for (var second = 0; second < 15; second++)
        {
            _presence.Answered(Given.Address, false, Silence);
            Assert.AreEqual(1, _node.Paths().Count, $"after {second} s");
            _clock.Pass(TimeSpan.FromSeconds(1));
        }

        _presence.Answered(Given.Address, false, Silence);

        Assert.AreEqual(PeerState.Dead, _peer.Facts.State);
        Assert.AreEqual(0, _node.Paths().Count);
    }

    [TestMethod]
    public async Task IsDeadForLong_WhatItHeldIsNotKeptAsideAnyLonger()
    {
        await Given.PushFullAsync(_node, incarnation: 1, sequence: 1, Given.File("/x"));
        Given.Dies(_node);
        _presence.Answered(Given.Address, false, Silence);
        Assert.IsNotNull(_peer.Retained);

        _clock.Pass(TimeSpan.FromMinutes(10));
        _presence.Answered(Given.Address, false, Silence);

        Assert.IsNull(_peer.Retained);
        Assert.IsNull(_node.Peers.DigestOf(Given.Peer));
    }

    // After this machine was asleep, the first failure may be about a connection of long ago.
    [TestMethod]
    public void FirstFailureAfterALongTime_IsNotTheEnd()
    {
        _clock.Pass(TimeSpan.FromHours(8));

        _presence.Answered(Given.Address, false, Silence);
        Assert.AreEqual(PeerState.Suspect, _peer.Facts.State);
        _presence.Answered(Given.Address, false, Silence);
        Assert.AreEqual(PeerState.Dead, _peer.Facts.State);
    }

    // Reads that were under way fail together when the process goes on, so two failures are no evidence then.
    [TestMethod]
    public async Task ThisProcessWasStoppedForLongerThanDeadAfter_PeerIsKeptWhateverFails()
    {
        using var node = await NodeWithAFileAsync();
        node.Clock.Pass(TimeSpan.FromSeconds(40));

        node.Peer.Suspect();
        node.Peer.Suspect();
        node.Presence.Answered(Given.Address, false, Silence);

        Assert.AreEqual(PeerState.Suspect, node.Peer.Facts.State);
        Assert.AreEqual(1, node.Parts.Paths().Count);
    }

    // One turn in three seconds: of each three at most one and a quarter counts.
    [TestMethod]
    public async Task ThisProcessRunsNowAndThenOnly_PeerIsKeptUntilItWasSilentForDeadAfterOfRunningTime()
    {
        using var node = await NodeWithAFileAsync();
        for (var turn = 1; turn < 12; turn++)
        {
            node.Clock.Pass(TimeSpan.FromSeconds(3));
            node.Running.Tick();
            node.Presence.Answered(Given.Address, false, Silence);
            Assert.AreEqual(PeerState.Suspect, node.Peer.Facts.State, $"after {turn} turns");
        }

        node.Clock.Pass(TimeSpan.FromSeconds(3));
        node.Running.Tick();
        node.Presence.Answered(Given.Address, false, Silence);

        Assert.AreEqual(PeerState.Dead, node.Peer.Facts.State);
    }

    [TestMethod]
    public async Task PeerEndsWhileThisProcessIsStopped_IsGoneOnceDeadAfterHasPassedSince()
    {
        using var node = await NodeWithAFileAsync();
        node.Clock.Pass(TimeSpan.FromSeconds(40));
        for (var second = 0; second < 15; second++)
        {
            node.Presence.Answered(Given.Address, false, Silence);
            node.Clock.Pass(TimeSpan.FromSeconds(1));
            node.Running.Tick();
        }

        node.Presence.Answered(Given.Address, false, Silence);

        Assert.AreEqual(0, node.Parts.Paths().Count);
    }

    [TestMethod]
    public void Dead_IsPingedIndefinitelyWithBackOff()
    {
        Given.Dies(_node);
        var pauses = new List<double>();
        for (var count = 0; count < 40; count++)
        {
            pauses.Add(_presence.NextPing.TotalSeconds);
            _presence.Answered(Given.Address, false, Silence);
        }

        CollectionAssert.AreEqual(new double[] { 1, 2, 4, 8, 8 }, pauses[..5]);
        Assert.AreEqual(8, pauses[^1]);
    }

    [TestMethod]
    public void Answers_AfterItWasDead_IsAliveAndRecordedAsRequested()
    {
        Given.Dies(_node);
        Assert.IsTrue(_presence.AsksForFullUpdate);

        var answer = new ClusterAnswer("home", Given.Description(Given.State(1)), []);
        _presence.Answered(Given.Address, true, new PeerReply(PeerOutcome.Done, answer, ""));

        Assert.AreEqual(PeerState.Alive, _peer.Facts.State);
        Assert.IsFalse(_presence.AsksForFullUpdate, "it was asked just now");
    }

    [TestMethod]
    public void AnotherNodeAnswersAtItsAddress_OtherIsGreetedThereAndThisOneSuspect()
    {
        var other = Given.Description(Given.State(9)) with { Name = NodeName.Parse("other") };

        _presence.Answered(Given.Address, false, new PeerReply(PeerOutcome.Done, new ClusterAnswer("home", other, []), ""));

        Assert.AreEqual(PeerState.Suspect, _peer.Facts.State);
        var facts = _node.Peers.Find(other.Name)!.Facts;
        Assert.AreEqual((PeerState.Unmet, Given.Address), (facts.State, facts.ManagementAddress));
    }

    // One host could answer each greeting with a new name, and each name would be greeted at once.
    [TestMethod]
    public void AnotherNameInEachAnswer_NamesAreLimited()
    {
        for (var number = 0; number < 1000; number++)
        {
            var other = Given.Description(Given.State(9)) with { Name = NodeName.Parse($"other{number}") };
            _presence.Answered(Given.Address, false, new PeerReply(PeerOutcome.Done, new ClusterAnswer("home", other, []), ""));
        }

        Assert.AreEqual(Strangers.MaxPerSource, _node.Peers.All.Count(peer => peer.Facts.IsStranger));
    }

    // A stranger that nobody introduces any more is forgotten; so the table does not fill with what was there once.
    [TestMethod]
    public void StrangerThatDoesNotAnswer_IsUnreachable_ThenForgottenUnlessItIsIntroducedAgain()
    {
        var stranger = NodeName.Parse("stranger");
        _node.JoinHandshake.Announced(stranger, Given.Address);
        var peer = _node.Peers.Find(stranger)!;
        var presence = new PeerPresence(peer, _node.Context);
        Fail(TimeSpan.FromSeconds(15));
        Assert.AreEqual(PeerState.Unreachable, peer.Facts.State);
        Fail(TimeSpan.FromSeconds(100));
        _node.JoinHandshake.Announced(stranger, Given.Address);
        Fail(TimeSpan.FromSeconds(179));
        Assert.AreEqual(PeerState.Unreachable, peer.Facts.State);

        Fail(TimeSpan.FromSeconds(1));

        Assert.AreEqual(PeerState.Forgotten, peer.Facts.State);
        Assert.IsNull(_node.Peers.Find(stranger));
        _node.JoinHandshake.Announced(stranger, Given.Address);
        Assert.AreEqual(PeerState.Unmet, _node.Peers.Find(stranger)!.Facts.State, "it can come back");

        void Fail(TimeSpan after)
        {
            presence.Answered(Given.Address, false, Silence);
            _clock.Pass(after);
            presence.Answered(Given.Address, false, Silence);
        }
    }

    // A greeting of the peer stands for a ping of one's own; n comes before p, so n pings after one interval of silence.
    [TestMethod]
    public async Task PeerGreets_PingOfOnesOwnIsSparedUntilAnIntervalLater()
    {
        await Given.PushFullAsync(_node, incarnation: 1, sequence: 0);
        _presence.Answered(Given.Address, false, Answer);
        Assert.AreEqual(TimeSpan.FromSeconds(5), _presence.NextPing);

        _clock.Pass(TimeSpan.FromSeconds(4));
        _node.JoinHandshake.Greeted(Given.Greeting(Given.State(1)));
        _clock.Pass(TimeSpan.FromSeconds(2));

        Assert.IsFalse(_presence.IsPingDue);
        Assert.AreEqual(TimeSpan.FromSeconds(3), _presence.NextPing);
        _clock.Pass(TimeSpan.FromSeconds(3));
        Assert.IsTrue(_presence.IsPingDue);
    }

    // Who can be heard need not be reachable.
    [TestMethod]
    public async Task PeerGreetsAgainAndAgain_IsPingedAllTheSameNowAndThen()
    {
        await Given.PushFullAsync(_node, incarnation: 1, sequence: 0);
        _presence.Answered(Given.Address, false, Answer);

        for (var second = 0; second < 30; second++)
        {
            Assert.IsFalse(_presence.IsPingDue && second > 0, $"after {second} s");
            _node.JoinHandshake.Greeted(Given.Greeting(Given.State(1)));
            _clock.Pass(TimeSpan.FromSeconds(1));
        }

        Assert.IsTrue(_presence.IsPingDue);
    }

    private static PeerReply Answer => new(PeerOutcome.Done, new ClusterAnswer("home", Given.Description(Given.State(1)), []), "");

    private static async Task<StarvedNode> NodeWithAFileAsync()
    {
        var node = new StarvedNode();
        await Given.PushFullAsync(node.Parts, incarnation: 1, sequence: 1, Given.File("/x"));
        return node;
    }

    /// <summary>A node that knows a peer, and whose process runs when the test says so.</summary>
    private sealed class StarvedNode : IDisposable
    {
        public StarvedNode()
        {
            Running = RunningTime.Simulate(Clock, isNeverLate: false);
            Parts = Given.Node(Clock, Running);
            Given.Meet(Parts, Given.State(1));
            Peer = Parts.Peers.Find(Given.Peer)!;
            Presence = new PeerPresence(Peer, Parts.Context);
        }

        public SimulatedClock Clock { get; } = new();

        public RunningTime Running { get; }

        public NodeParts Parts { get; }

        public Peer Peer { get; }

        public PeerPresence Presence { get; }

        public void Dispose()
        {
            Parts.Dispose();
            Running.Dispose();
        }
    }
}
