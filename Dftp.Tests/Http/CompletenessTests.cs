using System.Net;
using Dftp.FileSystem;
using Dftp.Tests.Support;

namespace Dftp.Tests.Http;

/// <summary>While a known node is missing, every answer is marked incomplete.</summary>
[TestClass]
public sealed class CompletenessTests
{
    private static readonly MissingNode Nas = new(NodeName.Parse("nas"), UnixTime.FromSeconds(1477224426, 5));
    private static readonly MissingNode Odd = new(NodeName.Parse("<é%>"), UnixTime.FromSeconds(0));

    [TestMethod]
    [DataRow("/")]
    [DataRow("/fs/")]
    [DataRow("/fs/a/")]
    [DataRow("/find/")]
    [DataRow("/fs/nothing")]
    [DataRow("/find/nothing")]
    public async Task Answer_NamesTheMissingNodesInAHeader(string target)
    {
        await using var site = await HttpSite.StartAsync(Tree(Odd, Nas));

        using var response = await site.GetAsync(target);

        Assert.AreEqual("%3C%C3%A9%25%3E;since=0, nas;since=1477224426", response.Headers.GetValues("X-Dftp-Missing").Single());
    }

    [TestMethod]
    [DataRow("/")]
    [DataRow("/fs/a/")]
    [DataRow("/find/")]
    [DataRow("/fs/nothing")]
    public async Task AnswerOfAWholeTree_HasNoSuchHeader(string target)
    {
        await using var site = await HttpSite.StartAsync(Tree());

        using var response = await site.GetAsync(target);

        Assert.IsFalse(response.Headers.Contains("X-Dftp-Missing"));
    }

    // Programs read the content of <pre>, and every link.
    [TestMethod]
    public async Task Listing_NamesMissingNodesBeforeThePartThatProgramsRead()
    {
        await using var whole = await HttpSite.StartAsync(Tree());
        await using var site = await HttpSite.StartAsync(Tree(Nas));

        var page = await site.GetTextAsync("/fs/a/");

        var notice = "<p class=\"notice\" data-missing=\"nas;since=1477224426\">This list may be incomplete: nas is dead since 2016-10-23 12:07 UTC.</p>\r\n";
        StringAssert.Contains(page, notice);
        Assert.AreEqual(await whole.GetTextAsync("/fs/a/"), page.Replace(notice, "", StringComparison.Ordinal));
    }

    [TestMethod]
    public async Task Greeting_NamesMissingNodes()
    {
        await using var site = await HttpSite.StartAsync(Tree(Odd, Nas));

        StringAssert.Contains(
            await site.GetTextAsync("/"),
            "There may be more: 2 nodes are missing: &lt;é%&gt; (dead since 1970-01-01 00:00 UTC), nas (dead since 2016-10-23 12:07 UTC).</p>");
    }

    // After a restart a node's own files are unconfirmed: the node is not missing, and has one row.
    [TestMethod]
    public async Task Greeting_NamesUnconfirmedNodes()
    {
        var unconfirmed = new MissingNode(HttpSite.Node, UnixTime.FromSeconds(1477224426), MissingReason.Unconfirmed);
        await using var site = await HttpSite.StartAsync(Tree(unconfirmed, unconfirmed with { Name = NodeName.Parse("nas") }));

        var page = await site.GetTextAsync("/");

        StringAssert.Contains(page, "<td>nas</td><td>files as of 2016-10-23 12:07 UTC, not confirmed yet</td>");
        Assert.IsFalse(page.Contains("dead since", StringComparison.Ordinal), page);
        Assert.IsFalse(page.Contains($"<td>{HttpSite.Node}</td><td>files as of", StringComparison.Ordinal), page);
    }

    [TestMethod]
    public async Task NodeThatIsJoining_IsNeitherDeadNorUnconfirmed()
    {
        var joining = Nas with { Reason = MissingReason.Joining };
        var tree = Tree(joining);
        await using var site = await HttpSite.StartAsync(tree);
        using var listing = await site.GetAsync("/fs/");
        using var refused = await site.GetAsync("/fs/?require=complete");
        using var nothing = await site.GetAsync("/fs/b");
        var page = await site.GetTextAsync("/");
        tree.Missing = [Odd, joining, new MissingNode(NodeName.Parse("z"), UnixTime.FromSeconds(0), MissingReason.Unconfirmed)];

        Assert.AreEqual("nas;since=1477224426;joining", listing.Headers.GetValues("X-Dftp-Missing").Single());
        Assert.AreEqual(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.AreEqual("The tree is not complete: nas is joining: what it holds may not be listed yet.\n",
            await refused.Content.ReadAsStringAsync());
        Assert.AreEqual("Nothing is at /b. It may be on nas, which is joining: what it holds may not be listed yet.\n",
            await nothing.Content.ReadAsStringAsync());
        StringAssert.Contains(page, "<td>nas</td><td>joining</td>");
        Assert.IsFalse(page.Contains("dead since", StringComparison.Ordinal), page);
        StringAssert.Contains(
            await site.GetTextAsync("/fs/b"),
            "one of the missing nodes: "
            + "<é%> (dead since 1970-01-01 00:00 UTC), nas (joining), z (not confirmed since 1970-01-01 00:00 UTC).");
    }

    [TestMethod]
    [DataRow("/fs/b")]
    [DataRow("/find/b/")]
    public async Task PathThatIsNotFound_MayBeOnAMissingNode(string target)
    {
        var tree = Tree(Nas);
        await using var site = await HttpSite.StartAsync(tree);
        using var one = await site.GetAsync(target);
        tree.Missing = [Odd, Nas];
        using var two = await site.GetAsync(target);

        Assert.AreEqual(HttpStatusCode.NotFound, one.StatusCode);
        Assert.AreEqual(
            "Nothing is at /b. It may be on nas, which is dead since 2016-10-23 12:07 UTC.\n", await one.Content.ReadAsStringAsync());
        Assert.AreEqual(
            "Nothing is at /b. It may be on one of the missing nodes: "
            + "<é%> (dead since 1970-01-01 00:00 UTC), nas (dead since 2016-10-23 12:07 UTC).\n",
            await two.Content.ReadAsStringAsync());
    }

    [TestMethod]
    public async Task FileThatIsGoneWhenItIsOpened_MayBeOnAMissingNode()
    {
        var tree = Tree(Nas);
        tree.OpenError = new FileError(FileErrorKind.NotFound, "nothing is at /a/x");
        await using var site = await HttpSite.StartAsync(tree);

        Assert.AreEqual(
            "nothing is at /a/x. It may be on nas, which is dead since 2016-10-23 12:07 UTC.\n", await site.GetTextAsync("/fs/a/x"));
    }

    // RFC 9110, 15.6.4: "The server MAY send a Retry-After header field to suggest an appropriate amount of time for the client to wait".
    [TestMethod]
    [DataRow("/?require=complete")]
    [DataRow("/fs/?require=complete")]
    [DataRow("/fs/a/x?require=complete")]
    [DataRow("/fs/nothing?require=complete")]
    [DataRow("/find/?format=json&require=complete")]
    public async Task RequireComplete_WhileANodeIsMissing_IsRefused(string target)
    {
        await using var site = await HttpSite.StartAsync(Tree(Nas));

        using var response = await site.GetAsync(target);

        Assert.AreEqual(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.AreEqual(TimeSpan.FromSeconds(30), response.Headers.RetryAfter!.Delta);
        Assert.AreEqual("nas;since=1477224426", response.Headers.GetValues("X-Dftp-Missing").Single());
        Assert.AreEqual(
            "The tree is not complete: nas is dead since 2016-10-23 12:07 UTC.\n", await response.Content.ReadAsStringAsync());
    }

    [TestMethod]
    [DataRow("/fs/a/x?require=complete", HttpStatusCode.OK)]
    [DataRow("/fs/?require=complete", HttpStatusCode.OK)]
    [DataRow("/fs/nothing?require=complete", HttpStatusCode.NotFound)]
    [DataRow("/fs/?require=completely", HttpStatusCode.BadRequest)]
    [DataRow("/fs/?require=", HttpStatusCode.BadRequest)]
    public async Task RequireComplete_WithoutMissingNodes_IsServed(string target, HttpStatusCode status)
    {
        await using var site = await HttpSite.StartAsync(Tree());

        using var response = await site.GetAsync(target);

        Assert.AreEqual(status, response.StatusCode);
    }

    // A place that a node cannot read does not affect answers about other places.
    [TestMethod]
    [DataRow("/fs/a%20b/", true)]
    [DataRow("/fs/a%20b/c%2C/", true)]
    [DataRow("/fs/a%20b/c%2C/x", true)]
    [DataRow("/fs/a%20b/c%2C/gone", true)]
    [DataRow("/fs/?archive=tar", true)]
    [DataRow("/find/", true)]
    [DataRow("/find/?under=a%20b", true)]
    [DataRow("/holders/a%20b/c%2C/x", true)]
    [DataRow("/", true)]
    [DataRow("/fs/a/", false)]
    [DataRow("/fs/a/x", false)]
    [DataRow("/fs/a%20b/c/", false)]
    [DataRow("/fs/a%20b/gone", false)]
    [DataRow("/find/a/", false)]
    [DataRow("/holders/a/x", false)]
    public async Task PlaceThatANodeCannotRead_ConcernsTheAnswersThatIncludeIt(string target, bool concerns)
    {
        var place = MissingNode.At(Nas.Name, new UnconfirmedPlace(VirtualPath.Parse("/a b/c,"), UnixTime.FromSeconds(1477224426)));
        await using var site = await HttpSite.StartAsync(Tree(place).File("/a b/c,/x", "x").File("/a b/c/y", "y"));

        using var told = await site.GetAsync(target);
        using var whole = await site.GetAsync(target + (target.Contains('?', StringComparison.Ordinal) ? "&" : "?") + "require=complete");

        var refused = whole.StatusCode == HttpStatusCode.ServiceUnavailable;
        Assert.AreEqual(concerns, refused, $"{whole.StatusCode}");
        if (refused)
        {
            Assert.AreEqual("nas;since=1477224426;unconfirmed;path=/a%20b/c%2C", whole.Headers.GetValues("X-Dftp-Missing").Single());
            Assert.AreEqual(
                "The tree is not complete: nas cannot read /a b/c, since 2016-10-23 12:07 UTC, and its files there are shown as they were.\n",
                await whole.Content.ReadAsStringAsync());
        }
        else
        {
            Assert.IsFalse(told.Headers.Contains("X-Dftp-Missing"));
        }
    }

    [TestMethod]
    public async Task PlaceThatANodeCannotRead_IsNamedByItsListingAndAHeader()
    {
        var place = MissingNode.At(Nas.Name, new UnconfirmedPlace(VirtualPath.Parse("/a"), UnixTime.FromSeconds(1477224426)));
        await using var site = await HttpSite.StartAsync(Tree(place));

        using var response = await site.GetAsync("/fs/a/");
        var page = await site.GetTextAsync("/fs/a/");

        Assert.AreEqual("nas;since=1477224426;unconfirmed;path=/a", response.Headers.GetValues("X-Dftp-Missing").Single());
        StringAssert.Contains(page,
            "This list may be incomplete: nas cannot read /a since 2016-10-23 12:07 UTC, and its files there are shown as they were.");
        StringAssert.Contains(await site.GetTextAsync("/fs/a/nothing"),
            "It may be on nas, which cannot read /a since 2016-10-23 12:07 UTC.");
    }

    // A peer asks for the local files of this node, which are complete.
    [TestMethod]
    public async Task Peer_IsAnsweredFromTheLocalTree_WithoutMissingNodes()
    {
        await using var site = await HttpSite.StartAsync(Tree(Nas), new MemoryFileTree().File("/own", "own"));

        using var response = await site.GetAsync("/fs/own?redirN=1&require=complete");

        Assert.AreEqual("own", await response.Content.ReadAsStringAsync());
    }

    // A node that returns while a request takes its snapshot: the snapshot may be older.
    [TestMethod]
    public async Task NodeThatReturnsDuringTheSnapshot_CountsAsMissing()
    {
        var tree = new ReturningTree(Tree(Nas));
        await using var site = await HttpSite.StartAsync(tree);

        using var during = await site.GetAsync("/find/");
        using var after = await site.GetAsync("/find/");

        Assert.AreEqual("nas;since=1477224426", during.Headers.GetValues("X-Dftp-Missing").Single());
        Assert.IsFalse(after.Headers.Contains("X-Dftp-Missing"));
    }

    [TestMethod]
    [DataRow("/status")]
    [DataRow("/status/")]
    [DataRow("/status/?require=complete")]
    public async Task Status_IsWhatTheNodeWrites(string target)
    {
        await using var site = await HttpSite.StartAsync(Tree(Nas), options: options => options with
        {
            WriteStatus = json =>
            {
                json.WriteStartObject();
                json.WriteString("node", "server1");
                json.WriteEndObject();
            },
        });

        using var response = await site.GetAsync(target);

        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
        Assert.AreEqual("application/json", response.Content.Headers.ContentType!.ToString());
        Assert.IsTrue(response.Headers.CacheControl!.NoStore);
        Assert.AreEqual("{\n  \"node\": \"server1\"\n}", await response.Content.ReadAsStringAsync());
    }

    [TestMethod]
    public async Task StatusThatNobodyWrites_IsNotFound()
    {
        await using var site = await HttpSite.StartAsync(Tree());

        using var response = await site.GetAsync("/status/");

        Assert.AreEqual(HttpStatusCode.NotFound, response.StatusCode);
    }

    private static MemoryFileTree Tree(params MissingNode[] missing) => new MemoryFileTree { Missing = missing }.File("/a/x", "x");

    /// <summary>A tree whose missing nodes are back as soon as the first snapshot is taken.</summary>
    private sealed class ReturningTree(MemoryFileTree tree) : ITestTree
    {
        public IReadOnlyList<NodeSummary> Nodes => tree.Nodes;

        public IReadOnlyList<MissingNode> Missing => tree.Missing;

        public ITreeSnapshot Snapshot
        {
            get
            {
                var snapshot = tree.Snapshot;
                tree.Missing = [];
                return snapshot;
            }
        }

        public ValueTask<OpenResult> OpenAsync(VirtualPath path, Entry file, RangeSpec part, CancellationToken cancellationToken) =>
            tree.OpenAsync(path, file, part, cancellationToken);
    }
}
