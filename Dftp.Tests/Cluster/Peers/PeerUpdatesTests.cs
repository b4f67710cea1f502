using Dftp.Cluster.Index;
using Dftp.Cluster.Peers;
using Dftp.Tests.Cluster.Convergence;

namespace Dftp.Tests.Cluster.Peers;

[TestClass]
public sealed class PeerUpdatesTests
{
    private static readonly PeerReply Done = new(PeerOutcome.Done, null, "");
    private static readonly PeerReply NeedsFull = new(PeerOutcome.NeedsFullUpdate, null, "it answers 409");
    private static readonly PeerReply Unreachable = new(PeerOutcome.Unreachable, null, "connection refused");

    private readonly SimulatedClock _clock = new();
    private NodeParts _node = null!;
    private Peer _peer = null!;
    private PeerUpdates _updates = null!;

    [TestInitialize]
    public void Start()
    {
        _node = Given.Node(_clock);
        Given.Meet(_node, Given.State(incarnation: 1), requests: true);
        _peer = _node.Peers.Find(Given.Peer)!;
        _updates = new PeerUpdates(_peer, _node.Context);
    }

    [TestCleanup]
    public void Stop() => _node.Dispose();

    [TestMethod]
    public void BeforeTheFirstScan_NothingIsSent() => Assert.IsNull(_updates.Next());

    [TestMethod]
    public void PeerThatRequested_GetsOneFullUpdate()
    {
        _node.Scan(Given.File("/x"));

        var update = _updates.Next()!;

        Assert.IsTrue(update.Header.IsFull);
        Assert.AreEqual(1, update.Files);
        Assert.IsTrue(_updates.Answered(update, Done));
        Assert.IsNull(_updates.Next());
    }

    [TestMethod]
    public void PeerWithoutARequest_GetsNothing()
    {
        _node.JoinHandshake.Greeted(Given.Greeting(Given.State(incarnation: 2)));
        _node.Peers.Apply(_peer, new PeerEvent.PushBegun());
        _node.Scan(Given.File("/x"));
        Assert.IsNull(_updates.Next());
    }

    [TestMethod]
    public void ChangesAfterAFullUpdate_AreSentInOneUpdateThatFollowsIt()
    {
        _node.Scan(Given.File("/x"));
        _updates.Answered(_updates.Next()!, Done);
        _node.Scan(Given.File("/x"), Given.File("/y"));
        _node.Scan(Given.File("/y"));

        var update = _updates.Next()!;

        Assert.IsFalse(update.Header.IsFull);
        Assert.AreEqual(new UpdatePosition(_node.Own.Incarnation, Sequence: 3, Since: 1), update.Header.Position);
        CollectionAssert.AreEqual(
            new[] { (EntryChangeKind.PutFile, "/y"), (EntryChangeKind.Delete, "/x") },
            update.Changes.Select(change => (change.Kind, change.Path.Value)).ToList());
    }

    [TestMethod]
    public void UpdateThatTheReceiverCannotUse_IsFollowedAtOnceByAFullOne()
    {
        _node.Scan(Given.File("/x"));
        _updates.Answered(_updates.Next()!, Done);
        _node.Scan(Given.File("/y"));

        Assert.IsTrue(_updates.Answered(_updates.Next()!, NeedsFull));
        Assert.IsTrue(_updates.Next()!.Header.IsFull);
    }

    // Without the pause the whole tree was sent in an endless loop to a peer that took this start for an earlier one.
    [TestMethod]
    public void FullUpdateThatIsRefused_IsSentAgainAfterAPauseOnly()
    {
        _node.Scan(Given.File("/x"));

        Assert.IsFalse(_updates.Answered(_updates.Next()!, NeedsFull));
        Assert.IsTrue(_updates.Next()!.Header.IsFull);
    }

    [TestMethod]
    public void FullUpdateThatDidNotArrive_IsSentAgainAndThePeerIsInDoubt()
    {
        _node.Scan(Given.File("/x"));

        Assert.IsFalse(_updates.Answered(_updates.Next()!, Unreachable));

        Assert.AreEqual(PeerState.Suspect, _peer.Facts.State);
        Assert.IsTrue(_updates.Next()!.Header.IsFull);
    }

    [TestMethod]
    public void ChangesThatDidNotArrive_AreSentAgainWithTheLaterOnes()
    {
        _node.Scan(Given.File("/x"));
        _updates.Answered(_updates.Next()!, Done);
        _node.Scan(Given.File("/y"));
        Assert.IsFalse(_updates.Answered(_updates.Next()!, Unreachable));
        _node.Scan(Given.File("/z"));

        Assert.AreEqual(new UpdatePosition(_node.Own.Incarnation, Sequence: 3, Since: 1), _updates.Next()!.Header.Position);
    }

    // A wish that comes while a full update is under way may be of a new start of the peer, which the update did not reach.
    [TestMethod]
    public void WishThatComesWhileAFullUpdateIsUnderWay_IsFulfilledAfterIt()
    {
        _node.Scan(Given.File("/x"));
        var update = _updates.Next()!;
        _node.JoinHandshake.Greeted(Given.Greeting(Given.State(incarnation: 2), requests: true));

        Assert.IsTrue(_updates.Answered(update, Done));

        Assert.IsTrue(_updates.Next()!.Header.IsFull);
    }

    // The wait for a quiet hour never ended on a node that changes all the time, and it never sent everything again.
    [TestMethod]
    public void PeerThatIsSentChangesAllTheTime_IsStillSentEverythingAtTheInterval()
    {
        _node.Scan(Given.File("/x"));
        _updates.Answered(_updates.Next()!, Done);
        _clock.Pass(_node.Context.Options.FullUpdateInterval / 2);
        _node.Scan(Given.File("/y"));
        var changes = _updates.Next()!;
        _updates.Answered(changes, Done);
        _clock.Pass(_node.Context.Options.FullUpdateInterval / 2);

        Assert.IsFalse(changes.Header.IsFull);
        Assert.IsTrue(_updates.Next()!.Header.IsFull);
    }

    // A legacy node requests updates only from nodes that are new to it.
    [TestMethod]
    public void LegacyNodeThatAnswers_GetsAFullUpdateWithoutARequest_AgainAfterItWasDead()
    {
        using var node = Given.Node(_clock);
        node.Scan(Given.File("/x"));
        node.JoinHandshake.Greeted(Given.Greeting(null));
        var updates = new PeerUpdates(node.Peers.Find(Given.Peer)!, node.Context);
        Assert.IsNull(updates.Next(), "it drops the updates of those that have not greeted it");
        for (var time = 0; time < 2; time++)
        {
            Given.Answers(node, null);
            var update = updates.Next()!;
            Assert.IsTrue(update.Header.IsFull);
            // Its next answer comes while that is under way.
            Given.Answers(node, null);
            updates.Answered(update, Done);
            Assert.IsNull(updates.Next(), "once");
            Given.Dies(node);
            node.JoinHandshake.Greeted(Given.Greeting(null));
            Assert.IsNull(updates.Next(), "it drops them again");
        }
    }

    [TestMethod]
    public void PeerThatIsDead_IsSentNothing()
    {
        _node.Scan(Given.File("/x"));
        Given.Dies(_node);
        Assert.IsNull(_updates.Next());
    }

    [TestMethod]
    public void PeerThatFellBehindTheLog_IsSentEverything()
    {
        _node.Scan(Given.File("/x"));
        _updates.Answered(_updates.Next()!, Done);
        _node.Scan([.. Enumerable.Range(0, 50_001).Select(number => Given.File($"/f{number}"))]);

        Assert.IsTrue(_updates.Next()!.Header.IsFull);
    }

    // A restart of one of two nodes that hold a million files costs nothing on the wire.
    [TestMethod]
    public void PeerThatAsksAndKnowsWhatIsHeld_IsSentNoEntriesAndTakesThemForConfirmed()
    {
        _node.Scan(Given.File("/x"));
        Asks(incarnation: 2, _node.Own.State.Digest);

        var update = _updates.Next()!;

        Assert.IsFalse(update.Header.IsFull);
        Assert.AreEqual(new UpdatePosition(_node.Own.Incarnation, Sequence: 1, Since: 1), update.Header.Position);
        Assert.AreEqual(_node.Own.State.Digest, update.Header.SinceDigest);
        Assert.AreEqual(0, update.Changes.Count);
        Assert.IsTrue(_updates.Answered(update, Done));
        Assert.IsNull(_updates.Next());
    }

    [TestMethod]
    public void PeerThatAsksAndKnowsAnEarlierState_IsSentTheChangesSince()
    {
        _node.Scan(Given.File("/x"));
        var known = _node.Own.State.Digest;
        _node.Scan(Given.File("/x"), Given.File("/y"));
        Asks(incarnation: 2, known);

        var update = _updates.Next()!;

        Assert.AreEqual((false, known), (update.Header.IsFull, update.Header.SinceDigest));
        Assert.AreEqual("/y", update.Changes.Single().Path.Value);
    }

    // The state that was kept from the last start is the one before the first change.
    [TestMethod]
    public void PeerThatKnowsTheStateBeforeTheRestart_GetsTheChangesSince()
    {
        _node.Scan(Given.File("/x", changed: 0), Given.File("/z", changed: 0));
        var known = _node.Own.State.Digest;
        using var restarted = Given.Node(_clock);
        restarted.Tree.Begin(_node.Tree.Current);
        restarted.Own.Restored();
        Given.Meet(restarted, Given.State(incarnation: 1), requests: true, knownDigest: known);
        var updates = new PeerUpdates(restarted.Peers.Find(Given.Peer)!, restarted.Context);
        Assert.IsNull(updates.Next(), "nothing is confirmed yet");
        _clock.Pass(TimeSpan.FromHours(1));
        restarted.Scan(Given.File("/x", changed: 0), Given.File("/y", changed: 0));

        var update = updates.Next()!;

        Assert.AreEqual(new UpdatePosition(restarted.Own.Incarnation, Sequence: 1, Since: 0), update.Header.Position);
        CollectionAssert.AreEquivalent(
            new[] { (EntryChangeKind.PutFile, "/y"), (EntryChangeKind.Delete, "/z") },
            update.Changes.Select(change => (change.Kind, change.Path.Value)).ToList(),
            "what stayed as it was is told by no time of change");
    }

    [TestMethod]
    public void PeerThatDoesNotKnowItAfterAll_IsSentEverythingAtOnce()
    {
        _node.Scan(Given.File("/x"));
        Asks(incarnation: 2, _node.Own.State.Digest);

        Assert.IsTrue(_updates.Answered(_updates.Next()!, NeedsFull));

        Assert.IsTrue(_updates.Next()!.Header.IsFull);
    }

    [TestMethod]
    public void PeerThatKnowsSomethingElse_IsSentEverything()
    {
        _node.Scan(Given.File("/x"));
        Asks(incarnation: 2, known: 12345);

        Assert.IsTrue(_updates.Next()!.Header.IsFull);
    }

    // The net under the changes is let down each hour; where it catches nothing, it is a few hundred bytes.
    [TestMethod]
    public void IntervalIsOverAndThePeerKnowsAll_NoEntriesAreSent()
    {
        _node.Scan(Given.File("/x"));
        _updates.Answered(_updates.Next()!, Done);
        _clock.Pass(_node.Context.Options.FullUpdateInterval);
        _node.JoinHandshake.Greeted(Given.Greeting(Given.State(incarnation: 1), knownDigest: _node.Own.State.Digest));

        var update = _updates.Next()!;

        Assert.AreEqual((false, 0), (update.Header.IsFull, update.Changes.Count));
        Assert.IsTrue(_updates.Answered(update, Done));
        Assert.IsNull(_updates.Next(), "the interval starts again");
    }

    private void Asks(long incarnation, ulong known) =>
        _node.JoinHandshake.Greeted(Given.Greeting(Given.State(incarnation), requests: true, knownDigest: known));
}
