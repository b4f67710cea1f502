using System.Text;
using Dftp.Cluster.Events;
using Dftp.Cluster.Index;
using Dftp.FileSystem;
using Dftp.Tests.Cluster.Index;

namespace Dftp.Tests.Cluster.Events;

[TestClass]
public sealed class TreeDiffTests
{
    private static readonly NodeName A = NodeName.Parse("a"), B = NodeName.Parse("b"), C = NodeName.Parse("c");

    // Random histories of three nodes over few names, so that paths collide, directories hide files and owners change.
    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    [DataRow(4)]
    public void EventsOfRandomHistories_AppliedToTheOldListing_GiveTheNewOne(int seed)
    {
        var random = new Random(seed);
        var writer = new TreeWriter();
        var listing = Listing(writer.Current);
        for (var step = 0; step < 400; step++)
        {
            var before = writer.Current;
            for (var change = random.Next(1, 6); change > 0; change--) ChangeSomething(writer, random);

            var events = TreeDiff.Of(before.Root, writer.Current.Root, int.MaxValue);
            foreach (var told in events) Apply(listing, told);

            var expected = Listing(writer.Current);
            CollectionAssert.AreEqual(Render(expected), Render(listing), $"step {step}");
            if (ReferenceEquals(before.Root, writer.Current.Root)) Assert.AreEqual(0, events.Count);
        }
    }

    [TestMethod]
    public void OtherOwnerOfTheSameFacts_IsNoEvent()
    {
        var writer = With((A, File("/d/x", 5, changed: 1)));
        var before = writer.Current;
        writer.Apply(B, TreeModel.Patch([File("/d/x", 5, changed: 2)]));

        Assert.IsTrue(writer.Current.TryFind(VirtualPath.Parse("/d/x"), out var now) && now.Owner == B);
        Assert.AreEqual("", Text(before, writer.Current));
    }

    [TestMethod]
    public void OtherOwnerOfOtherFacts_IsAChange()
    {
        var writer = With((A, File("/x", 5, changed: 1)));
        var before = writer.Current;
        writer.Apply(B, TreeModel.Patch([File("/x", 6, changed: 2)]));

        Assert.AreEqual("Changed /x 6 b", Text(before, writer.Current));
    }

    [TestMethod]
    public void OwnerThatGoesWithTheSameFactsElsewhere_IsNoEvent()
    {
        var writer = With((A, File("/x", 5, changed: 1)), (B, File("/x", 5, changed: 2)));
        var before = writer.Current;
        writer.Remove(B);

        Assert.AreEqual("", Text(before, writer.Current));
    }

    [TestMethod]
    public void DeletedDirectory_IsOneEvent_CreatedDirectoryIsFollowedByItsContent()
    {
        var writer = With((A, File("/d/e/x", 1)), (A, File("/d/y", 2)));

        Assert.AreEqual("Deleted /d 3 a", Text(writer.Current, TreeSnapshot.Empty));
        Assert.AreEqual("Created /d 3 a; Created /d/y 2 a; Created /d/e 1 a; Created /d/e/x 1 a", Text(TreeSnapshot.Empty, writer.Current));
    }

    [TestMethod]
    public void FileWithADeletedDirectorysName_ComesAfterTheDeletion()
    {
        var writer = With((A, File("/n/x", 1)));
        var before = writer.Current;
        writer.Apply(A, TreeModel.Patch([new EntryChange(VirtualPath.Parse("/n"), EntryChangeKind.Delete, default), File("/n", 7)]));

        Assert.AreEqual("Deleted /n 1 a; Created /n 7 a", Text(before, writer.Current));
        Assert.AreEqual("Deleted /n 7 a; Created /n 1 a; Created /n/x 1 a", Text(writer.Current, before));
    }

    [TestMethod]
    public void TooManyEvents_AreOneResetOfTheDeepestCommonDirectory()
    {
        var writer = With((A, File("/deep/er/old", 1)), (A, File("/other", 1)));
        var before = writer.Current;
        writer.Apply(A, TreeModel.Patch(Enumerable.Range(0, 11).Select(number => File($"/deep/er/{number}", 1))));

        var told = TreeDiff.Of(before.Root, writer.Current.Root, most: 10).Single();

        Assert.AreEqual((TreeEventKind.Reset, "/deep/er"), (told.Kind, told.Path.Value));
        Assert.AreEqual(11, TreeDiff.Of(before.Root, writer.Current.Root, most: 11).Count);
    }

    [TestMethod]
    [DataRow(TreeEventKind.Created, "/a/b/c", "/a/b", true)]
    [DataRow(TreeEventKind.Created, "/a/b", "/a/b", true)]
    [DataRow(TreeEventKind.Created, "/a", "/a/b", false)]
    [DataRow(TreeEventKind.Changed, "/a/bc", "/a/b", false)]
    [DataRow(TreeEventKind.Deleted, "/a", "/a/b", true)]
    [DataRow(TreeEventKind.Deleted, "/x", "/a/b", false)]
    [DataRow(TreeEventKind.Reset, "/", "/a/b", true)]
    [DataRow(TreeEventKind.Reset, "/a/b/c", "/a/b", true)]
    [DataRow(TreeEventKind.Reset, "/x", "/a/b", false)]
    [DataRow(TreeEventKind.NodeJoined, "/", "/a/b", true)]
    public void Event_ConcernsADirectory_WhenItIsBelow_OrTakesItAlong(TreeEventKind kind, string path, string under, bool expected) =>
        Assert.AreEqual(expected, new TreeEvent(1, kind, VirtualPath.Parse(path)).Concerns(VirtualPath.Parse(under)));

    private static void ChangeSomething(TreeWriter writer, Random random)
    {
        var node = new[] { A, B, C }[random.Next(3)];
        switch (random.Next(12))
        {
            case 0:
                writer.Remove(node);
                return;
            case 1:
                writer.Apply(node, DirectoryPatch.Replace(TreeModel.Draft(
                    Enumerable.Range(0, random.Next(12)).Select(_ => SomePath(random)).DistinctBy(path => path.Value)
                        .Select(path => File(path.Value + "f", random.Next(3), random.Next(3), (uint)random.Next(4))))));
                return;
            case < 6:
                writer.Apply(node, TreeModel.Patch([new EntryChange(SomePath(random), EntryChangeKind.Delete, default)]));
                return;
            case < 8:
                writer.Apply(node, TreeModel.Patch(
                    [new EntryChange(SomePath(random), EntryChangeKind.PutDirectory, new FileFacts(0, UnixTime.FromSeconds(random.Next(3)), 493, new Stamp(1)))]));
                return;
            default:
                writer.Apply(node, TreeModel.Patch([File(SomePath(random).Value, random.Next(3), random.Next(3), (uint)random.Next(4))]));
                return;
        }
    }

    private static VirtualPath SomePath(Random random)
    {
        var path = new StringBuilder();
        for (var depth = random.Next(1, 4); depth > 0; depth--) path.Append('/').Append("xyz"[random.Next(3)]);
        return VirtualPath.Parse(path.ToString());
    }

    private static TreeWriter With(params (NodeName Node, EntryChange Entry)[] held)
    {
        var writer = new TreeWriter();
        foreach (var (node, entry) in held) writer.Apply(node, TreeModel.Patch([entry]));
        return writer;
    }

    private static EntryChange File(string path, long size, int modified = 1, uint changed = 1) =>
        new(VirtualPath.Parse(path), EntryChangeKind.PutFile, new FileFacts(size, UnixTime.FromSeconds(modified), 420, Stamp.FromSeconds(changed)));

    /// <summary>What a client can keep up to date by events: a directory's size, the sum of what is below it, is none of it.</summary>
    private static SortedDictionary<string, string> Listing(TreeSnapshot tree) => new(
        tree.Walk(VirtualPath.Root).ToDictionary(step => step.Path.Value, step => Shown(step.Entry.IsDirectory, step.Entry.Size, step.Entry.Modified)),
        StringComparer.Ordinal);

    private static void Apply(SortedDictionary<string, string> listing, TreeEvent told)
    {
        var path = told.Path.Value;
        switch (told.Kind)
        {
            case TreeEventKind.Created:
                Assert.IsTrue(listing.TryAdd(path, Shown(told.IsDirectory, told.Size, told.Modified)), $"{path} was there before");
                break;
            case TreeEventKind.Changed:
                Assert.IsTrue(listing.ContainsKey(path), $"{path} was not there");
                listing[path] = Shown(told.IsDirectory, told.Size, told.Modified);
                break;
            case TreeEventKind.Deleted:
                Assert.IsTrue(listing.Remove(path), $"{path} was not there");
                foreach (var below in listing.Keys.Where(key => key.StartsWith(path + "/", StringComparison.Ordinal)).ToList()) listing.Remove(below);
                break;
            default:
                Assert.Fail($"{told.Kind}");
                break;
        }
    }

    private static string Shown(bool isDirectory, long size, UnixTime modified) => isDirectory ? $"dir {modified.Seconds}" : $"{size} {modified.Seconds}";

    private static string[] Render(SortedDictionary<string, string> listing) => [.. listing.Select(entry => $"{entry.Key} {entry.Value}")];

    private static string Text(TreeSnapshot before, TreeSnapshot after) => string.Join(
        "; ", TreeDiff.Of(before.Root, after.Root, int.MaxValue).Select(told => $"{told.Kind} {told.Path} {told.Size} {told.Node}"));
}
