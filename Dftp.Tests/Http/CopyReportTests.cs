using System.Net;
using System.Text.Json;
using Dftp.FileSystem;

namespace Dftp.Tests.Http;

[TestClass]
public sealed class CopyReportTests
{
    private static string Hex(string text) =>
        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)));

    // Copies are compared by content over all holders: equal content at other paths counts, other content at the same path does not.
    private static CopiesTree Tree() => new CopiesTree("a", "b", "c")
        .Copy("a", "/photos/1.jpg", "picture").Copy("b", "/backup/old 1.jpg", "picture")
        .Copy("a", "/both", "same at both").Copy("b", "/both", "same at both")
        .Copy("a", "/differs", "four").Copy("b", "/differs", "FOUR")
        .Copy("c", "/only", "the only one of its size")
        .Copy("c", "/twice/1", "on one node twice").Copy("c", "/twice/2", "on one node twice");

    [TestMethod]
    public async Task Duplicates_AreThoseOfTheSameContentOnSeveralNodes_TheLargestFirst()
    {
        await using var site = await HttpSite.StartAsync(Tree());

        var lines = await LinesAsync(site, "/duplicates/");

        Assert.AreEqual(
            string.Join('\n', Sorted([
                $"12 {Hex("same at both")} a /both", $"12 {Hex("same at both")} b /both",
                $"7 {Hex("picture")} a /photos/1.jpg", $"7 {Hex("picture")} b /backup/old 1.jpg"])),
            string.Join('\n', Sorted(lines)));
    }

    [TestMethod]
    public async Task Unique_AreThoseOfWhichNoOtherNodeHasTheContent()
    {
        await using var site = await HttpSite.StartAsync(Tree());

        var lines = await LinesAsync(site, "/unique/");

        Assert.AreEqual(
            string.Join('\n', Sorted([
                "24 - c /only", "17 - c /twice/1", "17 - c /twice/2", $"4 {Hex("four")} a /differs", $"4 {Hex("FOUR")} b /differs"])),
            string.Join('\n', Sorted(lines)));
    }

    // Copies of different sizes differ: only copies of equal size are read.
    [TestMethod]
    public async Task OnlyCopiesOfSizesThatSeveralNodesHave_AreRead()
    {
        var tree = Tree();
        await using var site = await HttpSite.StartAsync(tree);

        await site.GetTextAsync("/unique/");

        Assert.AreEqual(
            "a /both,a /differs,a /photos/1.jpg,b /backup/old 1.jpg,b /both,b /differs",
                string.Join(',', tree.Computed.Order(StringComparer.Ordinal)));
    }

    // The query selects the copies to report; they are compared with all others.
    [TestMethod]
    [DataRow("/duplicates/photos", "/backup/old 1.jpg /photos/1.jpg")]
    [DataRow("/duplicates/?under=/photos", "/backup/old 1.jpg /photos/1.jpg")]
    [DataRow("/duplicates/photos/1.jpg", "/backup/old 1.jpg /photos/1.jpg")]
    [DataRow("/duplicates/?larger=7", "/both /both")]
    [DataRow("/duplicates/?node=c", "")]
    [DataRow("/duplicates/?name=*.jpg&node=b", "/backup/old 1.jpg /photos/1.jpg")]
    [DataRow("/unique/photos", "")]
    [DataRow("/unique/?node=b", "/differs")]
    [DataRow("/unique/?node=c&limit=1", "/only")]
    [DataRow("/unique/twice/?larger=16", "/twice/1 /twice/2")]
    public async Task Report_IsOfWhatItsQueryAsksFor(string target, string paths)
    {
        await using var site = await HttpSite.StartAsync(Tree());

        var found = (await LinesAsync(site, target)).Select(line => line.Split(' ', 4)[3]).Order(StringComparer.Ordinal);

        Assert.AreEqual(paths, string.Join(' ', found));
    }

    [TestMethod]
    public async Task Limit_EndsTheReport_AndTheWork()
    {
        var tree = new CopiesTree("a", "b");
        for (var size = 1; size <= 300; size++) tree.Copy("a", $"/{size}", new string('x', size))
            .Copy("b", $"/{size}", new string('x', size));
        await using var site = await HttpSite.StartAsync(tree);

        Assert.AreEqual(4, (await LinesAsync(site, "/duplicates/?limit=2")).Length);
        Assert.IsTrue(tree.Computed.Count < 600, $"{tree.Computed.Count} computed");
    }

    [TestMethod]
    public async Task Json_IsAnObjectALine()
    {
        await using var site = await HttpSite.StartAsync(Tree().Copy("a", "/quo\"te", "picture"));

        using var response = await site.GetAsync("/duplicates/?format=json&name=*.jpg");

        Assert.AreEqual("application/x-ndjson", response.Content.Headers.ContentType!.MediaType);
        using var line = JsonDocument.Parse((await response.Content.ReadAsStringAsync()).TrimEnd('\n'));
        Assert.AreEqual(7, line.RootElement.GetProperty("size").GetInt64());
        Assert.AreEqual(Hex("picture"), line.RootElement.GetProperty("sha256").GetString());
        CollectionAssert.AreEquivalent(
            new[] { "a /photos/1.jpg", "b /backup/old 1.jpg", "a /quo\"te" },
            line.RootElement.GetProperty("copies").EnumerateArray()
                .Select(copy => $"{copy.GetProperty("node")} {copy.GetProperty("path")}").ToList());
    }

    // "A file whose digest cannot be had is reported as such rather than silently left out."
    [TestMethod]
    public async Task CopyThatCannotBeRead_IsReportedAsSuch_AndWhatMayBeTheSameIsUncertain()
    {
        var tree = Tree();
        tree.Failures["b /both"] = new FileError(FileErrorKind.AccessDenied, "/both on b: Permission\ndenied");
        await using var site = await HttpSite.StartAsync(tree);

        var text = await LinesAsync(site, "/duplicates/");
        CollectionAssert.Contains(text, "# /both on b could not be compared: /both on b: Permission denied");
        Assert.IsFalse(Array.Exists(text, line => line.EndsWith(" a /both", StringComparison.Ordinal)));

        var lines = (await LinesAsync(site, "/unique/?format=json&name=both"))
            .Select(line => JsonDocument.Parse(line).RootElement).ToList();
        var failed = lines.Single(line => line.TryGetProperty("error", out _));
        Assert.AreEqual("/both on b: Permission denied", failed.GetProperty("error").GetString());
        Assert.IsFalse(failed.TryGetProperty("sha256", out _));
        var doubtful = lines.Single(line => line.TryGetProperty("sha256", out _));
        Assert.IsTrue(doubtful.GetProperty("uncertain").GetBoolean());
    }

    [TestMethod]
    public async Task Results_ComeAsTheyAreKnown_AndAClientThatLeavesEndsTheWork()
    {
        var tree = Tree();
        var stuck = new TaskCompletionSource();
        var stopped = new TaskCompletionSource();
        var count = 0;
        tree.Before = async cancellationToken =>
        {
            if (Interlocked.Increment(ref count) < 3) return;
            stuck.TrySetResult();
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            }
            finally
            {
                stopped.TrySetResult();
            }
        };
        await using var site = await HttpSite.StartAsync(tree);
        using (var response = await site.Client.GetAsync(site.Url("/unique/"), HttpCompletionOption.ResponseHeadersRead))
        {
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
            Assert.AreEqual("24 - c /only", await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(20)));
            await stuck.Task.WaitAsync(TimeSpan.FromSeconds(20));
        }

        await stopped.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }

    [TestMethod]
    public async Task TooManyReportsAtOnce_Give503AndRetryAfter()
    {
        var tree = Tree();
        var go = new TaskCompletionSource();
        tree.Before = cancellationToken => go.Task.WaitAsync(cancellationToken);
        await using var site = await HttpSite.StartAsync(tree);
        var running = Enumerable.Range(0, 4)
            .Select(_ => site.Client.GetAsync(site.Url("/duplicates/"), HttpCompletionOption.ResponseHeadersRead)).ToList();
        await Task.WhenAll(running);

        using var refused = await site.GetAsync("/unique/");
        Assert.AreEqual(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.IsNotNull(refused.Headers.RetryAfter);

        go.SetResult();
        foreach (var report in running) (await report).Dispose();
        await Support.Eventually.TrueAsync(async () => (await site.GetAsync("/unique/")).IsSuccessStatusCode, "there is room again");
    }

    [TestMethod]
    [DataRow("/duplicates/?larger=x", HttpStatusCode.BadRequest)]
    [DataRow("/duplicates/?type=dir", HttpStatusCode.BadRequest)]
    [DataRow("/unique/?limit=0", HttpStatusCode.BadRequest)]
    [DataRow("/unique/nothing", HttpStatusCode.NotFound)]
    public async Task InvalidQuery_Gives400AndASentence(string target, HttpStatusCode status)
    {
        await using var site = await HttpSite.StartAsync(Tree());

        using var response = await site.GetAsync(target);

        Assert.AreEqual(status, response.StatusCode);
        StringAssert.EndsWith(await response.Content.ReadAsStringAsync(), ".\n", StringComparison.Ordinal);
    }

    // A request forwarded by another node is answered from this node's local copies only.
    [TestMethod]
    public async Task ForwardedReport_CoversTheLocalCopiesOnly()
    {
        await using var site = await HttpSite.StartAsync(Tree(), new CopiesTree("a").Copy("a", "/x", "1").Copy("a", "/y", "1"));

        Assert.AreEqual("", await site.GetTextAsync("/duplicates/?redirN=1"));
        Assert.AreEqual("1 - a /x\n1 - a /y\n", await site.GetTextAsync("/unique/?redirN=1"));
    }

    private static async Task<string[]> LinesAsync(HttpSite site, string target) =>
        (await site.GetTextAsync(target)).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static IEnumerable<string> Sorted(IEnumerable<string> lines) => lines.Order(StringComparer.Ordinal);
}
