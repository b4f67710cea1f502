using Dftp.Cluster.Updates;
using Dftp.FileSystem;
using Dftp.Tests.Cluster.Convergence;

namespace Dftp.Tests.Cluster.Membership;

/// <summary>Updates are applied in the order of their sender's changes, whatever order they come in.</summary>
[TestClass]
public sealed class UpdateOrderTests
{
    private NodeParts _node = null!;

    [TestInitialize]
    public void Start() => _node = Given.Node(new SimulatedClock());

    [TestCleanup]
    public void Stop() => _node.Dispose();

    [TestMethod]
    public async Task ChangesWithoutAFullUpdateBefore_AreNotApplied()
    {
        var (outcome, reason) = await Given.PushChangesAsync(_node, epoch: 1, since: 0, sequence: 1, Given.File("/x"));

        Assert.AreEqual(UpdateOutcome.NeedsFullUpdate, outcome);
        StringAssert.Contains(reason, "full");
        Assert.AreEqual(0, _node.Paths().Count);
    }

    [TestMethod]
    public async Task Gap_IsAnsweredByTheWishForAFullUpdate()
    {
        await Given.PushFullAsync(_node, epoch: 1, sequence: 1, Given.File("/x"));

        var (outcome, _) = await Given.PushChangesAsync(_node, epoch: 1, since: 2, sequence: 3, Given.File("/z"));

        Assert.AreEqual(UpdateOutcome.NeedsFullUpdate, outcome);
        CollectionAssert.AreEqual(new[] { "/x" }, _node.Paths().ToList());
    }

    [TestMethod]
    public async Task OverlappingChanges_AreApplied()
    {
        await Given.PushFullAsync(_node, epoch: 1, sequence: 1, Given.File("/x"));
        await Given.PushChangesAsync(_node, epoch: 1, since: 1, sequence: 2, Given.File("/y"));

        var (outcome, _) = await Given.PushChangesAsync(_node, epoch: 1, since: 1, sequence: 3, Given.File("/y"), Delete("/x"));

        Assert.AreEqual(UpdateOutcome.Applied, outcome);
        CollectionAssert.AreEqual(new[] { "/y" }, _node.Paths().ToList());
    }

    [TestMethod]
    public async Task SameChangesAgain_ChangeNothing()
    {
        await Given.PushFullAsync(_node, epoch: 1, sequence: 1, Given.File("/x"));
        await Given.PushChangesAsync(_node, epoch: 1, since: 1, sequence: 2, Given.File("/y"));
        var before = _node.Tree.Current;

        var (outcome, _) = await Given.PushChangesAsync(_node, epoch: 1, since: 1, sequence: 2, Given.File("/y"));

        Assert.AreEqual(UpdateOutcome.Applied, outcome);

        Assert.AreSame(before, _node.Tree.Current);
    }

    [TestMethod]
    public async Task OlderUpdates_FullOnesToo_UndoNothing()
    {
        await Given.PushFullAsync(_node, epoch: 1, sequence: 1, Given.File("/x"));
        await Given.PushChangesAsync(_node, epoch: 1, since: 1, sequence: 3, Delete("/x"));

        await Given.PushChangesAsync(_node, epoch: 1, since: 1, sequence: 2, Given.File("/x"));
        await Given.PushFullAsync(_node, epoch: 1, sequence: 2, Given.File("/x"));

        Assert.AreEqual(0, _node.Paths().Count);
    }

    [TestMethod]
    public async Task FullUpdate_PrunesWhatItsSenderNoLongerHas()
    {
        await Given.PushFullAsync(_node, epoch: 1, sequence: 1, Given.File("/a/b/x"), Given.File("/y"));

        await Given.PushFullAsync(_node, epoch: 1, sequence: 2, Given.File("/y"));

        CollectionAssert.AreEqual(new[] { "/y" }, _node.Paths().ToList());
    }

    private static EntryChange Delete(string path) => EntryChange.Delete(VirtualPath.Parse(path), 9);
}
