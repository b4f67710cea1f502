using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Tests.Cluster.Index;

[TestClass]
public sealed class TreeMergeTests
{
    private static readonly NodeName[] Nodes = [NodeName.Parse("a"), NodeName.Parse("b"), NodeName.Parse("c")];

    [TestMethod]
    public void RandomHistories_TreeEqualsThePlainModel()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var writer = new TreeWriter();
            var model = new TreeModel();
            for (var step = 0; step < 40; step++)
            {
                var node = Nodes[random.Next(Nodes.Length)];
                switch (random.Next(10))
                {
                    case 0:
                        writer.Remove(node);
                        model.Remove(node);
                        break;
                    case 1:
                        // A full update names each path once, as a disk would.
                        var full = new TreeModel();
                        full.Apply(node, RandomChanges(random, 30));
                        var entries = full.Held(node).ToList();
                        writer.Apply(node, DirectoryPatch.Replace(TreeModel.Draft(entries)));
                        model.Replace(node, entries);
                        break;
                    default:
                        var changes = RandomChanges(random, random.Next(1, 6));
                        writer.Apply(node, TreeModel.Patch(changes));
                        model.Apply(node, changes);
                        break;
                }

                CollectionAssert.AreEqual(model.Render().ToList(), TreeModel.Render(writer.Current).ToList(), $"seed {seed}, step {step}");
                AssertSums(writer.Current, model, $"seed {seed}, step {step}");
            }
        }
    }

    [TestMethod]
    public void SameEntriesByOtherWays_SameDigest()
    {
        var random = new Random(7);
        var stepwise = new TreeWriter();
        var model = new TreeModel();
        for (var step = 0; step < 100; step++)
        {
            var changes = RandomChanges(random, 4);
            stepwise.Apply(Nodes[0], TreeModel.Patch(changes));
            model.Apply(Nodes[0], changes);
        }

        var atOnce = new TreeWriter();
        atOnce.Apply(Nodes[1], TreeModel.Patch(RandomChanges(random, 20)));
        atOnce.Apply(Nodes[0], DirectoryPatch.Replace(TreeModel.Draft(model.Held(Nodes[0]))));

        Assert.AreEqual(stepwise.Current.HoldingOf(Nodes[0]), atOnce.Current.HoldingOf(Nodes[0]));
        Assert.AreNotEqual(0UL, atOnce.Current.HoldingOf(Nodes[0]).Digest);
    }

    [TestMethod]
    public void TwoHoldersChangedTheFileWithinASecond_LaterOneOwns()
    {
        var writer = new TreeWriter();
        var file = File("/x", 1, changed: 10);
        writer.Apply(Nodes[0], TreeModel.Patch([file with { Facts = file.Facts with { Stamp = Stamp.FromSeconds(10, 65_536) } }]));
        writer.Apply(Nodes[1], TreeModel.Patch([file with { Facts = file.Facts with { Stamp = Stamp.FromSeconds(10, 131_072) } }]));

        Assert.IsTrue(writer.Current.TryFind(VirtualPath.Parse("/x"), out var entry));
        Assert.AreEqual(Nodes[1], entry.Owner);
    }

    [TestMethod]
    public void TwoHoldersHaveEqualStamps_SmallerNameOwns()
    {
        var writer = new TreeWriter();
        writer.Apply(Nodes[1], TreeModel.Patch([File("/x", 2, changed: 10)]));
        writer.Apply(Nodes[0], TreeModel.Patch([File("/x", 1, changed: 10)]));

        Assert.IsTrue(writer.Current.TryFind(VirtualPath.Parse("/x"), out var entry));
        Assert.AreEqual(Nodes[0], entry.Owner);
        Assert.AreEqual(1, entry.Size);
        Assert.AreEqual(2, entry.HolderCount);
    }

    [TestMethod]
    public void OwnerLosesTheFile_NextHolderTakesOver()
    {
        var writer = new TreeWriter();
        writer.Apply(Nodes[0], TreeModel.Patch([File("/d/x", 1, changed: 10)]));
        writer.Apply(Nodes[1], TreeModel.Patch([File("/d/x", 2, changed: 20)]));
        writer.Apply(Nodes[1], TreeModel.Patch([EntryChange.Delete(VirtualPath.Parse("/d/x"), Stamp.FromSeconds(30))]));

        Assert.IsTrue(writer.Current.TryFind(VirtualPath.Parse("/d/x"), out var entry));
        Assert.AreEqual(Nodes[0], entry.Owner);
    }

    [TestMethod]
    public void FileAndDirectoryOfOneName_DirectoryWinsAndTheFileIsCountedAsHidden()
    {
        var writer = new TreeWriter();
        writer.Apply(Nodes[0], TreeModel.Patch([File("/x", 5, changed: 99)]));
        writer.Apply(Nodes[1], TreeModel.Patch([File("/x/y", 7, changed: 1)]));

        Assert.IsTrue(writer.Current.TryFind(VirtualPath.Parse("/x"), out var entry));
        Assert.IsTrue(entry.IsDirectory);
        Assert.AreEqual(new TreeTotals(1, 1, 7, 1), writer.Current.Totals);
        CollectionAssert.AreEqual(new[] { "x" }, writer.Current.List(VirtualPath.Root).Select(listed => listed.Name).ToList());
    }

    [TestMethod]
    public void EqualFullUpdate_SharesTheWholeTree()
    {
        var writer = new TreeWriter();
        var changes = RandomChanges(new Random(3), 50);
        var model = new TreeModel();
        model.Apply(Nodes[0], changes);
        writer.Apply(Nodes[0], DirectoryPatch.Replace(TreeModel.Draft(model.Held(Nodes[0]))));
        var before = writer.Current;

        writer.Apply(Nodes[0], DirectoryPatch.Replace(TreeModel.Draft(model.Held(Nodes[0]))));

        Assert.AreSame(before, writer.Current);
    }

    [TestMethod]
    public void PathsAsDeepAsTheyMayBe_AreAppliedListedAndRemoved()
    {
        var path = VirtualPath.Parse(string.Concat(Enumerable.Repeat("/d", VirtualPath.MaxPathBytes / 2)));
        var writer = new TreeWriter();
        writer.Apply(Nodes[0], TreeModel.Patch([EntryChange.Put(path, new FileFacts(1, default, 0))]));
        writer.Apply(Nodes[1], DirectoryPatch.Replace(TreeModel.Draft([EntryChange.Put(path, new FileFacts(1, default, 0))])));

        Assert.IsTrue(writer.Current.TryFind(path, out _));
        Assert.AreEqual(VirtualPath.MaxPathBytes / 2, writer.Current.Walk(VirtualPath.Root).Count());
        writer.Remove(Nodes[0]);
        writer.Remove(Nodes[1]);
        Assert.AreSame(TreeDirectory.Empty, writer.Current.Root);
    }

    [TestMethod]
    public void OwnSnapshot_ShowsOnlyTheNodesOwnCopies()
    {
        var writer = new TreeWriter();
        writer.Apply(Nodes[0], TreeModel.Patch([File("/d/x", 1, changed: 10), File("/d/mine", 1, changed: 10)]));
        writer.Apply(Nodes[1], TreeModel.Patch([File("/d/x", 2, changed: 20), File("/e/y", 2, changed: 20)]));

        var own = new NodeSnapshot(writer.Current, Nodes[0]);

        CollectionAssert.AreEqual(new[] { "/d", "/d/mine", "/d/x" }, own.Walk(VirtualPath.Root).Select(step => step.Path.Value).ToList());
        Assert.IsTrue(own.TryFind(VirtualPath.Parse("/d/x"), out var entry));
        Assert.AreEqual(1, entry.Size);
        Assert.IsFalse(own.TryFind(VirtualPath.Parse("/e"), out _));
    }

    private static void AssertSums(TreeSnapshot tree, TreeModel model, string when)
    {
        var files = tree.Walk(VirtualPath.Root).Where(step => !step.Entry.IsDirectory).ToList();
        Assert.AreEqual(files.Count, tree.Totals.Files, when);
        Assert.AreEqual(files.Sum(step => step.Entry.Size), tree.Totals.Bytes, when);
        Assert.AreEqual(tree.Walk(VirtualPath.Root).Count(step => step.Entry.IsDirectory), tree.Totals.Directories, when);
        foreach (var node in Nodes)
        {
            var held = model.Held(node).Where(entry => entry.Kind == EntryChangeKind.PutFile).ToList();
            Assert.AreEqual(held.Count, tree.HoldingOf(node).Files, when);
            Assert.AreEqual(held.Sum(entry => entry.Facts.Size), tree.HoldingOf(node).Bytes, when);
            Assert.AreEqual(new NodeSnapshot(tree, node).Walk(VirtualPath.Root).Count(step => step.Entry.IsDirectory), tree.HoldingOf(node).Directories, when);
        }
    }

    private static EntryChange File(string path, long size, uint changed) =>
        EntryChange.Put(VirtualPath.Parse(path), new FileFacts(size, UnixTime.FromSeconds(1000), 0b110_100_100, Stamp.FromSeconds(changed)));

    internal static List<EntryChange> RandomChanges(Random random, int count)
    {
        var changes = new List<EntryChange>();
        for (var index = 0; index < count; index++)
        {
            var names = Enumerable.Range(0, random.Next(1, 4)).Select(_ => new string((char)('p' + random.Next(3)), 1));
            var path = VirtualPath.Parse(string.Join('/', names));
            var facts = new FileFacts(random.NextInt64(0, 3) << random.Next(40), new UnixTime(random.Next(5)), random.Next(2), new Stamp(random.Next(4)));
            changes.Add(random.Next(4) switch
            {
                0 => EntryChange.Delete(path, facts.Stamp),
                1 => EntryChange.Put(path, new DirectoryFacts(facts.Modified, facts.Permissions, facts.Stamp)),
                _ => EntryChange.Put(path, facts),
            });
        }

        return changes;
    }
}
