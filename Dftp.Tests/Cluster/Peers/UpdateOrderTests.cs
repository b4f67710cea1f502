using Dftp.Cluster.Index;
using Dftp.Cluster.Peers;
using Dftp.FileSystem;
using Dftp.Tests.Cluster.Convergence;

namespace Dftp.Tests.Cluster.Peers;

/// <summary>Updates are applied in the order of their sender's changes, whatever order they come in.</summary>
[TestClass]
public sealed class UpdateOrderTests
{
    private NodeParts _node = null!;

    [TestInitialize]
    public void Start()
    {
        _node = Given.Node(new SimulatedClock());
        Given.Meet(_node, Given.State(1));
    }

    [TestCleanup]
    public void Stop() => _node.Dispose();

    [TestMethod]
    public async Task ChangesWithoutAFullUpdateBefore_AreNotApplied()
    {
        var (outcome, reason) = await Given.PushChangesAsync(_node, incarnation: 1, since: 0, sequence: 1, Given.File("/x"));

        Assert.AreEqual(UpdateOutcome.NeedsFullUpdate, outcome);
        StringAssert.Contains(reason, "full");
        Assert.AreEqual(0, _node.Paths().Count);
    }

    [TestMethod]
    public async Task Gap_IsAnsweredByTheWishForAFullUpdate()
    {
        await Given.PushFullAsync(_node, incarnation: 1, sequence: 1, Given.File("/x"));

        var (outcome, _) = await Given.PushChangesAsync(_node, incarnation: 1, since: 2, sequence: 3, Given.File("/z"));

        Assert.AreEqual(UpdateOutcome.NeedsFullUpdate, outcome);
        CollectionAssert.AreEqual(new[] { "/x" }, _node.Paths().ToList());
    }

    [TestMethod]
    public async Task OverlappingChanges_AreApplied()
    {
        await Given.PushFullAsync(_node, incarnation: 1, sequence: 1, Given.File("/x"));
        await Given.PushChangesAsync(_node, incarnation: 1, since: 1, sequence: 2, Given.File("/y"));

        var (outcome, _) = await Given.PushChangesAsync(_node, incarnation: 1, since: 1, sequence: 3, Given.File("/y"), Delete("/x"));

        Assert.AreEqual(UpdateOutcome.Applied, outcome);
        CollectionAssert.AreEqual(new[] { "/y" }, _node.Paths().ToList());
    }

    [TestMethod]
    public async Task SameChangesAgain_ChangeNothing()
    {
        await Given.PushFullAsync(_node, incarnation: 1, sequence: 1, Given.File("/x"));
        await Given.PushChangesAsync(_node, incarnation: 1, since: 1, sequence: 2, Given.File("/y"));
        var before = _node.Tree.Current;

        var (outcome, _) = await Given.PushChangesAsync(_node, incarnation: 1, since: 1, sequence: 2, Given.File("/y"));

        Assert.AreEqual(UpdateOutcome.Applied, outcome);

        Assert.AreSame(before, _node.Tree.Current);
    }

    [TestMethod]
    public async Task OlderUpdates_FullOnesToo_UndoNothing()
    {
        await Given.PushFullAsync(_node, incarnation: 1, sequence: 1, Given.File("/x"));
        await Given.PushChangesAsync(_node, incarnation: 1, since: 1, sequence: 3, Delete("/x"));

        await Given.PushChangesAsync(_node, incarnation: 1, since: 1, sequence: 2, Given.File("/x"));
        await Given.PushFullAsync(_node, incarnation: 1, sequence: 2, Given.File("/x"));

        Assert.AreEqual(0, _node.Paths().Count);
    }

    [TestMethod]
    public async Task FullUpdate_PrunesWhatItsSenderNoLongerHas()
    {
        await Given.PushFullAsync(_node, incarnation: 1, sequence: 1, Given.File("/a/b/x"), Given.File("/y"));

        await Given.PushFullAsync(_node, incarnation: 1, sequence: 2, Given.File("/y"));

        CollectionAssert.AreEqual(new[] { "/y" }, _node.Paths().ToList());
    }

    // A start of either node forgets positions, and states are the same all the same.
    [TestMethod]
    public async Task ChangesOfAStateThatIsKnownFromAnEarlierStart_AreAppliedAndConfirmIt()
    {
        await Given.PushFullAsync(_node, incarnation: 1, sequence: 4, Given.File("/x"));
        var known = _node.Peers.DigestOf(Given.Peer)!.Value;
        Given.Answers(_node, Given.State(incarnation: 2));

        var (outcome, _) = await Given.PushChangesOfAsync(_node, known, incarnation: 2, since: 0, sequence: 1, Given.File("/y"));

        Assert.AreEqual(UpdateOutcome.Applied, outcome);
        CollectionAssert.AreEqual(new[] { "/x", "/y" }, _node.Paths().ToList());
        var facts = _node.Peers.Find(Given.Peer)!.Facts;
        Assert.AreEqual(new UpdatePosition(2, 1, 0), facts.Replication.Applied);
        Assert.IsTrue(facts.Replication is { NeedsFullUpdate: false, IsInTree: true });
    }

    [TestMethod]
    public async Task NoChangesOfTheStateThatIsKnown_ConfirmItAndTheTreeStays()
    {
        await Given.PushFullAsync(_node, incarnation: 1, sequence: 4, Given.File("/x"));
        var before = _node.Tree.Current;

        var (outcome, _) = await Given.PushChangesOfAsync(_node, _node.Peers.DigestOf(Given.Peer)!.Value, incarnation: 2, since: 1, sequence: 1);

        Assert.AreEqual(UpdateOutcome.Applied, outcome);
        Assert.AreSame(before, _node.Tree.Current);
        Assert.AreEqual(2, _node.Peers.Find(Given.Peer)!.Facts.Replication.Applied?.Incarnation);
    }

    [TestMethod]
    public async Task ChangesOfAnotherState_AreNotApplied()
    {
        await Given.PushFullAsync(_node, incarnation: 1, sequence: 4, Given.File("/x"));

        var (outcome, _) = await Given.PushChangesOfAsync(_node, 12345, incarnation: 2, since: 0, sequence: 1, Given.File("/y"));

        Assert.AreEqual(UpdateOutcome.NeedsFullUpdate, outcome);
        CollectionAssert.AreEqual(new[] { "/x" }, _node.Paths().ToList());
    }

    [TestMethod]
    public async Task ChangesOfAKnownStateFromAnEarlierStart_UndoNothing()
    {
        await Given.PushFullAsync(_node, incarnation: 2, sequence: 1, Given.File("/x"));

        var (outcome, _) = await Given.PushChangesOfAsync(_node, _node.Peers.DigestOf(Given.Peer)!.Value, incarnation: 1, since: 1, sequence: 9, Given.File("/y"));

        Assert.AreEqual(UpdateOutcome.NeedsFullUpdate, outcome);
        CollectionAssert.AreEqual(new[] { "/x" }, _node.Paths().ToList());
    }

    // The network can deliver an update of a process that has ended. It must not show the entries again, nor an older state of them.
    [TestMethod]
    public async Task UpdateThatArrivesAfterTheGoodbyeOfItsSender_ChangesNothing()
    {
        await Given.PushFullAsync(_node, incarnation: 1, sequence: 2, Given.File("/x"));
        _node.JoinHandshake.Greeted(Given.Greeting(Given.State(1), isLeaving: true));

        var (outcome, _) = await Given.PushFullAsync(_node, incarnation: 1, sequence: 1, Given.File("/y"));

        Assert.AreEqual(UpdateOutcome.NeedsFullUpdate, outcome);
        Assert.AreEqual(0, _node.Paths().Count);
        Assert.AreEqual(PeerState.Left, _node.Peers.Find(Given.Peer)!.Facts.State);
    }

    // A goodbye takes what a node held out of the tree; one that only starts again need not send it again.
    [TestMethod]
    public async Task PeerReturnsAfterAGoodbyeWithItsEntries_TheyAreRestoredWithTheChangesSince()
    {
        await Given.PushFullAsync(_node, incarnation: 1, sequence: 4, Given.File("/d/x"), Given.File("/y"));
        var peer = _node.Peers.Find(Given.Peer)!;
        var held = _node.Peers.DigestOf(Given.Peer)!.Value;
        Given.Dies(_node);
        Assert.AreEqual(0, _node.Paths().Count);
        Assert.AreEqual(held, _node.Peers.DigestOf(Given.Peer), "its last state is still known");

        var (outcome, _) = await Given.PushChangesOfAsync(_node, held, incarnation: 2, since: 0, sequence: 1, Given.File("/z"));

        Assert.AreEqual(UpdateOutcome.Applied, outcome);
        CollectionAssert.AreEqual(new[] { "/d", "/y", "/z", "/d/x" }, _node.Paths().ToList());
        Assert.IsTrue(peer.Facts.Replication.IsInTree);
        Assert.IsNull(peer.Retained);
    }

    [TestMethod]
    public async Task PeerReturnsAfterAGoodbyeWithOtherEntries_OldOnesAreNotShown()
    {
        await Given.PushFullAsync(_node, incarnation: 1, sequence: 4, Given.File("/x"));
        Given.Dies(_node);

        await Given.PushFullAsync(_node, incarnation: 2, sequence: 1, Given.File("/y"));

        CollectionAssert.AreEqual(new[] { "/y" }, _node.Paths().ToList());
        Assert.IsNull(_node.Peers.Find(Given.Peer)!.Retained);
    }

    // The bound is that of a path, 4,096 bytes: the tree is as deep as an update can make it, on a thread of the pool.
    [TestMethod]
    public async Task DeepestPaths_AreAppliedShownAndRemoved()
    {
        var deepest = "/" + string.Join('/', Enumerable.Repeat("a", 2047));
        await Task.Run(async () =>
        {
            Assert.AreEqual(UpdateOutcome.Applied, (await Given.PushFullAsync(_node, 1, 1, Given.File(deepest))).Outcome);
            Assert.AreEqual(2047, _node.Paths().Count);
            Assert.AreEqual(UpdateOutcome.Applied, (await Given.PushChangesAsync(_node, 1, 1, 2, Given.File(deepest[..^2] + "/b"))).Outcome);
            Assert.AreEqual(2048, _node.Paths().Count);
            Given.Dies(_node);
            Assert.AreEqual(0, _node.Paths().Count);
        });
    }

    private static EntryChange Delete(string path) => EntryChange.Delete(VirtualPath.Parse(path), new Stamp(9));
}
