using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Dftp.Tests.Support;

namespace Dftp.Tests.Cluster;

/// <summary>Real nodes: where a file lies, what it is, and what happens to it.</summary>
[TestClass]
public sealed class WhereTests
{
    private static readonly DateTime Old = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);

    [TestMethod]
    public async Task DigestOfARemoteFile_IsComputedByItsHolder_WhoKnowsItFromThenOn()
    {
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", []);
        var b = await cluster.StartAsync("b", [("dir/x ü", "content of b")]);
        Age(b, "dir/x ü");
        await cluster.UniteAsync();
        await SeenWithAsync(a, "dir/x ü", Old);
        var expected = Field("content of b");

        Assert.IsNull((await HeadAsync(b, "fs/dir/x%20%C3%BC")).Digest);
        Assert.AreEqual(expected, (await HeadAsync(a, "fs/dir/x%20%C3%BC", ("Want-Repr-Digest", "sha-256=5"))).Digest);

        // The holder computed it, so it tells; and whoever asked remembers, for GET as for HEAD.
        Assert.AreEqual(expected, (await HeadAsync(b, "fs/dir/x%20%C3%BC")).Digest);
        Assert.AreEqual(expected, (await HeadAsync(a, "fs/dir/x%20%C3%BC")).Digest);
        using var part = await SendAsync(HttpMethod.Get, a, "fs/dir/x%20%C3%BC", ("Range", "bytes=0-6"));
        Assert.AreEqual(("content", expected), (await part.Content.ReadAsStringAsync(), part.Headers.GetValues("Repr-Digest").Single()));

        using var holders = JsonDocument.Parse(await a.GetAsync("holders/dir/x%20%C3%BC"));
        var holder = holders.RootElement.GetProperty("holders")[0];
        Assert.AreEqual(("b", "alive", Hex("content of b")), (holder.GetProperty("node").GetString(), holder.GetProperty("state").GetString(), holder.GetProperty("sha256").GetString()));
        Assert.AreEqual($"{b.Public}fs/dir/x%20%C3%BC", holder.GetProperty("url").GetString());

        // Changed: what was known is of another content.
        b.Write("dir/x ü", "content of B");
        await Eventually.TrueAsync(async () => (await HeadAsync(a, "fs/dir/x%20%C3%BC")).Digest is null, "the old digest is forgotten");
        Assert.AreEqual(Field("content of B"), (await HeadAsync(a, "fs/dir/x%20%C3%BC", ("Want-Repr-Digest", "sha-256=5"))).Digest);
    }

    [TestMethod]
    public async Task FileOfTwoHolders_LinksToTheOther_AndReportsTellWhatIsWhere()
    {
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", [("same", "both have it"), ("x", "aa"), ("secret/of-a", "only on a")]);
        var b = await cluster.StartAsync("b", [("same", "both have it"), ("y", "aa"), ("z", "bb")]);
        Age(a, "same");
        Age(b, "same");
        await cluster.UniteAsync();
        await SeenWithAsync(a, "same", Old);

        using (var response = await SendAsync(HttpMethod.Head, a, "fs/same"))
            Assert.AreEqual($"<{b.Public}fs/same>; rel=duplicate; pri=1", response.Headers.GetValues("Link").Single());
        using (var response = await SendAsync(HttpMethod.Head, a, "fs/same?holder=a")) Assert.IsFalse(response.Headers.Contains("Link"));

        foreach (var node in new[] { a, b })
        {
            CollectionAssert.AreEqual(
                new[] { $"12 {Hex("both have it")} a /same", $"12 {Hex("both have it")} b /same", $"2 {Hex("aa")} a /x", $"2 {Hex("aa")} b /y" },
                Sorted(await node.GetAsync("duplicates/")));
            CollectionAssert.AreEqual(new[] { $"2 {Hex("bb")} b /z", "9 - a /secret/of-a" }, Sorted(await node.GetAsync("unique/")));
        }
    }

    [TestMethod]
    public async Task RedirectingNode_SendsClientsToTheHolder_WhoServesThem()
    {
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", [("of-a", "mine")], options => options with { RedirectsRemoteReads = true });
        var b = await cluster.StartAsync("b", [("dir/x ü", "content of b")], options => options with { RedirectsRemoteReads = true });
        await cluster.UniteAsync();

        using var response = await SendAsync(HttpMethod.Get, a, "fs/dir/x%20%C3%BC?download");
        Assert.AreEqual(HttpStatusCode.TemporaryRedirect, response.StatusCode);
        Assert.AreEqual($"{b.Public}fs/dir/x%20%C3%BC?download&holder=b", response.Headers.GetValues("Location").Single());
        using var follower = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(a.Public, "fs/dir/x%20%C3%BC")) { Headers = { Range = new(3, 6) } };
        using var followed = await follower.SendAsync(request);
        Assert.AreEqual((HttpStatusCode.PartialContent, "tent"), (followed.StatusCode, await followed.Content.ReadAsStringAsync()));
        Assert.AreEqual("mine", await a.GetAsync("fs/of-a"));
        Assert.AreEqual(HttpStatusCode.TemporaryRedirect, (await SendAsync(HttpMethod.Head, b, "fs/of-a")).StatusCode);
    }

    // A node without a public interface is read by nodes on its management interface; clients are not sent there.
    [TestMethod]
    public async Task HolderWithoutAPublicInterface_IsReadThroughTheRedirectingNode()
    {
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", [], options => options with { RedirectsRemoteReads = true });
        await cluster.StartAsync("b", [("x", "content of b")], options => options with { HttpListen = null });
        await cluster.UniteAsync();

        Assert.AreEqual("content of b", await a.GetAsync("fs/x"));
        using var holders = JsonDocument.Parse(await a.GetAsync("holders/x"));
        Assert.AreEqual(JsonValueKind.Null, holders.RootElement.GetProperty("holders")[0].GetProperty("url").ValueKind);
    }

    [TestMethod]
    public async Task OriginalNodesFile_IsReadAndHashedHere()
    {
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", [], options => options with { RedirectsRemoteReads = true });
        await using var original = await LegacyNode.StartAsync("original");
        original.Files["/x"] = Encoding.UTF8.GetBytes("from the original");
        using (var greeting = original.Greeting(requestFullUpdate: true))
            (await TestCluster.Http.PostAsync(new Uri(a.Management, "/cluster/"), greeting)).EnsureSuccessStatusCode();
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        using var update = new StringContent(
            $$"""{"SenderNodeName":"original","Full":true,"UpdateTime":{{now}},"Files":[{"Deletion":false,"FullName":"x","Basename":"x","Dir":false,"LastModified":1476551310,"LastInfoUpdated":{{now}},"SizeInBytes":17,"FileMode":420,"OwnerNode":"original"}]}""",
            Encoding.UTF8, "application/json");
        (await TestCluster.Http.PostAsync(new Uri(a.Management, "/update/"), update)).EnsureSuccessStatusCode();
        await Eventually.TrueAsync(() => a.Paths().Contains("/x"), "the original's file is in the tree");

        Assert.AreEqual(Field("from the original"), (await HeadAsync(a, "fs/x", ("Want-Repr-Digest", "sha-256=1"))).Digest);
        Assert.AreEqual("from the original", await a.GetAsync("fs/x"));
    }

    [TestMethod]
    public async Task Events_TellOfAllNodes_AndAfterARestartToReadAnew()
    {
        await using var cluster = new TestCluster();
        var port = TestCluster.LastingPort();
        var a = await cluster.StartAsync("a", [], options => options with { HttpListen = port });
        var b = await cluster.StartAsync("b", []);
        await cluster.UniteAsync();
        string place;
        using (var stream = await EventStream.OpenAsync(TestCluster.Http, new Uri(a.Public, "events/?under=/d")))
        {
            await stream.BlockAsync();
            await stream.BlockAsync();
            b.Write("d/x", "1");
            await ToldAsync(stream, "created", "/d/x");
            a.Write("elsewhere", "1");
            b.Write("d/x", "22");
            await ToldAsync(stream, "changed", "/d/x");
            File.Delete(Path.Combine(b.Root, "d/x"));
            place = await ToldAsync(stream, "deleted", "/d/x");
        }

        b.Write("d/while-away", "1");
        await Eventually.TrueAsync(() => a.Paths().Contains("/d/while-away"), "a knows it");
        using (var stream = await EventStream.OpenAsync(TestCluster.Http, new Uri(a.Public, "events/?under=/d"), ("Last-Event-ID", place)))
        {
            await ToldAsync(stream, "created", "/d/while-away");
            await b.KillAsync();
            await ToldAsync(stream, "node-left", "b");
            await ToldAsync(stream, "deleted", "/d");
            await b.StartAsync();
            await b.JoinAsync(a);
            await ToldAsync(stream, "node-joined", "b");
            place = await ToldAsync(stream, "created", "/d/while-away");
        }

        await a.KillAsync();
        await a.StartAsync(options => options with { HttpListen = port });
        using (var stream = await EventStream.OpenAsync(TestCluster.Http, new Uri(a.Public, "events/?under=/d"), ("Last-Event-ID", place)))
            await ToldAsync(stream, "reset", "/");
    }

    /// <summary>Reads until an event of that name and path (or node) comes.</summary>
    /// <returns>Its id.</returns>
    private static async Task<string> ToldAsync(EventStream stream, string name, string what)
    {
        while (await stream.BlockAsync() is { Length: > 0 } block)
        {
            var fields = block.Split('\n').Where(line => line[0] != ':').Select(line => line.Split(": ", 2)).ToDictionary(line => line[0], line => line[1]);
            if (fields.GetValueOrDefault("event") != name) continue;
            using var data = JsonDocument.Parse(fields["data"]);
            var told = data.RootElement.TryGetProperty("node", out var node) ? node : data.RootElement.GetProperty("path");
            if (told.GetString() == what) return fields["id"];
        }

        throw new AssertFailedException($"the stream ended without {name} of {what}");
    }

    private static async Task<HttpResponseMessage> SendAsync(HttpMethod method, TestNode node, string target, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, new Uri(node.Public, target));
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await TestCluster.Http.SendAsync(request);
    }

    private static async Task<(string? Digest, string Modified)> HeadAsync(TestNode node, string target, params (string Name, string Value)[] headers)
    {
        using var response = await SendAsync(HttpMethod.Head, node, target, headers);
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
        return (response.Headers.TryGetValues("Repr-Digest", out var values) ? values.Single() : null, response.Headers.GetValues("X-Dftp-Modified").Single());
    }

    private static void Age(TestNode node, string path) => File.SetLastWriteTimeUtc(Path.Combine(node.Root, path), Old);

    /// <summary>Until the node knows of every holder that its copy has this time.</summary>
    private static Task SeenWithAsync(TestNode node, string path, DateTime modified) => Eventually.TrueAsync(
        async () =>
        {
            using var told = JsonDocument.Parse(await node.GetAsync("holders/" + path));
            return told.RootElement.GetProperty("holders").EnumerateArray()
                .All(holder => holder.GetProperty("mtime").GetString() == modified.ToString("R", CultureInfo.InvariantCulture));
        },
        $"{node.Name} knows the time of every {path}");

    private static string Field(string content) => $"sha-256=:{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(content)))}:";

    private static string Hex(string content) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content)));

    private static string[] Sorted(string lines) => [.. lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)];
}
