using System.Net;
using System.Text.Json;
using Dftp.FileSystem;

namespace Dftp.Tests.Http;

[TestClass]
public sealed class HolderTests
{
    private static CopiesTree Tree() => new CopiesTree("server1", "b", "c", "d")
    {
        Urls = { ["b"] = "http://10.0.0.2:7040", ["c"] = "http://[fd00::3]:7040" },
    };

    // RFC 6249, section 3: "Mirrors are announced by Link header fields with the relation type 'duplicate'"; "pri" orders them.
    [TestMethod]
    public async Task File_LinksToTheOtherHoldersOfTheSameSizeAndTime()
    {
        var tree = Tree().Copy("b", "/a dir/ü?.txt", "text").Copy("c", "/a dir/ü?.txt", "text").Copy("d", "/a dir/ü?.txt", "text")
            .Copy("server1", "/a dir/ü?.txt", "text");
        await using var site = await HttpSite.StartAsync(tree);

        using var response = await site.GetAsync("/fs/a%20dir/%C3%BC%3F.txt");

        Assert.AreEqual(
            "<http://[fd00::3]:7040/fs/a%20dir/%C3%BC%3F.txt>; rel=duplicate; pri=1, <http://10.0.0.2:7040/fs/a%20dir/%C3%BC%3F.txt>; rel=duplicate; pri=2",
            response.Headers.GetValues("Link").Single());
    }

    [TestMethod]
    public async Task File_LinksNeitherToOtherVersions_NorToNodesThatAreInDoubtOrHaveNoUrl_NorToItself()
    {
        var tree = Tree().Copy("b", "/x", "text", modified: 2).Copy("c", "/x", "text").Copy("d", "/x", "text")
            .Copy("server1", "/x", "text");
        tree.Suspects.Add("c");
        await using var site = await HttpSite.StartAsync(tree);

        using var response = await site.GetAsync("/fs/x");

        Assert.IsFalse(response.Headers.Contains("Link"));
    }

    // A node on loopback is only reachable from its own machine, where the clients of this test are.
    [TestMethod]
    public async Task HolderOnLoopback_IsLinkedToForClientsOfTheSameMachine()
    {
        var tree = Tree().Copy("d", "/x", "text").Copy("server1", "/x", "text");
        tree.Urls["d"] = "http://127.0.0.1:7050";
        await using var site = await HttpSite.StartAsync(tree);

        using var response = await site.GetAsync("/fs/x");

        Assert.AreEqual("<http://127.0.0.1:7050/fs/x>; rel=duplicate; pri=1", response.Headers.GetValues("Link").Single());
    }

    // RFC 9110, section 15.4.8: 307 keeps the method; the target is the Location.
    [TestMethod]
    [DataRow("/fs/a%20dir/%C3%BC%3F.txt", "http://[fd00::3]:7040/fs/a%20dir/%C3%BC%3F.txt?holder=c")]
    [DataRow("/fs/a%20dir/%C3%BC%3F.txt?download", "http://[fd00::3]:7040/fs/a%20dir/%C3%BC%3F.txt?download&holder=c")]
    [DataRow("/fs/a%20dir/%C3%BC%3F.txt?", "http://[fd00::3]:7040/fs/a%20dir/%C3%BC%3F.txt?holder=c")]
    public async Task FileThatOthersHave_IsRedirectedThere_WithItsQuery(string target, string expected)
    {
        await using var site = await RedirectingAsync(Tree().Copy("c", "/a dir/ü?.txt", "text"));

        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Head })
        {
            using var response = await site.SendAsync(method, target, ("Range", "bytes=1-2"), ("If-None-Match", "*"));
            Assert.AreEqual(HttpStatusCode.TemporaryRedirect, response.StatusCode);
            Assert.AreEqual(expected, response.Headers.GetValues("Location").Single());
        }
    }

    [TestMethod]
    public async Task FileThatIsHereToo_IsServedFromHere()
    {
        await using var site = await RedirectingAsync(Tree().Copy("server1", "/x", "text").Copy("c", "/x", "text"));

        Assert.AreEqual("text", await site.GetTextAsync("/fs/x"));
    }

    // A page's Content-Security-Policy also applies to the target of a redirect. Fetch Metadata shows what a page embeds.
    [TestMethod]
    [DataRow("same-origin", "no-cors", HttpStatusCode.OK)]
    [DataRow("same-origin", "cors", HttpStatusCode.OK)]
    [DataRow("same-origin", "navigate", HttpStatusCode.TemporaryRedirect)]
    [DataRow("cross-site", "no-cors", HttpStatusCode.TemporaryRedirect)]
    public async Task FileThatAPageEmbeds_IsServedByThisNode(string site, string mode, HttpStatusCode expected)
    {
        await using var node = await RedirectingAsync(Tree().Copy("c", "/x", "text"));

        using var response = await node.GetAsync("/fs/x", ("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", mode));

        Assert.AreEqual(expected, response.StatusCode);
    }

    // Reverse proxies have little room for headers: nginx' default is 4 KiB for all of them.
    [TestMethod]
    public async Task LinksOfALongPath_TakeAtMostTwoKibibytes()
    {
        var path = "/" + new string('ü', 100) + "/" + new string('x', 200);
        await using var site = await HttpSite.StartAsync(Tree().Copy("server1", path, "text").Copy("b", path, "text")
            .Copy("c", path, "text"));
        var tooLong = "/" + string.Join('/', Enumerable.Repeat(new string('ü', 120), 4));
        await using var without = await HttpSite.StartAsync(Tree().Copy("server1", tooLong, "text").Copy("b", tooLong, "text"));

        using var both = await site.GetAsync("/fs" + Uri.EscapeDataString(path).Replace("%2F", "/", StringComparison.Ordinal));
        using var none = await without.GetAsync("/fs" + Uri.EscapeDataString(tooLong).Replace("%2F", "/", StringComparison.Ordinal));

        Assert.AreEqual(2, both.Headers.GetValues("Link").Single().Split(", ").Length);
        Assert.AreEqual(HttpStatusCode.OK, none.StatusCode);
        Assert.IsFalse(none.Headers.Contains("Link"));
    }

    // The local copy is another version: the tree shows the owner's.
    [TestMethod]
    public async Task FileThatIsHereInAnotherVersion_IsRedirected()
    {
        await using var site = await RedirectingAsync(Tree().Copy("server1", "/x", "old").Copy("c", "/x", "text"));

        using var response = await site.GetAsync("/fs/x");

        Assert.AreEqual(HttpStatusCode.TemporaryRedirect, response.StatusCode);
    }

    [TestMethod]
    public async Task FileOfHoldersThatNoClientReaches_IsServedThroughThisNode()
    {
        var tree = Tree().Copy("d", "/x", "text").Copy("b", "/y", "text");
        tree.Suspects.Add("b");
        await using var site = await RedirectingAsync(tree);

        Assert.AreEqual("text", await site.GetTextAsync("/fs/x"));
        Assert.AreEqual("text", await site.GetTextAsync("/fs/y"));
    }

    [TestMethod]
    public async Task ForwardedRequest_IsNeverRedirected()
    {
        var own = new CopiesTree("server1").Copy("server1", "/x", "own");
        await using var site = await HttpSite.StartAsync(Tree().Copy("c", "/x", "text"), own, options: options =>
            options with { RedirectsRemoteReads = true });

        Assert.AreEqual("own", await site.GetTextAsync("/fs/x?redirN=1"));
    }

    // What a redirected client asks for: the copy of the node that it was sent to, also where the tree shows another one.
    [TestMethod]
    [DataRow("/fs/x?holder=server1", HttpStatusCode.OK, "own")]
    [DataRow("/fs/x?download&holder=server1", HttpStatusCode.OK, "own")]
    [DataRow("/fs/y?holder=server1", HttpStatusCode.NotFound, "Nothing is at /y.\n")]
    [DataRow("/fs/x?holder=c", HttpStatusCode.MisdirectedRequest, "This node is server1, no other holder.\n")]
    [DataRow("/fs/x?holder=", HttpStatusCode.MisdirectedRequest, "This node is server1, no other holder.\n")]
    [DataRow("/fs/x?holder=server1&holder=c", HttpStatusCode.MisdirectedRequest, "This node is server1, no other holder.\n")]
    [DataRow("/find/?holder=server1", HttpStatusCode.OK, "/x\n")]
    public async Task RequestForTheCopiesOfAHolder_IsAnsweredByThatNodeAlone(string target, HttpStatusCode status, string text)
    {
        var own = new CopiesTree("server1").Copy("server1", "/x", "own");
        await using var site = await HttpSite.StartAsync(
            Tree().Copy("c", "/x", "text").Copy("c", "/y", "text"), own, options: options => options with { RedirectsRemoteReads = true });

        using var response = await site.GetAsync(target);

        Assert.AreEqual(status, response.StatusCode);
        Assert.AreEqual(text, await response.Content.ReadAsStringAsync());
    }

    // "redirN" shows this node's copies without regard to who asks: only nodes that know nothing else may use it.
    [TestMethod]
    [DataRow("/fs/x?redirN=1")]
    [DataRow("/fs/x?redirN=2&holder=server1")]
    [DataRow("/find/?redirN=1")]
    [DataRow("/fs/?redirN=1")]
    public async Task ForwardedRequest_OfNoNode_IsRefused(string target)
    {
        var asked = new List<IPAddress>();
        await using var site = await HttpSite.StartAsync(Tree().Copy("server1", "/x", "text"), options: options => options with
        {
            IsReadingNode = address =>
            {
                lock (asked) asked.Add(address);
                return false;
            },
        });

        using var response = await site.GetAsync(target);

        Assert.AreEqual(HttpStatusCode.Forbidden, response.StatusCode);
        StringAssert.Contains(await response.Content.ReadAsStringAsync(), "?holder=server1");
        Assert.IsTrue(asked.TrueForAll(address => IPAddress.IsLoopback(address)));
    }

    [TestMethod]
    public async Task WithoutTheOption_FilesOfOthersComeThroughThisNode()
    {
        await using var site = await HttpSite.StartAsync(Tree().Copy("c", "/x", "text"));

        Assert.AreEqual("text", await site.GetTextAsync("/fs/x"));
    }

    [TestMethod]
    public async Task Holders_ListsTheHoldersOfAFile_TheOwnerFirst()
    {
        var tree = Tree().Copy("server1", "/d/x", "old!").Copy("b", "/d/x", "text", modified: 2).Copy("d", "/d/x", "longer")
            .Copy("c", "/d/x", "text", modified: 2);
        tree.Suspects.Add("b");
        await tree.DigestAsync(VirtualPath.Parse("/d/x"), default, NodeName.Parse("b"), null, default);
        await using var site = await HttpSite.StartAsync(tree);

        using var answer = JsonDocument.Parse(await site.GetTextAsync("/holders/d/x"));

        var root = answer.RootElement;
        Assert.AreEqual(("/d/x", "file", "c"), (Text(root, "path"), Text(root, "type"), Text(root, "owner")));
        var holders = root.GetProperty("holders").EnumerateArray().ToList();
        Assert.AreEqual("c alive True, d alive False, b suspect True, server1 self False", string.Join(
            ", ", holders.Select(holder => $"{Text(holder, "node")} {Text(holder, "state")} {holder.GetProperty("same").GetBoolean()}")));
        Assert.AreEqual("http://[fd00::3]:7040/fs/d/x", Text(holders[0], "url"));
        Assert.AreEqual("Thu, 01 Jan 1970 00:00:02 GMT", Text(holders[0], "mtime"));
        Assert.AreEqual("1970-01-01T00:00:02.000000005Z", Text(holders[0], "modified"));
        Assert.AreEqual(JsonValueKind.Null, holders[0].GetProperty("sha256").ValueKind);
        Assert.AreEqual(JsonValueKind.Null, holders[1].GetProperty("url").ValueKind);
        Assert.AreEqual(6, holders[1].GetProperty("size").GetInt64());
        Assert.AreEqual("982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1", Text(holders[2], "sha256"));
        Assert.AreEqual($"http://127.0.0.1:{site.Port}/fs/d/x", Text(holders[3], "url"));
    }

    [TestMethod]
    public async Task HoldersOfADirectory_AreTheNodesWithSomethingInIt()
    {
        await using var site = await HttpSite.StartAsync(Tree().Copy("server1", "/d/x", "1").Copy("b", "/d/e/y", "2").Copy("c", "/z", "3"));

        using var answer = JsonDocument.Parse(await site.GetTextAsync("/holders/d/"));

        Assert.AreEqual("directory", Text(answer.RootElement, "type"));
        var holders = answer.RootElement.GetProperty("holders").EnumerateArray().ToList();
        Assert.AreEqual("server1 b", string.Join(' ', holders.Select(holder => Text(holder, "node"))));
        Assert.AreEqual("http://10.0.0.2:7040/fs/d/", Text(holders[1], "url"));
        Assert.IsFalse(holders[0].TryGetProperty("size", out _));
    }

    [TestMethod]
    public async Task HoldersOfAMissingPath_Is404_AndNamesTheMissingNodes()
    {
        var tree = Tree();
        await using var site = await HttpSite.StartAsync(tree);
        using var nothing = await site.GetAsync("/holders/nothing");
        Assert.AreEqual(HttpStatusCode.NotFound, nothing.StatusCode);

        tree.Missing = [new MissingNode(NodeName.Parse("e"), UnixTime.FromSeconds(7))];
        using var maybe = await site.GetAsync("/holders/nothing");
        Assert.AreEqual(HttpStatusCode.NotFound, maybe.StatusCode);
        Assert.AreEqual("e;since=7", maybe.Headers.GetValues("X-Dftp-Missing").Single());
        using var refused = await site.GetAsync("/holders/?require=complete");
        Assert.AreEqual(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        using var moved = await site.GetAsync("/holders");
        Assert.AreEqual("/holders/", moved.Headers.Location!.OriginalString);
    }

    private static Task<HttpSite> RedirectingAsync(CopiesTree tree) =>
        HttpSite.StartAsync(tree, options: options => options with { RedirectsRemoteReads = true });

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();

    // The client's host goes into URLs that others may see: only a plain host is repeated.
    [TestMethod]
    [DataRow("files.example:7040", "http://files.example:7040/fs/x")]
    [DataRow("my_nas", "http://my_nas/fs/x")]
    [DataRow("10.0.0.2:80", "http://10.0.0.2:80/fs/x")]
    [DataRow("[fd00::3]:7040", "http://[fd00::3]:7040/fs/x")]
    [DataRow("a'onload=alert(1)", "/fs/x")]
    [DataRow("user@evil.example", "/fs/x")]
    [DataRow("evil.example,b", "/fs/x")]
    [DataRow("evil.example:0", "/fs/x")]
    [DataRow("evil.example:99999", "/fs/x")]
    [DataRow("", "/fs/x")]
    public async Task OwnUrl_RepeatsTheHostOnlyWhereItIsOne(string host, string expected)
    {
        await using var site = await HttpSite.StartAsync(Tree().Copy("server1", "/x", "text"));

        var answer = await site.SendRawAsync($"GET /holders/x HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");

        // The server itself refuses some of them.
        if (!answer.StartsWith("HTTP/1.1 400", StringComparison.Ordinal)) StringAssert.Contains(answer, $"\"url\": \"{expected}\"");
        else Assert.AreEqual("/fs/x", expected);
        Assert.IsFalse(answer.Contains("evil", StringComparison.Ordinal), answer);
    }
}
