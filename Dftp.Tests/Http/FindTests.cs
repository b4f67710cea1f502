using System.Net;
using System.Text.Json;
using Dftp.Tests.Support;

namespace Dftp.Tests.Http;

[TestClass]
public sealed class FindTests
{
    private static readonly MemoryFileTree Tree = new MemoryFileTree()
        .File("/test.txt", "").File("/a/b/deep é.txt", "").File("/a/x", "").File("/a/y%2F", "").File("/z/q", "").Directory("/empty");

    // "Returns complete list of full filenames for every file ... as a text/plain newline-separated response. Returned filenames start with
    // "/" and are relative to the root directory."
    [TestMethod]
    public async Task Find_ListsFilesOnly_OnePerLine()
    {
        await using var site = await HttpSite.StartAsync(Tree);

        using var response = await site.GetAsync("/find/");

        Assert.AreEqual("text/plain; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.AreEqual("/test.txt\n/a/x\n/a/y%2F\n/a/b/deep é.txt\n/z/q\n", await response.Content.ReadAsStringAsync());
    }

    [TestMethod]
    [DataRow("/find/a", "/a/x\n/a/y%2F\n/a/b/deep é.txt\n")]
    [DataRow("/find/a/", "/a/x\n/a/y%2F\n/a/b/deep é.txt\n")]
    [DataRow("/find/a/b", "/a/b/deep é.txt\n")]
    [DataRow("/find/a/y%252F", "/a/y%2F\n")]
    [DataRow("/find/test.txt", "/test.txt\n")]
    [DataRow("/find/empty/", "")]
    public async Task FindUnderAPath_ListsItsFiles(string target, string expected)
    {
        await using var site = await HttpSite.StartAsync(Tree);

        Assert.AreEqual(expected, await site.GetTextAsync(target));
    }

    [TestMethod]
    public async Task FindUnderAMissingPath_Gives404()
    {
        await using var site = await HttpSite.StartAsync(Tree);

        using var response = await site.GetAsync("/find/nothing/here");

        Assert.AreEqual(HttpStatusCode.NotFound, response.StatusCode);
        Assert.AreEqual("Nothing is at /nothing/here.\n", await response.Content.ReadAsStringAsync());
    }

    [TestMethod]
    public async Task EmptyTree_GivesAnEmptyList()
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree());

        using var response = await site.GetAsync("/find/");

        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
        Assert.AreEqual("", await response.Content.ReadAsStringAsync());
    }

    [TestMethod]
    public async Task Head_HasTheTypeAndNoBody()
    {
        await using var site = await HttpSite.StartAsync(Tree);

        using var response = await site.SendAsync(HttpMethod.Head, "/find/");

        Assert.AreEqual("text/plain; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.AreEqual("", await response.Content.ReadAsStringAsync());
    }

    // Many blocks of long lines: no line is cut at the end of a block.
    [TestMethod]
    public async Task LongList_ComesWhole()
    {
        var tree = new MemoryFileTree();
        var expected = Enumerable.Range(0, 300).Select(i => $"/{new string('d', 250)}/{new string('f', 240)}{i:D4}").ToList();
        foreach (var path in expected) tree.File(path, "");
        await using var site = await HttpSite.StartAsync(tree);

        Assert.AreEqual(string.Join('\n', expected) + "\n", await site.GetTextAsync("/find/"));
    }

    [TestMethod]
    [DataRow("name=*.TXT", "/test.txt\n/a/b/deep é.txt\n")]
    [DataRow("name=DEEP%20%C3%89", "/a/b/deep é.txt\n")]
    [DataRow("name=q", "/z/q\n")]
    [DataRow("name=e&type=dir", "/empty/\n")]
    [DataRow("name=[!a-y]&type=any", "/z/\n")]
    [DataRow("type=dir", "/a/\n/empty/\n/z/\n/a/b/\n")]
    [DataRow("under=/a/b", "/a/b/deep é.txt\n")]
    [DataRow("under=a&name=x", "/a/x\n/a/b/deep é.txt\n")]
    [DataRow("limit=2", "/test.txt\n/a/x\n")]
    [DataRow("node=memory&limit=1", "/test.txt\n")]
    [DataRow("node=other", "")]
    [DataRow("larger=0", "")]
    [DataRow("newer=2016-10-23&limit=1", "/test.txt\n")]
    [DataRow("newer=2016-10-24", "")]
    [DataRow("name=&type=&limit=&under=z", "/z/q\n")]
    [DataRow("format=txt&unknown=1&under=z", "/z/q\n")]
    public async Task Query_SelectsTheHits(string query, string expected)
    {
        await using var site = await HttpSite.StartAsync(Tree);

        Assert.AreEqual(expected, await site.GetTextAsync("/find/?" + query));
    }

    [TestMethod]
    [DataRow("1k", "/2k\n/3M\n")]
    [DataRow("2047", "/2k\n/3M\n")]
    [DataRow("2K", "/3M\n")]
    [DataRow("2M", "/3M\n")]
    [DataRow("3m", "")]
    [DataRow("1G", "")]
    public async Task Larger_UnderstandsUnits(string larger, string expected)
    {
        await using var site = await HttpSite.StartAsync(
            new MemoryFileTree().File("/1k", new byte[1024]).File("/2k", new byte[2048]).File("/3M", new byte[3 << 20]));

        Assert.AreEqual(expected, await site.GetTextAsync("/find/?larger=" + larger));
    }

    [TestMethod]
    [DataRow("name=[a", "name is a pattern")]
    [DataRow("name=a&name=b", "name is a pattern")]
    [DataRow("type=link", "type is file, dir or any.")]
    [DataRow("larger=many", "larger is a number of bytes")]
    [DataRow("larger=-1", "larger is a number of bytes")]
    [DataRow("larger=9999999999T", "larger is a number of bytes")]
    [DataRow("newer=yesterday", "newer is a date")]
    [DataRow("node=a/b", "node is the name of a node.")]
    [DataRow("limit=0", "limit is a number from 1 on.")]
    [DataRow("format=xml", "format is txt, json or html.")]
    public async Task BadValue_Gives400AndASentence(string query, string sentence)
    {
        await using var site = await HttpSite.StartAsync(Tree);

        using var response = await site.GetAsync("/find/?" + query);

        Assert.AreEqual(HttpStatusCode.BadRequest, response.StatusCode);
        StringAssert.StartsWith(await response.Content.ReadAsStringAsync(), sentence);
    }

    [TestMethod]
    public async Task Json_GivesOneObjectPerLine()
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree().File("/d\"/\\x", "12"));

        using var response = await site.GetAsync("/find/?format=json&type=any");
        var lines = (await response.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement).ToList();

        Assert.AreEqual("application/x-ndjson", response.Content.Headers.ContentType!.ToString());
        Assert.AreEqual("/d\"", lines[0].GetProperty("path").GetString());
        Assert.AreEqual("directory", lines[0].GetProperty("type").GetString());
        Assert.AreEqual("/d\"/\\x", lines[1].GetProperty("path").GetString());
        Assert.AreEqual(2, lines[1].GetProperty("size").GetInt64());
        Assert.AreEqual("memory", lines[1].GetProperty("owner").GetString());
        Assert.AreEqual(1, lines[1].GetProperty("holders").GetInt32());
    }

    // A browser names HTML; curl, wget and libraries accept anything. Without a query every client gets the list of all paths.
    [TestMethod]
    [DataRow("/find/?name=x", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html; charset=utf-8")]
    [DataRow("/find/?name=x", "*/*", "text/plain; charset=utf-8")]
    [DataRow("/find/?name=x", "application/json, text/html;q=0.5", "text/plain; charset=utf-8")]
    [DataRow("/find/?name=x&format=txt", "text/html", "text/plain; charset=utf-8")]
    [DataRow("/find/?name=x&format=html", "*/*", "text/html; charset=utf-8")]
    [DataRow("/find/", "text/html", "text/plain; charset=utf-8")]
    public async Task BrowserWithAQuery_GetsAPage(string target, string accept, string type)
    {
        await using var site = await HttpSite.StartAsync(Tree);

        using var response = await site.GetAsync(target, ("Accept", accept));

        Assert.AreEqual(type, response.Content.Headers.ContentType!.ToString());
        Assert.AreEqual("Accept", response.Headers.Vary.Single());
    }

    [TestMethod]
    public async Task Page_LinksToTheHitsAndKeepsTheQuery()
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree().File("/d <é>/a\"&b.txt", "12345").File("/other", ""));

        using var response = await site.GetAsync("/find/?format=html&name=%22%26&type=any&larger=1&node=memory");
        var page = await response.Content.ReadAsStringAsync();

        StringAssert.StartsWith(response.Headers.GetValues("Content-Security-Policy").Single(), "default-src 'none'; script-src 'self'");
        StringAssert.Contains(page, "<a href=\"/fs/d%20%3C%C3%A9%3E/a%22%26b.txt\">a&quot;&amp;b.txt</a>");
        StringAssert.Contains(page, "in <a href=\"/fs/d%20%3C%C3%A9%3E/\">/d &lt;é&gt;/</a>");
        StringAssert.Contains(page, "name=\"name\" value=\"&quot;&amp;\"");
        StringAssert.Contains(page, "name=\"larger\" value=\"1\"");
        StringAssert.Contains(page, "<option value=\"any\" selected>");
        StringAssert.Contains(page, "<option value=\"memory\" selected>memory</option>");
        StringAssert.Contains(page, ">1 found.</p>");
        Assert.IsFalse(page.Contains("other", StringComparison.Ordinal));
    }

    [TestMethod]
    [DataRow("name=%5Ba", HttpStatusCode.BadRequest, "name is a pattern")]
    [DataRow("name=nothing", HttpStatusCode.OK, "Nothing was found.")]
    [DataRow("limit=2", HttpStatusCode.OK, "These are the first 2; there may be more.")]
    public async Task Page_ShowsTheNumberOfHits(string query, HttpStatusCode status, string sentence)
    {
        await using var site = await HttpSite.StartAsync(Tree);

        using var response = await site.GetAsync("/find/?format=html&" + query);

        Assert.AreEqual(status, response.StatusCode);
        StringAssert.Contains(await response.Content.ReadAsStringAsync(), sentence);
    }

    // The longest names, of the characters with the longest escapes.
    [TestMethod]
    public async Task LongPaths_FitIntoThePage()
    {
        var tree = new MemoryFileTree();
        var directory = string.Concat(Enumerable.Repeat("/" + new string('"', 255), 15));
        for (var i = 0; i < 9; i++) tree.File($"{directory}/{i}{new string('&', 200)}", "");
        await using var site = await HttpSite.StartAsync(tree);

        var page = await site.GetTextAsync("/find/?format=html&name=*");

        StringAssert.Contains(page, ">9 found.</p>");
        Assert.AreEqual(9, page.Split("<tr><td").Length - 1);
    }
}
