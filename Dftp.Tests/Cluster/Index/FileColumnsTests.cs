using System.Text;
using Dftp.Cluster.Index;
using Dftp.FileSystem;
using Dftp.Http.Search;

namespace Dftp.Tests.Cluster.Index;

[TestClass]
public sealed class FileColumnsTests
{
    [TestMethod]
    public void FilesInAnyOrder_AreSortedByBytes_AndOfOneNameTheLaterCounts()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var builder = new FileColumnsBuilder();
            var expected = new SortedDictionary<string, FileFacts>(StringComparer.Ordinal);
            for (var count = random.Next(60); count > 0; count--)
            {
                var (name, facts) = (RandomName(random), RandomFacts(random));
                builder.Add(Encoding.ASCII.GetBytes(name), facts);
                expected[name] = facts;
            }

            var columns = builder.Build();

            CollectionAssert.AreEqual(expected.Select(file => (file.Key, file.Value)).ToList(), Content(columns), $"seed {seed}");
            foreach (var (name, index) in expected.Keys.Select((name, index) => (name, index)))
                Assert.AreEqual(index, columns.Find(Encoding.ASCII.GetBytes(name)));
        }
    }

    [TestMethod]
    public void BuilderThatHasBuilt_IsEmpty()
    {
        var builder = new FileColumnsBuilder();
        builder.Add("b"u8, new FileFacts(1, default, 420));
        builder.Add("a"u8, new FileFacts(2, default, 420));
        builder.Build();
        Assert.AreEqual(0, builder.Build().Count);
        builder.Add("c"u8, new FileFacts(3, default, 420));

        CollectionAssert.AreEqual(new[] { "c" }, Content(builder.Build()).Select(file => file.Name).ToList());
    }

    [TestMethod]
    public void SameFilesThatChangedAtOtherTimes_HaveTheSameContent()
    {
        var one = Columns(("a", new FileFacts(1, new UnixTime(5), 420, Stamp.FromSeconds(7))), ("b", new FileFacts(2, new UnixTime(6), 420, Stamp.FromSeconds(7))));
        var other = Columns(("a", new FileFacts(1, new UnixTime(5), 420, Stamp.FromSeconds(8))), ("b", new FileFacts(2, new UnixTime(6), 420, Stamp.FromSeconds(9))));

        Assert.IsTrue(one.HasSameContent(other));
        Assert.IsTrue(other.HasSameContent(one));
        Assert.IsTrue(default(FileColumns).HasSameContent(default));
        Assert.IsFalse(one.HasSameContent(default));
        Assert.IsFalse(default(FileColumns).HasSameContent(one));
    }

    [TestMethod]
    [DataRow("c", 2L, 6L, 420)]
    [DataRow("bb", 2L, 6L, 420)]
    [DataRow("b", 3L, 6L, 420)]
    [DataRow("b", 1L << 40, 6L, 420)]
    [DataRow("b", 2L, 7L, 420)]
    [DataRow("b", 2L, 6L, 384)]
    public void FileThatDiffersInAnything_IsOtherContent(string name, long size, long modified, int permissions)
    {
        var first = ("a", new FileFacts(1, new UnixTime(5), 420));
        var one = Columns(first, ("b", new FileFacts(2, new UnixTime(6), 420)));
        Assert.IsFalse(one.HasSameContent(Columns(first, (name, new FileFacts(size, new UnixTime(modified), permissions)))));
    }

    [TestMethod]
    public void SetStamp_SetsTheStampOfAll()
    {
        var columns = Columns(("a", new FileFacts(1, default, 420)), ("b", new FileFacts(2, default, 384)));
        columns.SetStamp(new Stamp(99));
        Assert.AreEqual(new Stamp(99), columns[0].Stamp);
        Assert.AreEqual(new Stamp(99), columns[1].Stamp);
    }

    [TestMethod]
    public void Candidates_AreAllNamesWithTheLiteral()
    {
        Assert.IsTrue(GlobPattern.TryParse("bc", out var pattern));
        var columns = Columns([.. new[] { "xab", "cab", "ABC", "zz", "abcabc" }.Select(name => (name, default(FileFacts)))]);
        var candidates = new List<string>();
        for (var index = columns.NextCandidate(pattern, 0); index < columns.Count; index = columns.NextCandidate(pattern, index + 1))
            candidates.Add(Encoding.ASCII.GetString(columns.NameSpan(index)));

        CollectionAssert.IsSubsetOf(new[] { "ABC", "abcabc" }, candidates);
        CollectionAssert.DoesNotContain(candidates, "zz");
    }

    private static FileColumns Columns(params (string Name, FileFacts Facts)[] files)
    {
        var builder = new FileColumnsBuilder();
        foreach (var (name, facts) in files) builder.Add(Encoding.ASCII.GetBytes(name), facts);
        return builder.Build();
    }

    private static List<(string Name, FileFacts Facts)> Content(FileColumns columns) =>
        [.. Enumerable.Range(0, columns.Count).Select(index => (Encoding.ASCII.GetString(columns.NameSpan(index)), columns[index]))];

    /// <summary>Some longer than the eight bytes that are compared first, many with a beginning in common.</summary>
    private static string RandomName(Random random) =>
        string.Concat(Enumerable.Range(0, random.Next(1, 12)).Select(at => (char)('a' + random.Next(at < 8 ? 2 : 3))));

    private static FileFacts RandomFacts(Random random) =>
        new(random.NextInt64(1L << random.Next(1, 40)), new UnixTime(random.NextInt64()), random.Next(2) * 128 + 256, new Stamp(random.NextInt64(1L << random.Next(63))));
}
