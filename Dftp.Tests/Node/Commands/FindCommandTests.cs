using Dftp.Node.Commands;
using Dftp.Tests.Support;

namespace Dftp.Tests.Node.Commands;

[TestClass]
public sealed class FindCommandTests
{
    [TestMethod]
    public async Task Find_FilesOfTwoNodes_PrintsThePathsThatMatch()
    {
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", [("photos/2024/Cat.JPG", "1"), ("notes.txt", "2")]);
        await cluster.StartAsync("b", [("photos/dog.jpg", "3")]);
        await cluster.UniteAsync();

        var run = await CommandRun.OfAsync(a, "find", "*.jpg");

        Assert.AreEqual((0, ""), (run.ExitCode, run.Error));
        CollectionAssert.AreEquivalent(new[] { "/photos/2024/Cat.JPG", "/photos/dog.jpg" }, run.Lines.ToList());
    }

    [TestMethod]
    public async Task Find_NothingMatches_ExitCode1AndNoOutput()
    {
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", [("one", "1")]);
        Assert.AreEqual(new CommandRun(1, "", ""), await CommandRun.OfAsync(a, "find", "two"));
    }

    [TestMethod]
    public async Task Find_WhileANodeIsMissing_SaysThatTheListIsIncomplete()
    {
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", [("one", "1")]);
        var b = await cluster.StartAsync("b", []);
        await cluster.UniteAsync();
        await b.StopAsync();
        await Eventually.TrueAsync(() => a.Tree.Missing.Count == 1, "a misses b");

        var run = await CommandRun.OfAsync(a, "find", "one");

        Assert.AreEqual((0, "/one\n"), (run.ExitCode, run.Output));
        StringAssert.Matches(run.Error, new(@"^dftp: this is not all: b left at [0-9-]{10} [0-9:]{5} UTC\n$"));
    }

    [TestMethod]
    [DataRow("cat", "/photos/2024/Cat.JPG", true)]
    [DataRow("2024", "/photos/2024/Cat.JPG", false)]
    [DataRow("*.jpg", "/photos/2024/Cat.JPG", true)]
    [DataRow("cat.*", "/photos/2024/Cat.JPG", true)]
    [DataRow("at.*", "/photos/2024/Cat.JPG", false)]
    [DataRow("?at.jpg", "/photos/2024/Cat.JPG", true)]
    [DataRow("?cat.jpg", "/photos/2024/Cat.JPG", false)]
    [DataRow("2024/c", "/photos/2024/Cat.JPG", true)]
    [DataRow("2024/*.jpg", "/photos/2024/Cat.JPG", true)]
    [DataRow("024/*.jpg", "/photos/2024/Cat.JPG", false)]
    [DataRow("/2024/*.jpg", "/photos/2024/Cat.JPG", false)]
    [DataRow("/photos/*.jpg", "/photos/2024/Cat.JPG", true)]
    [DataRow("a+(b)[c]", "/a+(b)[c].txt", true)]
    [DataRow("ä*", "/Äpfel", true)]
    public void Pattern_IsMatchedAsTheHelpSays(string pattern, string path, bool matches) =>
        Assert.AreEqual(matches, new PathPattern(pattern).Matches(path));

    [TestMethod]
    public async Task Find_ListOfALegacyNode_IsReadTheSame()
    {
        await using var node = FakeNode.With(FakeNode.Ok("a/One\r\n\r\nb/two\r\n"));
        Assert.AreEqual("/a/One\n", (await FindAsync(node, "one")).Output);
    }

    [TestMethod]
    public async Task Find_LastLineWithoutEndAndControlCharacters_IsPrintedSafely()
    {
        await using var node = FakeNode.With(FakeNode.Ok("/a\u001b[2J", "X-Dftp-Missing: n%C3%A4s;since=0, odd\u0007\r\n"));

        var run = await FindAsync(node, "*");

        Assert.AreEqual("/a\\x1b[2J\n", run.Output);
        Assert.AreEqual("dftp: this is not all: näs is dead since 1970-01-01 00:00 UTC, odd\\x07 is dead\n", run.Error);
    }

    [TestMethod]
    public async Task Find_ListThatBreaksOff_IsAFailure()
    {
        await using var node = FakeNode.With("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n/one\n");
        StringAssert.Contains(await CommandRun.FailureAsync(node.Address, "find", "one"), "cannot be read: the answer broke off",
            StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Find_LineWithoutEnd_IsAFailureAndNotAFullMemory()
    {
        await using var node = FakeNode.With(FakeNode.Ok(new string('x', 200_000)));
        StringAssert.Contains(await CommandRun.FailureAsync(node.Address, "find", "x"), "what comes is no list of paths",
            StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Find_ListLongerThanTheBuffer_LosesNoLine()
    {
        var paths = Enumerable.Range(0, 20_000).Select(number => $"/directory/file-{number}").ToList();
        await using var node = FakeNode.With(FakeNode.Ok(string.Join('\n', paths) + "\n"));

        CollectionAssert.AreEqual(paths, (await FindAsync(node, "file")).Lines.ToList());
    }

    [TestMethod]
    public async Task Find_AnyOtherStatus_IsAFailure()
    {
        await using var node = FakeNode.With("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
        StringAssert.EndsWith(await CommandRun.FailureAsync(node.Address, "find", "x"), "is answered with 404 and no list of files",
            StringComparison.Ordinal);
    }

    // The query to the node must match at least everything that the pattern matches.
    [TestMethod]
    [DataRow("cat", "/photos/2024/Cat.JPG")]
    [DataRow("*.jpg", "/photos/2024/Cat.JPG")]
    [DataRow("a+(b)[c]", "/a+(b)[c].txt")]
    [DataRow("*[c]*", "/a+(b)[c].txt")]
    [DataRow(@"d\e", @"/d\e")]
    [DataRow("ä*", "/Äpfel")]
    public async Task Find_NodeThatSearches_FindsTheSame(string pattern, string path)
    {
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", [("photos/2024/Cat.JPG", ""), ("a+(b)[c].txt", ""), (@"d\e", ""), ("Äpfel", "")]);
        await Eventually.TrueAsync(() => a.Paths().Count == 4, "the files are there");

        Assert.AreEqual(new CommandRun(0, path + "\n", ""), await CommandRun.OfAsync(a, "find", pattern));
    }

    [TestMethod]
    [DataRow("one", "/find/?name=%2Aone%2A")]
    [DataRow("a/one", "/find/")]
    public async Task Find_AsksForAsLittleAsItCan(string pattern, string asked)
    {
        await using var node = new FakeNode(
            (self, path) => FakeNode.Ok(path == "/cluster/" ? self.ClusterAnswer() : path == asked ? "/a/one\n" : ""));
        Assert.AreEqual("/a/one\n", (await FindAsync(node, pattern)).Output);
    }

    private static Task<CommandRun> FindAsync(FakeNode node, string pattern) =>
        CommandRun.OfAsync(node.Address, TimeSpan.FromSeconds(20), "find", pattern);
}
