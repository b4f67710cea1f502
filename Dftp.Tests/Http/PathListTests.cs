using System.Net;
using Dftp.Tests.Support;

namespace Dftp.Tests.Http;

[TestClass]
public sealed class PathListTests
{
    private static readonly MemoryFileTree Tree = new MemoryFileTree()
        .File("/test.txt", "").File("/a/b/deep é.txt", "").File("/a/x", "").File("/a/y%2F", "").File("/z/q", "").Directory("/empty");

    // "Returns complete list of full filenames for every file ... as a text/plain newline-separated response. Returned filenames start with
    // "/" and are relative to the root directory."
    [TestMethod]
    public async Task Find_lists_files_only_a_line_each()
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
    public async Task Find_under_a_path_lists_what_is_there(string target, string expected)
    {
        await using var site = await HttpSite.StartAsync(Tree);

        Assert.AreEqual(expected, await site.GetTextAsync(target));
    }

    [TestMethod]
    public async Task Find_where_nothing_is_gives_404()
    {
        await using var site = await HttpSite.StartAsync(Tree);

        using var response = await site.GetAsync("/find/nothing/here");

        Assert.AreEqual(HttpStatusCode.NotFound, response.StatusCode);
        Assert.AreEqual("Nothing is at /nothing/here.\n", await response.Content.ReadAsStringAsync());
    }

    [TestMethod]
    public async Task Empty_tree_gives_an_empty_list()
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree());

        using var response = await site.GetAsync("/find/");

        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
        Assert.AreEqual("", await response.Content.ReadAsStringAsync());
    }

    [TestMethod]
    public async Task Head_has_the_type_and_no_body()
    {
        await using var site = await HttpSite.StartAsync(Tree);

        using var response = await site.SendAsync(HttpMethod.Head, "/find/");

        Assert.AreEqual("text/plain; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.AreEqual("", await response.Content.ReadAsStringAsync());
    }

    // Many blocks of long lines: none is cut at a block's end.
    [TestMethod]
    public async Task Long_list_comes_whole()
    {
        var tree = new MemoryFileTree();
        var expected = Enumerable.Range(0, 300).Select(i => $"/{new string('d', 250)}/{new string('f', 240)}{i:D4}").ToList();
        foreach (var path in expected) tree.File(path, "");
        await using var site = await HttpSite.StartAsync(tree);

        Assert.AreEqual(string.Join('\n', expected) + "\n", await site.GetTextAsync("/find/"));
    }
}
