using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Tests.Cluster.Index;

/// <summary>What every <see cref="ITreeIndex"/> does for the cluster. Each implementation runs these tests.</summary>
public abstract class TreeIndexContract
{
    private static readonly NodeName Self = NodeName.Parse("a"), B = NodeName.Parse("b"), C = NodeName.Parse("c");

    private static readonly NodeName[] Nodes = [Self, B, C];

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Token => TestContext.CancellationToken;

    /// <summary>An empty index.</summary>
    private protected abstract ITreeIndex Create();

    /// <summary>Waits until all changes up to now have taken effect.</summary>
    private protected abstract Task SettledAsync(ITreeIndex index);

    [TestMethod]
    public async Task EmptyIndex_HasARootAndNoNodes()
    {
        var tree = Create().Current;
        Assert.AreEqual(default, tree.Totals);
        Assert.AreEqual(0, tree.Holdings.Count);
        Assert.AreEqual(0L, tree.HoldingOf(B).Files);
        Assert.IsTrue(await tree.FindAsync(VirtualPath.Root, Token) is { IsDirectory: true });
        Assert.AreEqual(0, (await RenderAsync(tree)).Count);
    }

    // All that nodes and readers agree on: the entries, their owners and holders, and the sums and digests of each node.
    [TestMethod]
    public async Task RandomHistories_TreeEqualsThePlainModel()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var random = new Random(seed);
            var index = Create();
            var model = new TreeModel();
            for (var step = 0; step < 15; step++)
            {
                Change(index, model, random);
                if (random.Next(2) == 0) continue;
                await SettledAsync(index);
                var tree = index.Current;
                CollectionAssert.AreEqual(model.Render().ToList(), (await RenderAsync(tree)).ToList(), $"seed {seed}, step {step}");
                foreach (var node in Nodes) Assert.AreEqual(TotalsOf(model, node), tree.HoldingOf(node), $"seed {seed}, step {step}, {node}");
                CollectionAssert.AreEquivalent(
                    Nodes.Where(node => model.Held(node).Any()).ToList(), tree.Holdings.Keys.ToList(), $"seed {seed}, step {step}");
                Assert.AreEqual(await tree.TotalsAsync(VirtualPath.Root, Token), tree.Totals);
            }
        }
    }

    [TestMethod]
    public async Task Apply_HasTakenEffectWhenItCompletes_AndIsAnnounced()
    {
        var index = Create();
        var raised = 0;
        index.Changed += () => raised++;
        await index.ApplyAsync(B, TreeModel.Patch([File("/d/x", 5, 1)]));
        Assert.AreEqual((5L, 1), ((await index.Current.FindAsync(VirtualPath.Parse("/d/x"), Token))!.Value.Size, raised));
    }

    [TestMethod]
    public async Task ChangesThatNobodyWaitsFor_TakeEffectInTheirOrder()
    {
        var index = Create();
        var changes = new List<Task>();
        for (var size = 1; size <= 20; size++)
        {
            changes.Add(index.ApplyAsync(B, TreeModel.Patch([File("/x", size, (uint)size)])).AsTask());
            if (size % 5 == 0) index.Remove(B);
        }

        changes.Add(index.ApplyAsync(B, TreeModel.Patch([File("/y", 1, 1)])).AsTask());
        await Task.WhenAll(changes);
        CollectionAssert.AreEqual(new[] { "/y 1 1000000000000 b 1" }, (await RenderAsync(index.Current)).ToList());
    }

    [TestMethod]
    public async Task Snapshot_StaysAsItWas()
    {
        var index = Create();
        await index.ApplyAsync(B, TreeModel.Patch([File("/d/x", 5, 1)]));
        var before = index.Current;
        var (rendered, totals) = (await RenderAsync(before), before.Totals);
        index.Remove(B);
        await index.ApplyAsync(C, TreeModel.Patch([File("/e/y", 6, 1)]));
        CollectionAssert.AreEqual(rendered.ToList(), (await RenderAsync(before)).ToList());
        Assert.AreEqual(totals, before.Totals);
        Assert.IsTrue(before.Holdings.ContainsKey(B));
    }

    // The entries of this node are in memory in any case: scans are compared with them.
    [TestMethod]
    public async Task LocalEntries_AreInMemoryAtOnce_AndInTheTree()
    {
        var index = Create();
        await index.ApplyAsync(B, TreeModel.Patch([File("/d/x", 5, 9)]));

        var local = index.ApplyLocal(Self, TreeModel.Patch([File("/d/x", 6, 1), File("/mine", 7, 1)]));

        Assert.AreSame(local, index.Local);
        Assert.AreEqual(6L, TreePath.FileOf(index.Local.Root, VirtualPath.Parse("/d/x"), Self)!.Value.Size);
        await SettledAsync(index);
        Assert.AreEqual(local.HoldingOf(Self), index.Current.HoldingOf(Self));
        var holders = await index.Current.FileHoldersAsync(VirtualPath.Parse("/d/x"), Token);
        Assert.AreEqual("b 5 2, a 6 2", string.Join(", ", holders.Select(holder => $"{holder.Owner} {holder.Size} {holder.HolderCount}")));
        index.ApplyLocal(Self, TreeModel.Patch([EntryChange.Delete(VirtualPath.Parse("/d/x"), default)]));
        await SettledAsync(index);
        Assert.AreEqual(B, (await index.Current.FileHoldersAsync(VirtualPath.Parse("/d/x"), Token)).Single().Owner);
    }

    [TestMethod]
    public async Task HoldersOfAFile_AreInTheOrderOfTheRule_AndADirectoryHasNone()
    {
        var index = Create();
        await index.ApplyAsync(C, TreeModel.Patch([File("/d/x", 1, 5)]));
        await index.ApplyAsync(B, TreeModel.Patch([File("/d/x", 2, 5)]));
        index.ApplyLocal(Self, TreeModel.Patch([File("/d/x", 3, 4)]));
        await SettledAsync(index);

        Assert.AreEqual("b c a", string.Join(' ', (await index.Current.FileHoldersAsync(VirtualPath.Parse("/d/x"), Token)).Select(holder => holder.Owner)));
        Assert.AreEqual("b c a", string.Join(' ', (await index.Current.HoldersAsync(VirtualPath.Parse("/d/x"), Token)).Select(holder => holder.Owner)));
        foreach (var path in new[] { "/", "/d", "/none" })
            Assert.AreEqual(0, (await index.Current.FileHoldersAsync(VirtualPath.Parse(path), Token)).Count, path);
        Assert.AreEqual(3, (await index.Current.HoldersAsync(VirtualPath.Parse("/d"), Token)).Count);
    }

    private protected static EntryChange File(string path, long size, uint changed) =>
        EntryChange.Put(VirtualPath.Parse(path), new FileFacts(size, UnixTime.FromSeconds(1000), 420, Stamp.FromSeconds(changed)));

    private static void Change(ITreeIndex index, TreeModel model, Random random)
    {
        var node = Nodes[random.Next(Nodes.Length)];
        var kind = random.Next(10);
        if (kind == 0 && node != Self)
        {
            index.Remove(node);
            model.Remove(node);
            return;
        }

        DirectoryPatch patch;
        if (kind == 1)
        {
            var full = new TreeModel();
            full.Apply(node, TreeMergeTests.RandomChanges(random, 30));
            var entries = full.Held(node).ToList();
            patch = DirectoryPatch.Replace(TreeModel.Draft(entries));
            model.Replace(node, entries);
        }
        else
        {
            var changes = TreeMergeTests.RandomChanges(random, random.Next(1, 6));
            patch = TreeModel.Patch(changes);
            model.Apply(node, changes);
        }

        if (node == Self) index.ApplyLocal(node, patch);
        else _ = index.ApplyAsync(node, patch).AsTask();
    }

    /// <summary>As nodes compute them that know nothing else.</summary>
    private static NodeTotals TotalsOf(TreeModel model, NodeName node) =>
        new TreeWriter().Apply(node, DirectoryPatch.Replace(TreeModel.Draft(model.Held(node)))).HoldingOf(node);

    private async Task<IReadOnlyList<string>> RenderAsync(ITreeSnapshot tree)
    {
        var lines = new List<string>();
        await foreach (var step in tree.WalkAsync(VirtualPath.Root, Token).EachAsync(Token))
        {
            lines.Add(step.Entry.IsDirectory
                ? $"{step.Path}/ {step.Entry.HolderCount}"
                : $"{step.Path} {step.Entry.Size} {step.Entry.Modified.Nanoseconds} {step.Entry.Owner} {step.Entry.HolderCount}");
        }

        lines.Sort(StringComparer.Ordinal);
        return lines;
    }
}
