using Dftp.Cluster.Access;
using Dftp.Cluster.Index;
using Dftp.FileSystem;
using Dftp.Tests.Cluster.Index;
using Dftp.Tests.Support;

namespace Dftp.Tests.Cluster.Access;

[TestClass]
public sealed class RestrictedSnapshotTests
{
    private const int Seeds = 500;

    [TestMethod]
    public void RandomTreesAndRights_ShowWhatTheModelShows()
    {
        for (var seed = 0; seed < Seeds; seed++)
        {
            var random = new Random(seed);
            var principal = AccessModel.RandomPrincipal(random);
            var whole = RandomTree(random);
            var model = new AccessModel(whole, principal);
            var tree = Restrict(whole, principal);
            var when = $"seed {seed}: {string.Join(", ", principal.Places)}";

            var shown = model.Walk(VirtualPath.Root).ToList();
            Assert.AreEqual(AccessModel.Text(shown), AccessModel.Text(tree.Walk(VirtualPath.Root)), when);
            Assert.AreEqual(model.Totals(VirtualPath.Root), tree.TotalsOf(VirtualPath.Root) with { HiddenFiles = 0 }, when);
            Assert.IsTrue(tree.TryFind(VirtualPath.Root, out var root) && root.IsDirectory, when);
            Assert.AreEqual(shown.Where(step => !step.Entry.IsDirectory).Sum(step => step.Entry.Size), root.Size, when);
            for (var look = 0; look < 10; look++) CheckPath(AccessModel.RandomPath(random), whole, tree, model, when);
            CheckCopies(whole, tree, model, when);
        }
    }

    [TestMethod]
    public void RandomSearches_FindWhatAFilteredWalkHas()
    {
        for (var seed = 0; seed < Seeds; seed++)
        {
            var random = new Random(seed);
            var principal = AccessModel.RandomPrincipal(random);
            var whole = RandomTree(random);
            var query = new SearchQuery
            {
                Under = random.Next(3) == 0 ? AccessModel.RandomPath(random) : VirtualPath.Root,
                IsDirectory = random.Next(3) switch { 0 => true, 1 => false, _ => null },
                LargerThan = random.Next(3) == 0 ? random.Next(5) : null,
                NotBefore = random.Next(3) == 0 ? UnixTime.FromSeconds(1) : null,
                Node = random.Next(3) == 0 ? AccessModel.Nodes[random.Next(3)] : null,
                Limit = random.Next(2) == 0 ? random.Next(1, 6) : null,
            };

            var found = Restrict(whole, principal).Search(query, CancellationToken.None);

            // As without rights: below a file there is nothing.
            var isDirectory = whole.TryFind(query.Under, out var under) && under.IsDirectory;
            var expected = isDirectory ? new AccessModel(whole, principal).Walk(query.Under) : [];
            Assert.AreEqual(
                AccessModel.Text(expected.Where(step => query.Matches(step.Entry)).Take(query.Limit ?? int.MaxValue)), AccessModel.Text(found),
                $"seed {seed}: {query}, {string.Join(", ", principal.Places)}");
        }
    }

    // Neither entries and sums, nor times, owners, holders and tags.
    [TestMethod]
    public void AChangeOfHiddenPlaces_ChangesNothingVisible()
    {
        for (var seed = 0; seed < Seeds; seed++)
        {
            var random = new Random(seed);
            var principal = AccessModel.RandomPrincipal(random);
            var writer = new TreeWriter();
            foreach (var node in AccessModel.Nodes) writer.Apply(node, TreeModel.Patch(AccessModel.RandomEntries(random, random.Next(8))));
            var before = writer.Current;
            var model = new AccessModel(before, principal);
            for (var change = 0; change < 3; change++) ChangeHidden(writer, model, random);

            Assert.AreEqual(
                Everything(Restrict(before, principal)), Everything(Restrict(writer.Current, principal)),
                $"seed {seed}: {string.Join(", ", principal.Places)}");
        }
    }

    [TestMethod]
    public void SumsOfAHiddenPlace_AreTakenOffEveryDirectoryAboveIt()
    {
        var whole = Tree(("/a/open", 1), ("/a/secret/x", 10), ("/a/secret/deep/y", 100), ("/b", 1000));
        var tree = Restrict(whole, User(("/", Right.Read), ("/a/secret", Right.None)));

        Assert.AreEqual(1, Size(tree, "/a"));
        Assert.AreEqual(1001, Size(tree, "/"));
        Assert.AreEqual(new TreeTotals(2, 1, 1001, 0), tree.TotalsOf(VirtualPath.Root));
        Assert.AreEqual("open", Names(tree, "/a"));
        Assert.AreEqual(-1, Size(tree, "/a/secret"));
        Assert.AreEqual(-1, Size(tree, "/a/secret/x"));
        Assert.AreEqual("", Names(tree, "/a/secret"));
        Assert.IsNull(tree.Identity(VirtualPath.Root));
        Assert.IsNull(tree.Identity(Path("/a/secret/deep")));
    }

    [TestMethod]
    public void AHiddenDirectory_IsShownWithTheVisiblePlaceBelowIt()
    {
        var whole = Tree(("/home/me/f", 1), ("/home/you/g", 10), ("/other", 100));
        var tree = Restrict(whole, User(("/home/me", Right.Read), ("/none/here", Right.Read)));

        Assert.AreEqual("home", Names(tree, "/"));
        Assert.AreEqual("me", Names(tree, "/home"));
        Assert.AreEqual("f", Names(tree, "/home/me"));
        Assert.AreEqual(1, Size(tree, "/home"));
        Assert.AreEqual(1, Size(tree, "/"));
        Assert.IsNotNull(tree.Identity(Path("/home/me")));
    }

    [TestMethod]
    public void WithoutAnyRight_TheRootIsEmpty()
    {
        var tree = Restrict(Tree(("/a/f", 1)), User());

        Assert.IsTrue(tree.TryFind(VirtualPath.Root, out var root) && root is { IsDirectory: true, Size: 0 });
        Assert.AreEqual("", Names(tree, "/"));
        Assert.AreEqual(default, tree.TotalsOf(VirtualPath.Root));
        Assert.AreEqual(0, tree.HoldersOf(VirtualPath.Root).Count);
    }

    private static void CheckPath(VirtualPath path, TreeSnapshot whole, RestrictedSnapshot tree, AccessModel model, string when)
    {
        when = $"{path}, {when}";
        var expected = model.Walk(VirtualPath.Root).Where(step => step.Path == path).Select(step => AccessModel.Text(step.Entry)).SingleOrDefault();
        Assert.AreEqual(expected, tree.TryFind(path, out var entry) ? AccessModel.Text(entry) : null, when);
        Assert.AreEqual(model.Totals(path), tree.TotalsOf(path) with { HiddenFiles = 0 }, when);
        Assert.AreEqual(
            AccessModel.Text(model.Walk(path).Where(step => step.Directory == path)),
            AccessModel.Text(tree.List(path).Select(child => new WalkEntry(path, child))), when);
        Assert.AreEqual(AccessModel.Text(model.Walk(path)), AccessModel.Text(tree.Walk(path)), when);
        if (model.IsVisible(path) && !(model.IsMixed(path) && entry.IsDirectory))
            Assert.AreEqual(Holders(whole, path), Holders(tree, path), when);
        else
            Assert.AreEqual(expected is null ? 0 : entry.HolderCount, tree.HoldersOf(path).Count, when);
        Assert.AreEqual(model.IsVisible(path) && !model.IsMixed(path) ? whole.Identity(path) : null, tree.Identity(path), when);
    }

    private static void CheckCopies(TreeSnapshot whole, RestrictedSnapshot tree, AccessModel model, string when)
    {
        static IEnumerable<string> Text(IEnumerable<WalkEntry> copies) =>
            copies.Select(copy => $"{copy.Path} {copy.Entry.Owner} {copy.Entry.Size} {copy.Entry.Modified.Nanoseconds}").Order();
        CollectionAssert.AreEqual(
            Text(whole.Copies(VirtualPath.Root).Where(copy => model.IsVisible(copy.Path))).ToList(),
            Text(tree.Copies(VirtualPath.Root)).ToList(), when);
    }

    private static string Everything(RestrictedSnapshot tree) => string.Join('\n', tree.Walk(VirtualPath.Root).SelectMany(step => new[]
    {
        AccessModel.Text([step]), $"{tree.TotalsOf(step.Path)}", Holders(tree, step.Path),
        $"{System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(tree.Identity(step.Path))}",
    }).Append($"{tree.TotalsOf(VirtualPath.Root)} {Holders(tree, VirtualPath.Root)}"));

    private static string Holders(ITreeSnapshot tree, VirtualPath path) => string.Join('\n', tree.HoldersOf(path).Select(AccessModel.Text));

    /// <summary>A file comes, changes or goes, and the times of the directories above it change as they do on a disk.</summary>
    private static void ChangeHidden(TreeWriter writer, AccessModel model, Random random)
    {
        var (path, node) = (AccessModel.RandomPath(random), AccessModel.Nodes[random.Next(3)]);
        // Directories that would have to be made, or files that would have to go, are visible changes themselves.
        var own = new NodeSnapshot(writer.Current, node);
        if (model.IsVisible(path) || model.IsMixed(path)) return;
        if (!own.TryFind(path.Parent, out var above) || !above.IsDirectory || own.HoldersOf(path.Parent).Count == 0) return;
        var changes = new List<EntryChange>
        {
            random.Next(3) == 0 ? EntryChange.Delete(path, new Stamp(99)) : AccessModel.File(path, random),
        };
        if (!path.Parent.IsRoot && (!model.IsVisible(path.Parent) || model.IsMixed(path.Parent)))
        {
            changes.Add(EntryChange.Put(
                path.Parent, new DirectoryFacts(UnixTime.FromSeconds(random.Next(50, 99)), 493, new Stamp(random.Next(50, 99)))));
        }

        writer.Apply(node, TreeModel.Patch(changes));
    }

    private static TreeSnapshot RandomTree(Random random)
    {
        var writer = new TreeWriter();
        foreach (var node in AccessModel.Nodes.Take(random.Next(4)))
            writer.Apply(node, TreeModel.Patch(AccessModel.RandomEntries(random, random.Next(8))));
        return writer.Current;
    }

    private static TreeSnapshot Tree(params (string Path, long Size)[] files)
    {
        var writer = new TreeWriter();
        writer.Apply(AccessModel.Nodes[0], TreeModel.Patch(
            files.Select(file => EntryChange.Put(Path(file.Path), new FileFacts(file.Size, default, 420)))));
        return writer.Current;
    }

    private static RestrictedSnapshot Restrict(TreeSnapshot whole, Principal principal) => new(whole, VisiblePlace.Of(principal));

    private static Principal User(params (string Path, Right Right)[] places) =>
        new("user", places.Select(place => new PlaceRight(Path(place.Path), place.Right)));

    private static long Size(RestrictedSnapshot tree, string path) => tree.TryFind(Path(path), out var entry) ? entry.Size : -1;

    private static string Names(RestrictedSnapshot tree, string path) => string.Join(' ', tree.List(Path(path)).Select(entry => entry.Name));

    private static VirtualPath Path(string path) => VirtualPath.Parse(path);
}
