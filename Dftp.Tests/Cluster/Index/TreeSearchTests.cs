using Dftp.Cluster.Index;
using Dftp.FileSystem;
using Dftp.Http.Search;

namespace Dftp.Tests.Cluster.Index;

[TestClass]
public sealed class TreeSearchTests
{
    private static readonly NodeName[] Nodes = [NodeName.Parse("a"), NodeName.Parse("b")];
    private static readonly string[] Names = ["Report.txt", "report-2.TXT", "école.jpg", "e\u0301cole.jpg", "K", "\u212A", "a", "ab", "sub", "deep"];
    private static readonly string?[] Patterns = [null, "report", "*.txt", "?", "k", "[a-c]*", "É*", "e\u0301c", "école", "*o*t*", "\u212A", "b"];

    [TestMethod]
    public void RandomTreesAndQueries_FindWhatAWalkThatAsksEveryEntryFinds()
    {
        for (var seed = 0; seed < 2000; seed++)
        {
            var random = new Random(seed);
            var writer = new TreeWriter();
            foreach (var node in Nodes) writer.Apply(node, TreeModel.Patch(RandomEntries(random)));
            var query = RandomQuery(random);

            var found = writer.Current.Search(query, CancellationToken.None).Select(hit => hit.Path.Value).ToList();

            var expected = writer.Current.Walk(query.Under).Where(step => query.Matches(step.Entry))
                .Take(query.Limit ?? int.MaxValue).Select(hit => hit.Path.Value).ToList();
            CollectionAssert.AreEqual(expected, found, $"seed {seed}, {query}");
        }
    }

    // What passes over many names at a time must not pass over a name in another normal form.
    [TestMethod]
    [DataRow("écol")]
    [DataRow("e\u0301cole")]
    [DataRow("?cole.*")]
    public void BothNormalForms_AreFound(string pattern)
    {
        var writer = new TreeWriter();
        writer.Apply(Nodes[0], TreeModel.Patch([File("/école.jpg"), File("/e\u0301cole.jpg"), File("/ecole.jpg"), File("/x")]));
        Assert.IsTrue(GlobPattern.TryParse(pattern, out var name));

        var found = writer.Current.Search(new SearchQuery { Name = name }, CancellationToken.None).Select(hit => hit.Path.Value).ToList();

        CollectionAssert.IsSubsetOf(new[] { "/école.jpg", "/e\u0301cole.jpg" }, found);
        Assert.AreEqual(pattern.Contains('?', StringComparison.Ordinal), found.Contains("/ecole.jpg"));
    }

    [TestMethod]
    public void HitsOfOneDirectory_ShareOneInstanceOfItsPath()
    {
        var writer = new TreeWriter();
        writer.Apply(Nodes[0], TreeModel.Patch([File("/x/y/1"), File("/x/y/2")]));

        var hits = writer.Current.Search(new SearchQuery { IsDirectory = false }, CancellationToken.None).ToList();

        Assert.AreEqual(2, hits.Count);
        Assert.AreSame(hits[0].Directory.Value, hits[1].Directory.Value);
    }

    [TestMethod]
    public void SearchThatIsCalledOff_Ends()
    {
        var writer = new TreeWriter();
        writer.Apply(Nodes[0], TreeModel.Patch([File("/x/1")]));
        Assert.ThrowsExactly<OperationCanceledException>(
            () => writer.Current.Search(new SearchQuery(), new CancellationToken(canceled: true)).Count());
    }

    private static List<EntryChange> RandomEntries(Random random) =>
        [.. Enumerable.Range(0, random.Next(12)).Select(_ =>
        {
            var path = "/" + string.Join('/', Enumerable.Range(0, random.Next(1, 4)).Select(_ => Names[random.Next(Names.Length)]));
            return random.Next(4) == 0
                ? EntryChange.Put(VirtualPath.Parse(path), new DirectoryFacts(UnixTime.FromSeconds(random.Next(3)), 493, new Stamp(random.Next(3))))
                : EntryChange.Put(VirtualPath.Parse(path), new FileFacts(random.Next(3), UnixTime.FromSeconds(random.Next(3)), 420, new Stamp(random.Next(3))));
        })];

    private static SearchQuery RandomQuery(Random random)
    {
        var pattern = Patterns[random.Next(Patterns.Length)];
        GlobPattern? name = null;
        if (pattern is not null) Assert.IsTrue(GlobPattern.TryParse(pattern, out name));
        return new SearchQuery
        {
            Under = random.Next(3) == 0 ? VirtualPath.Parse("/sub") : VirtualPath.Root,
            Name = name,
            IsDirectory = random.Next(3) switch { 0 => null, 1 => true, _ => false },
            LargerThan = random.Next(3) == 0 ? random.Next(3) : null,
            NotBefore = random.Next(3) == 0 ? UnixTime.FromSeconds(random.Next(3)) : null,
            Node = random.Next(3) == 0 ? Nodes[random.Next(2)] : null,
            Limit = random.Next(3) == 0 ? random.Next(1, 4) : null,
        };
    }

    private static EntryChange File(string path) => EntryChange.Put(VirtualPath.Parse(path), new FileFacts(1, default, 420));
}
