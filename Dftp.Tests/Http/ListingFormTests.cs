using System.Net;
using System.Text.Json;
using Dftp.FileSystem;
using Dftp.Tests.Support;

namespace Dftp.Tests.Http;

[TestClass]
public sealed class ListingFormTests
{
    private static readonly MemoryFileTree Tree = new MemoryFileTree()
        .File("/a/z-old", "1", UnixTime.FromSeconds(1)).File("/a/b\"\\é", "12345", UnixTime.FromSeconds(3))
        .File("/a/m", "123", UnixTime.FromSeconds(2)).File("/a/sub/x", "123456789", UnixTime.FromSeconds(4))
        .Directory("/a/empty", UnixTime.FromSeconds(9));

    // ngx_http_autoindex_module.c, ngx_http_autoindex_json: name, type, mtime as an HTTP date, a file's size.
    [TestMethod]
    public async Task Json_HasTheMembersOfNginxAndTheHolders()
    {
        await using var site = await HttpSite.StartAsync(Tree);

        using var response = await site.GetAsync("/fs/a/?format=json");
        var text = await response.Content.ReadAsStringAsync();

        Assert.AreEqual("application/json", response.Content.Headers.ContentType!.ToString());
        Assert.AreEqual(
            "[\r\n{ \"name\":\"empty\", \"type\":\"directory\", \"mtime\":\"Thu, 01 Jan 1970 00:00:09 GMT\", "
            + "\"owner\":\"memory\", \"holders\":1, \"bytes\":0 },\r\n",
            text[..(text.IndexOf("},", StringComparison.Ordinal) + 4)]);
        var entries = JsonDocument.Parse(text).RootElement.EnumerateArray().ToList();
        CollectionAssert.AreEqual(
            new[] { "empty", "sub", "b\"\\é", "m", "z-old" }, entries.Select(entry => entry.GetProperty("name").GetString()).ToArray());
        Assert.AreEqual(5, entries[2].GetProperty("size").GetInt64());
        Assert.AreEqual("file", entries[2].GetProperty("type").GetString());
        Assert.IsFalse(entries[1].TryGetProperty("size", out _));
        Assert.AreEqual(9, entries[1].GetProperty("bytes").GetInt64());
        Assert.IsFalse(entries[2].TryGetProperty("bytes", out _));
    }

    [TestMethod]
    public async Task EmptyDirectory_IsAnEmptyArray()
    {
        await using var site = await HttpSite.StartAsync(Tree);

        Assert.AreEqual(0, JsonDocument.Parse(await site.GetTextAsync("/fs/a/empty/?format=json")).RootElement.GetArrayLength());
    }

    [TestMethod]
    [DataRow("application/json", "application/json")]
    [DataRow("application/json, text/plain, */*", "application/json")]
    [DataRow("text/html;q=0.5, application/json", "application/json")]
    [DataRow("*/*", "text/html; charset=utf-8")]
    [DataRow("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html; charset=utf-8")]
    [DataRow("text/html, application/json;q=0.9", "text/html; charset=utf-8")]
    [DataRow("application/json;q=0", "text/html; charset=utf-8")]
    public async Task Accept_ChoosesTheForm(string accept, string type)
    {
        await using var site = await HttpSite.StartAsync(Tree);

        using var response = await site.GetAsync("/fs/a/", ("Accept", accept));

        Assert.AreEqual(type, response.Content.Headers.ContentType!.ToString());
        Assert.AreEqual("Accept", response.Headers.Vary.Single());
    }

    [TestMethod]
    [DataRow("", "empty/\nsub/\nb\"\\é\nm\nz-old\n")]
    [DataRow("&sort=name&order=desc", "sub/\nempty/\nz-old\nm\nb\"\\é\n")]
    [DataRow("&sort=time", "sub/\nempty/\nz-old\nm\nb\"\\é\n")]
    [DataRow("&sort=time&order=desc", "empty/\nsub/\nb\"\\é\nm\nz-old\n")]
    [DataRow("&sort=size&order=asc", "empty/\nsub/\nz-old\nm\nb\"\\é\n")]
    [DataRow("&sort=size&order=desc", "sub/\nempty/\nb\"\\é\nm\nz-old\n")]
    public async Task Names_ComeInTheRequestedOrder(string order, string expected)
    {
        await using var site = await HttpSite.StartAsync(Tree);

        Assert.AreEqual(expected, await site.GetTextAsync("/fs/a/?format=txt" + order));
    }

    [TestMethod]
    [DataRow("format=xml", "format is html, json or txt.\n")]
    [DataRow("format=json&format=txt", "format is html, json or txt.\n")]
    [DataRow("sort=owner", "sort is name, time or size.\n")]
    [DataRow("sort=", "sort is name, time or size.\n")]
    [DataRow("order=up", "order is asc or desc.\n")]
    public async Task UnknownValue_Gives400AndASentence(string query, string sentence)
    {
        await using var site = await HttpSite.StartAsync(Tree);

        using var response = await site.GetAsync("/fs/a/?" + query);

        Assert.AreEqual(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.AreEqual(sentence, await response.Content.ReadAsStringAsync());
    }

    // RFC 9110, 13.1.2: "the origin server MUST respond with either a) the 304 (Not Modified) status code".
    [TestMethod]
    public async Task ListingThatTheClientHas_Gives304UntilItChanges()
    {
        var tree = new MemoryFileTree().File("/a/x", "x");
        await using var site = await HttpSite.StartAsync(tree);
        using var first = await site.GetAsync("/fs/a/");
        var tag = first.Headers.GetValues("ETag").Single();

        using var same = await site.GetAsync("/fs/a/", ("If-None-Match", $"\"other\", {tag}"));
        using var sorted = await site.GetAsync("/fs/a/?sort=size", ("If-None-Match", tag));
        using var json = await site.GetAsync("/fs/a/?format=json", ("If-None-Match", tag));
        tree.Missing = [new MissingNode(NodeName.Parse("nas"), UnixTime.FromSeconds(1))];
        using var missing = await site.GetAsync("/fs/a/", ("If-None-Match", tag));
        tree.Missing = [];
        tree.File("/a/y", "y");
        using var changed = await site.GetAsync("/fs/a/", ("If-None-Match", tag));

        Assert.AreEqual(HttpStatusCode.NotModified, same.StatusCode);
        Assert.AreEqual(tag, same.Headers.GetValues("ETag").Single());
        Assert.AreEqual("", await same.Content.ReadAsStringAsync());
        foreach (var other in new[] { sorted, json, missing, changed }) Assert.AreEqual(HttpStatusCode.OK, other.StatusCode);
    }

    // RFC 6266, 4.3: "filename*" for characters outside of ISO-8859-1; recipients that know both "SHOULD pick filename*".
    [TestMethod]
    [DataRow("/plain.txt", "attachment; filename=plain.txt; filename*=UTF-8''plain.txt")]
    [DataRow("/ü \"x\";.txt", "attachment; filename=\"_ \\\"x\\\";.txt\"; filename*=UTF-8''%C3%BC%20%22x%22%3B.txt")]
    public async Task Download_IsToBeSavedUnderItsName(string path, string disposition)
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree().File(path, "x"));

        var url = "/fs/" + Uri.EscapeDataString(path[1..]);
        using var response = await site.GetAsync(url + "?download");
        using var shown = await site.GetAsync(url);

        Assert.AreEqual(disposition, response.Content.Headers.GetValues("Content-Disposition").Single());
        Assert.IsFalse(shown.Content.Headers.Contains("Content-Disposition"));
    }
}
