using System.Net;
using System.Text.RegularExpressions;
using Dftp.FileSystem;
using Dftp.Tests.Support;

namespace Dftp.Tests.Http;

[TestClass]
public sealed partial class ListingTests
{
    /// <summary>Characters with a meaning in URLs, in HTML or for careless clients.</summary>
    private static readonly string[] AwkwardNames =
    [
        "with space.txt", "q'uo\"te.txt", "per%cent", "%2F", "a%20b", "a?b", "a#b", "a&b", "a&amp;b", "<b>.html", "plus+", "c:d", "http:",
        "back\\slash", "semi;colon", "a=b", "@", "~", "-", "...", ".hidden", "üñí✓.txt", "日本語", "😀", "e\u0301", new string('x', 255),
        new string('é', 127), new string('&', 255),
    ];

    // ngx_http_autoindex_module.c: the name in 50 columns, a space, the time, a space, the size in 19 columns.
    [TestMethod]
    public async Task Listing_HasTheFormatOfNginx_FollowedByOwnerAndTotals()
    {
        var tree = new MemoryFileTree().File("/a/test.txt", "0123456789").File("/a/sub/x", "", UnixTime.FromSeconds(0));
        await using var site = await HttpSite.StartAsync(tree);

        using var response = await site.GetAsync("/fs/a/");

        Assert.AreEqual("text/html; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.AreEqual("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
        var page = await response.Content.ReadAsStringAsync();
        StringAssert.StartsWith(page, "<!DOCTYPE html>\r\n<html lang=\"en\">\r\n<head><title>Index of /a/</title><meta charset=\"utf-8\">");
        Assert.AreEqual(
            "<h1>Index of /a/</h1><hr><pre><a href=\"../\">../</a>\r\n"
            + "<a href=\"sub/\">sub/</a>" + new string(' ', 47) + "01-Jan-1970 00:00                   -  memory  0 bytes\r\n"
            + "<a href=\"test.txt\">test.txt</a>" + new string(' ', 43) + "23-Oct-2016 12:07                  10  memory\r\n"
            + "</pre><hr></body>\r\n</html>\r\n",
            page[page.IndexOf("<h1>", StringComparison.Ordinal)..]);
    }

    // ngx_http_autoindex_module.c: a name of more than 50 characters shows 47 and "..>"; a directory has its slash if there is room.
    [TestMethod]
    [DataRow(49, false, 49, "</a>  ")]
    [DataRow(50, false, 50, "</a> ")]
    [DataRow(51, false, 47, "..&gt;</a> ")]
    [DataRow(49, true, 49, "/</a> ")]
    [DataRow(50, true, 50, "</a> ")]
    [DataRow(51, true, 47, "..&gt;</a> ")]
    public async Task LongNames_AreCutByCharactersNotBytes(int length, bool isDirectory, int shown, string after)
    {
        foreach (var character in new[] { "n", "é", "😀" })
        {
            var name = string.Concat(Enumerable.Repeat(character, length));
            var tree = new MemoryFileTree();
            _ = isDirectory ? tree.Directory("/" + name) : tree.File("/" + name, "");
            await using var site = await HttpSite.StartAsync(tree);

            var page = await site.GetTextAsync("/fs/");

            StringAssert.Contains(page, "\">" + string.Concat(Enumerable.Repeat(character, shown)) + after + "23-Oct-2016");
        }
    }

    // RFC 3986, 4.2: "A path segment that contains a colon character (e.g., "this:that") cannot be used as the first segment of a
    // relative-path reference, as it would be mistaken for a scheme name."
    [TestMethod]
    public async Task EveryLinkOfAListing_LeadsToItsFile()
    {
        var tree = new MemoryFileTree();
        foreach (var name in AwkwardNames) tree.File("/dir " + "é" + "/" + name, "content of " + name);
        await using var site = await HttpSite.StartAsync(tree);
        var listing = site.Url("/fs/dir%20%C3%A9/");
        var page = await site.Client.GetStringAsync(listing);

        var links = Link().Matches(page).Select(match => match.Groups[1].Value).Skip(1).ToList();

        Assert.AreEqual(AwkwardNames.Length, links.Count);
        var contents = new List<string>();
        foreach (var link in links)
        {
            // Resolves a link as a browser does.
            var url = new Uri(listing, WebUtility.HtmlDecode(link));
            contents.Add(await site.Client.GetStringAsync(url));
            StringAssert.Matches(link, Unreserved());
        }

        CollectionAssert.AreEquivalent(AwkwardNames.Select(name => "content of " + name).ToList(), contents);
    }

    [TestMethod]
    public async Task NamesAndPath_AreTextNotMarkup()
    {
        var tree = new MemoryFileTree().File("/<script>&\"/<b>&\".html", "");
        await using var site = await HttpSite.StartAsync(tree);

        var page = await site.GetTextAsync("/fs/%3Cscript%3E&%22/");

        StringAssert.Contains(page, "<title>Index of /&lt;script&gt;&amp;&quot;/</title>");
        StringAssert.Contains(page, "<a href=\"%3Cb%3E%26%22.html\">&lt;b&gt;&amp;&quot;.html</a>");
        Assert.IsFalse(page.Contains("<script>", StringComparison.Ordinal));
        StringAssert.Contains(page, "<h1>Index of /&lt;script&gt;&amp;&quot;/</h1>");
    }

    // Many blocks, and twice over one connection: no byte is lost or left unsent.
    [TestMethod]
    public async Task LargeListing_ComesWhole()
    {
        await using var site = await HttpSite.StartAsync(new CrowdedTree(10_000));

        var page = await site.GetTextAsync("/fs/");

        Assert.AreEqual(10_001, Link().Count(page));
        StringAssert.EndsWith(page, "</pre><hr></body>\r\n</html>\r\n");
        Assert.AreEqual(page, await site.GetTextAsync("/fs/"));
    }

    // RFC 9110, 9.3.2: "The server SHOULD send the same header fields in response to a HEAD request as it would have sent if the request
    // method had been GET."
    [TestMethod]
    public async Task Head_HasTheTypeAndNoBody()
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree().File("/a/x", ""));

        using var response = await site.SendAsync(HttpMethod.Head, "/fs/a/");

        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
        Assert.AreEqual("text/html; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.AreEqual("", await response.Content.ReadAsStringAsync());
    }

    // RFC 9112, 6.3: before HTTP/1.1 a body without a length ends with the connection.
    [TestMethod]
    public async Task OldClient_GetsTheListingToo()
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree().File("/a/x", ""));

        var answer = await site.SendRawAsync("GET /fs/a/ HTTP/1.0\r\n\r\n");

        StringAssert.StartsWith(answer, "HTTP/1.1 200 OK\r\n");
        StringAssert.EndsWith(answer, "</html>\r\n");
        Assert.IsFalse(answer.Contains("chunked", StringComparison.OrdinalIgnoreCase));
    }

    [GeneratedRegex("<a href=\"([^\"]*)\">")]
    private static partial Regex Link();

    [GeneratedRegex("^[A-Za-z0-9._~%-]+$")]
    private static partial Regex Unreserved();
}
