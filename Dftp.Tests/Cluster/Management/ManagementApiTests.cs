using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Dftp.FileSystem;
using Dftp.Routes;
using Dftp.Tests.Support;

namespace Dftp.Tests.Cluster.Management;

[TestClass]
public sealed class ManagementApiTests
{
    private const string Update = """{"SenderNodeName":"x","Full":true,"UpdateTime":1,"Files":[{"FullName":"d/f","SizeInBytes":3,"LastInfoUpdated":5}]}""";

    // A legacy node's process ends when Peers is null, Me is missing, or an address is without a colon.
    [TestMethod]
    public async Task Cluster_NodeWithoutPeers_AnswersWithMeAndEmptyPeers()
    {
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync("a", []);

        using var answer = await TestCluster.Http.GetAsync(new Uri(node.Management, "/cluster/"));
        var text = await answer.Content.ReadAsStringAsync();

        Assert.AreEqual("text/plain; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        Assert.IsTrue(text.EndsWith("}\n", StringComparison.Ordinal), text);
        using var json = JsonDocument.Parse(text);
        Assert.AreEqual("dftp", json.RootElement.GetProperty("Name").GetString());
        Assert.AreEqual("a", json.RootElement.GetProperty("Me").GetProperty("Name").GetString());
        StringAssert.Contains(json.RootElement.GetProperty("Me").GetProperty("PublicAddr").GetString(), ":");
        Assert.AreEqual(JsonValueKind.Object, json.RootElement.GetProperty("Peers").ValueKind);
    }

    // An unknown caller is greeted back with request-full-update=true and sent a full update, both later.
    [TestMethod]
    public async Task Greeting_OfAnOriginalNode_IsGreetedBackAndSentAnUpdateThatItCanRead()
    {
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync("a", [("d/f.txt", "hello"), ("g", "")]);
        await using var original = await LegacyNode.StartAsync("old");

        using var greeting = original.Greeting(requestFullUpdate: true);
        using var answer = await TestCluster.Http.PostAsync(new Uri(node.Management, "/cluster/"), greeting);

        Assert.AreEqual(HttpStatusCode.OK, answer.StatusCode);
        StringAssert.Contains(await answer.Content.ReadAsStringAsync(), "\"old\"");
        await Eventually.TrueAsync(() => !original.Updates.IsEmpty && !original.Greetings.IsEmpty, "greeted back and pushed to");
        var back = original.Greetings.First();
        Assert.AreEqual("a", back["name"]);
        Assert.AreEqual("true", back["request-full-update"]);
        var update = original.Updates.First();
        Assert.IsTrue(update.GetProperty("Full").GetBoolean());
        CollectionAssert.AreEquivalent(
            new[] { "d", "d/f.txt", "g" },
            update.GetProperty("Files").EnumerateArray().Select(file => file.GetProperty("FullName").GetString()).ToList());
        Assert.AreEqual(0, original.Complaints.Count, string.Join('\n', original.Complaints));
    }

    // A legacy node that knows this one from an earlier start, or from before it was away, never asks for a full update again.
    [TestMethod]
    public async Task OriginalNodeThatAnswersAGreetingAndNeverAsks_IsSentEverything()
    {
        await using var cluster = new TestCluster();
        await using var original = await LegacyNode.StartAsync("old");
        var node = await cluster.StartAsync("a", [("f", "x")]);

        using var form = new FormUrlEncodedContent([new("peer", $"127.0.0.1:{original.Port}")]);
        using var joined = await TestCluster.Http.PostAsync(new Uri(node.Management, "/join/"), form);

        await Eventually.TrueAsync(() => !original.Updates.IsEmpty, "it is pushed to");
        var update = original.Updates.First();
        Assert.IsTrue(update.GetProperty("Full").GetBoolean());
        Assert.AreEqual("f", update.GetProperty("Files").EnumerateArray().Single().GetProperty("FullName").GetString());
        node.Write("g", "");
        await Eventually.TrueAsync(() => original.Updates.Count > 1, "it receives changes");
        Assert.IsFalse(original.Updates.Last().GetProperty("Full").GetBoolean(), "everything is sent once");
    }

    // No listing silently shows less than the cluster holds: a node that is there and has not said yet what it holds is missed.
    [TestMethod]
    public async Task NodeWithoutAnnouncedEntries_IsMissingUntilItsFullUpdate()
    {
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync("a", []);
        await using var original = await MeetAsync(node, "old");

        Assert.AreEqual("old", node.Tree.Missing.Single().Name.Value);
        using (var listing = await TestCluster.Http.GetAsync(new Uri(node.Public, "/fs/")))
        {
            StringAssert.Matches(listing.Headers.GetValues("X-Dftp-Missing").Single(), new Regex(@"^old;since=\d+;joining$"));
        }

        Assert.AreEqual(NodeState.Joining, node.Tree.Nodes.Single(known => known.Name.Value == "old").State);
        using (var status = JsonDocument.Parse(await node.GetAsync("/status/")))
        {
            Assert.AreEqual("joining", status.RootElement.GetProperty("nodes").EnumerateArray().Last().GetProperty("state").GetString());
        }

        await PostUpdate(node, Update.Replace("\"x\"", "\"old\"", StringComparison.Ordinal));
        await Eventually.TrueAsync(() => node.Tree.Missing.Count == 0, "it has said whom it knows, too");
    }

    // What was heard of is missing until it has said what it holds: connecting to a node that drops everything takes its time.
    [TestMethod]
    public async Task NodeThatAPeerNamesAndThatDoesNotAnswer_IsJoiningFromTheJoinOn()
    {
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync("a", []);
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var port = ((IPEndPoint)silent.LocalEndpoint).Port;
        await using var original = await LegacyNode.StartAsync("old");
        original.Peers = $$$"""{"far":{"Name":"far","PublicAddr":"127.0.0.1:{{{port}}}","MgmtAddr":"127.0.0.1:{{{port}}}","LastAlive":1}}""";

        using var form = new FormUrlEncodedContent([new("peer", $"127.0.0.1:{original.Port}")]);
        using var joined = await TestCluster.Http.PostAsync(new Uri(node.Management, "/join/"), form);
        await PostUpdate(node, Update.Replace("\"x\"", "\"old\"", StringComparison.Ordinal));

        CollectionAssert.AreEqual(new[] { "/d/f" }, node.Paths().ToList());
        Assert.AreEqual(("far", MissingReason.Joining), node.Tree.Missing.Select(missing => (missing.Name.Value, missing.Reason)).Single());
        using var whole = await TestCluster.Http.GetAsync(new Uri(node.Public, "/fs/?require=complete"));
        Assert.AreEqual(HttpStatusCode.ServiceUnavailable, whole.StatusCode);
        using var status = JsonDocument.Parse(await node.GetAsync("/status/"));
        Assert.AreEqual("joining", status.RootElement.GetProperty("missing").EnumerateArray().Single().GetProperty("state").GetString());
        StringAssert.Contains(await node.GetAsync("/metrics"), "dftp_peers{state=\"joining\"} 1");
    }

    // A legacy node ignores Range and counts redirN: the range is cut out here, and it is asked for its own copy.
    [TestMethod]
    public async Task FileOfAnOriginalNode_IsReadInRangesThoughItKnowsNone()
    {
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync("a", []);
        await using var original = await MeetAsync(node, "old");
        original.Files["/d/f"] = Encoding.ASCII.GetBytes("0123456789");
        await PostUpdate(node, Update.Replace("\"x\"", "\"old\"", StringComparison.Ordinal).Replace("3", "10", StringComparison.Ordinal));

        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(node.Public, "/fs/d/f"));
        request.Headers.Range = new(4, 6);
        using var answer = await TestCluster.Http.SendAsync(request);

        Assert.AreEqual(HttpStatusCode.PartialContent, answer.StatusCode);
        Assert.AreEqual("456", await answer.Content.ReadAsStringAsync());
        Assert.AreEqual(0, original.Complaints.Count, string.Join('\n', original.Complaints));
    }

    // What a stranger sends is not read: only a handshake in both directions makes a member.
    [TestMethod]
    public async Task Update_OfANodeThatIsNotAMember_IsRefusedBeforeItIsRead()
    {
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync("a", []);
        using var connection = new TcpClient();
        await connection.ConnectAsync(IPAddress.Loopback, node.Host.ManagementPort);

        // The body never comes.
        await connection.GetStream().WriteAsync(
            "POST /update/ HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"u8.ToArray());
        using var answer = new StreamReader(connection.GetStream());
        StringAssert.StartsWith(await answer.ReadLineAsync(), "HTTP/1.1 409 ");
        string? line;
        while ((line = await answer.ReadLineAsync()) != "127.0.0.1 is not a member: greet this node first, and answer its greeting")
            Assert.IsNotNull(line, "no sentence");

        Assert.AreEqual(HttpStatusCode.Conflict, (await PostUpdate(node, Update, sender: "x")).Status);
        Assert.AreEqual(0, node.Paths().Count);
    }

    // The address is that of a member, and the name is not.
    [TestMethod]
    public async Task Update_OfAnotherNodeThanTheMemberAtThatAddress_ChangesNothing()
    {
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync("a", []);
        await using var member = await MeetAsync(node, "member");

        Assert.AreEqual(HttpStatusCode.Conflict, (await PostUpdate(node, Update)).Status);
        Assert.AreEqual(HttpStatusCode.Conflict, (await PostUpdate(node, Update, sender: "member")).Status);

        Assert.AreEqual(0, node.Paths().Count);
    }

    // Its first push can overtake its answer to the greeting of this node.
    [TestMethod]
    public async Task Update_OfANodeThatIsBeingGreeted_WaitsForTheEndOfTheHandshake()
    {
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync("a", []);
        await using var original = await LegacyNode.StartAsync("x");
        var answers = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        original.BeforeAnswer = answers.Task;
        using var greeting = original.Greeting(requestFullUpdate: false);
        using var greeted = await TestCluster.Http.PostAsync(new Uri(node.Management, "/cluster/"), greeting);

        var update = PostUpdate(node, Update);
        await Eventually.TrueAsync(() => !original.Greetings.IsEmpty, "it is greeted");
        Assert.IsFalse(update.IsCompleted);
        answers.SetResult();

        Assert.AreEqual(HttpStatusCode.OK, (await update).Status);
        CollectionAssert.AreEqual(new[] { "/d/f" }, node.Paths().ToList());
    }

    // A malformed request gets 400 with a sentence and changes nothing.
    [TestMethod]
    [DataRow("not json", "application/json")]
    [DataRow("{\"SenderNodeName\":\"x\",\"Full\":true,\"Files\":[{\"FullName\":\"ok\"},{\"FullName\":\"../up\"}]}", "application/json")]
    [DataRow("{\"SenderNodeName\":\"x\",\"Full\":true,\"Files\":[{\"FullName\":\"ok\"}", "application/json")]
    [DataRow(Update, "text/plain")]
    public async Task Update_Malformed_IsRefusedAndChangesNothing(string body, string contentType)
    {
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync("a", [("mine", "")]);
        await using var member = await MeetAsync(node, "x");
        await PostUpdate(node, Update);
        await Eventually.TrueAsync(() => node.Paths().Count == 2, "scanned");

        var (status, sentence) = await PostUpdate(node, body, contentType);

        Assert.AreEqual(HttpStatusCode.BadRequest, status);
        Assert.AreEqual(1, sentence.Count(c => c == '\n'), sentence);
        CollectionAssert.AreEqual(new[] { "/d/f", "/mine" }, node.Paths().ToList());
    }

    // Updates of one sender are applied in their order; a gap is answered by asking for a full one.
    [TestMethod]
    public async Task Update_ThatLeavesAGap_IsAnsweredByAskingForAFullOne()
    {
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync("a", []);
        await using var member = await MeetAsync(node, "x");
        const string incremental = """{"SenderNodeName":"x","Full":false,"Epoch":7,"Sequence":SEQ,"Since":SINCE,"Files":[{"FullName":"NAME","SizeInBytes":1}]}""";
        string Change(int sequence, int since, string name) => incremental
            .Replace("SEQ", $"{sequence}", StringComparison.Ordinal).Replace("SINCE", $"{since}", StringComparison.Ordinal).Replace("NAME", name, StringComparison.Ordinal);

        Assert.AreEqual(HttpStatusCode.Conflict, (await PostUpdate(node, Change(2, 1, "early"))).Status);
        Assert.AreEqual(HttpStatusCode.OK, (await PostUpdate(node, """{"SenderNodeName":"x","Full":true,"Epoch":7,"Sequence":1,"Since":1,"Files":[]}""")).Status);
        Assert.AreEqual(HttpStatusCode.OK, (await PostUpdate(node, Change(2, 1, "second"))).Status);
        Assert.AreEqual(HttpStatusCode.OK, (await PostUpdate(node, Change(2, 1, "again"))).Status);
        Assert.AreEqual(HttpStatusCode.Conflict, (await PostUpdate(node, Change(4, 3, "gap"))).Status);
        Assert.AreEqual(HttpStatusCode.OK, (await PostUpdate(node, Change(4, 2, "both"))).Status);

        CollectionAssert.AreEqual(new[] { "/both", "/second" }, node.Paths().ToList());
    }

    [TestMethod]
    [DataRow("POST", "/cluster/", "name=x", 400, "public-addr, mgmt-addr")]
    [DataRow("POST", "/cluster/", "name=a%20b&public-addr=:1&mgmt-addr=:2", 400, "name")]
    [DataRow("POST", "/cluster/", "name=x&public-addr=nonsense&mgmt-addr=:2", 400, "public-addr")]
    [DataRow("POST", "/cluster/", "name=x&public-addr=:1&mgmt-addr=:70000", 400, "mgmt-addr")]
    [DataRow("POST", "/cluster/", "name=x&public-addr=:1&mgmt-addr=:2&cluster-name=other", 409, "cluster")]
    [DataRow("POST", "/cluster/", "name=a&public-addr=:1&mgmt-addr=:2", 409, "--node-name")]
    [DataRow("POST", "/join/", "", 400, "peer")]
    [DataRow("POST", "/join/", "peer=nonsense", 400, "host:port")]
    [DataRow("POST", "/join/", "peer=127.0.0.1:1", 502, "refused")]
    [DataRow("GET", "/join/", null, 405, "POST")]
    [DataRow("GET", "/update/", null, 405, "POST")]
    [DataRow("DELETE", "/cluster/", null, 405, "GET")]
    [DataRow("GET", "/other", null, 404, "management")]
    public async Task Request_ThatCannotBeServed_IsAnsweredWithOneSentence(string method, string path, string? form, int status, string part)
    {
        await using var cluster = new TestCluster { ExpectsErrors = true };
        var node = await cluster.StartAsync("a", []);

        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(node.Management, path));
        if (form is not null) request.Content = new StringContent(form, Encoding.ASCII, "application/x-www-form-urlencoded");
        using var answer = await TestCluster.Http.SendAsync(request);
        var sentence = await answer.Content.ReadAsStringAsync();

        Assert.AreEqual(status, (int)answer.StatusCode, sentence);
        StringAssert.Contains(sentence, part);
        Assert.AreEqual(1, sentence.Count(c => c == '\n'), sentence);
        if (status == 405) Assert.IsTrue(answer.Content.Headers.Allow.Count > 0);
        Assert.AreEqual(1, node.Tree.Nodes.Count);
    }

    // RFC 9110, section 15.5.14: 413 where the content is larger than the server is willing to process.
    [TestMethod]
    public async Task Update_WhoseFewBytesBecomeManyEntriesBeforeItsHeader_IsTooLarge()
    {
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync("a", []);
        await using var member = await MeetAsync(node, "x");
        using var compressed = new MemoryStream();
        await using (var brotli = new System.IO.Compression.BrotliStream(compressed, System.IO.Compression.CompressionLevel.Fastest, leaveOpen: true))
        {
            await brotli.WriteAsync("{\"Files\":[{\"FullName\":\"a\"}"u8.ToArray());
            var more = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(",{\"FullName\":\"a\"}", 10_000)));
            for (var written = 0; written < 20; written++) await brotli.WriteAsync(more);
            await brotli.WriteAsync("],\"Full\":true,\"SenderNodeName\":\"x\"}"u8.ToArray());
        }

        using var content = new ByteArrayContent(compressed.ToArray());
        content.Headers.ContentType = new("application/json");
        content.Headers.ContentEncoding.Add("br");
        using var answer = await TestCluster.Http.PostAsync(new Uri(node.Management, "/update/"), content);
        var sentence = await answer.Content.ReadAsStringAsync();

        Assert.IsTrue(compressed.Length < 64 * 1024);
        Assert.AreEqual(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode, sentence);
        Assert.AreEqual(1, sentence.Count(c => c == '\n'), sentence);
        Assert.AreEqual(0, node.Paths().Count);
    }

    // A page of any web site can make a browser send such requests to every node that its machine reaches.
    [TestMethod]
    public async Task RequestThatChangesSomething_OfAWebPage_IsForbidden()
    {
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync("a", []);
        await using var other = await LegacyNode.StartAsync("old");

        foreach (var (method, path) in ChangingRoutesOf(node)) await AssertForbiddenToPagesAsync(node, other, method, path);

        Assert.AreEqual(1, node.Tree.Nodes.Count);
        Assert.AreEqual(0, node.Tree.Missing.Count);
        Assert.AreEqual(0, node.Paths().Count);
        Assert.IsTrue(other.Greetings.IsEmpty);
    }

    private static async Task AssertForbiddenToPagesAsync(TestNode node, LegacyNode other, string method, string path)
    {
        var own = node.Management.GetLeftPart(UriPartial.Authority);
        foreach (var (name, value) in new[]
        {
            ("Origin", "http://evil.example"), ("Origin", "null"), ("Origin", own), ("Origin", ""), ("Origin", "http://rebound.example"),
            ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site"), ("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", ""), ("Sec-Fetch-Site", "NONE, cross-site"),
        })
        {
            using var request = Change(node, other, method, path);
            if (value.Contains("rebound", StringComparison.Ordinal)) request.Headers.Host = "rebound.example";
            request.Headers.TryAddWithoutValidation(name, value);
            using var answer = await TestCluster.Http.SendAsync(request);

            var sentence = await answer.Content.ReadAsStringAsync();
            Assert.AreEqual(HttpStatusCode.Forbidden, answer.StatusCode, $"{method} {path} with {name}: {value}: {sentence}");
            Assert.AreEqual(1, sentence.Count(c => c == '\n'), sentence);
        }
    }

    // A person's own programs send neither field; a browser says none only of what a person typed.
    [TestMethod]
    public async Task RequestThatChangesSomething_OfAProgram_IsNotForbidden()
    {
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync("a", []);
        await using var other = await LegacyNode.StartAsync("old");
        foreach (var (method, path) in ChangingRoutesOf(node))
        {
            using var request = Change(node, other, method, path);
            request.Headers.TryAddWithoutValidation("Sec-Fetch-Site", "none");

            using var answer = await TestCluster.Http.SendAsync(request);

            Assert.AreNotEqual(HttpStatusCode.Forbidden, answer.StatusCode, await answer.Content.ReadAsStringAsync());
        }
    }

    [TestMethod]
    public async Task Reading_InABrowser_IsAnsweredWithoutLeaveForOtherSites()
    {
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync("a", []);
        foreach (var path in new[] { "/cluster/", "/status/", "/metrics", "/healthz" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(node.Management, path));
            request.Headers.Add("Origin", "http://evil.example");
            request.Headers.Add("Sec-Fetch-Site", "cross-site");
            using var answer = await TestCluster.Http.SendAsync(request);

            Assert.AreEqual(HttpStatusCode.OK, answer.StatusCode, path);
            Assert.IsFalse(answer.Headers.Any(header => header.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase)), path);
        }
    }

    private static List<(string Method, string Path)> ChangingRoutesOf(TestNode node)
    {
        var changing = node.Host.Routes.Routes.Where(route => route.On.HasFlag(Interfaces.Management))
            .SelectMany(route => route.Methods.Select(method => (method, route.Path)))
            .Where(row => row.method != "GET")
            .Append(("PUT", "/other/"))
            .ToList();
        Assert.IsTrue(changing.Count > 4);
        return changing;
    }

    private static HttpRequestMessage Change(TestNode node, LegacyNode other, string method, string path)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), new Uri(node.Management, path));
        request.Content = path == "/update/"
            ? new StringContent(Update, Encoding.UTF8, new System.Net.Http.Headers.MediaTypeHeaderValue("application/json"))
            : new FormUrlEncodedContent(
                [new("name", "x"), new("public-addr", ":1"), new("mgmt-addr", $":{other.Port}"), new("peer", $"127.0.0.1:{other.Port}")]);
        return request;
    }

    [TestMethod]
    public async Task Update_CompressedByBrotliOrGzip_IsRead()
    {
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync("a", []);
        await using var member = await MeetAsync(node, "x");
        foreach (var (encoding, compress) in new (string, Func<Stream, Stream>)[]
        {
            ("br", stream => new System.IO.Compression.BrotliStream(stream, System.IO.Compression.CompressionLevel.Fastest)),
            ("gzip", stream => new System.IO.Compression.GZipStream(stream, System.IO.Compression.CompressionLevel.Fastest)),
        })
        {
            using var compressed = new MemoryStream();
            await using (var compressor = compress(compressed)) await compressor.WriteAsync(Encoding.UTF8.GetBytes(Update.Replace("d/f", encoding, StringComparison.Ordinal)));
            using var content = new ByteArrayContent(compressed.ToArray());
            content.Headers.ContentType = new("application/json");
            content.Headers.ContentEncoding.Add(encoding);
            using var answer = await TestCluster.Http.PostAsync(new Uri(node.Management, "/update/"), content);
            Assert.AreEqual(HttpStatusCode.OK, answer.StatusCode);
            CollectionAssert.AreEqual(new[] { "/" + encoding }, node.Paths().ToList());
        }
    }

    /// <summary>A legacy node that is a member.</summary>
    private static async Task<LegacyNode> MeetAsync(TestNode node, string name)
    {
        var original = await LegacyNode.StartAsync(name);
        using var greeting = original.Greeting(requestFullUpdate: false);
        using var greeted = await TestCluster.Http.PostAsync(new Uri(node.Management, "/cluster/"), greeting);
        await Eventually.TrueAsync(() => node.Tree.Nodes.Any(known => known.Name.Value == name), $"{name} is a member");
        return original;
    }

    private static async Task<(HttpStatusCode Status, string Body)> PostUpdate(
        TestNode node, string body, string contentType = "application/json", string? sender = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(node.Management, "/update/")) { Content = new StringContent(body) };
        request.Content.Headers.ContentType = new(contentType);
        if (sender is not null) request.Headers.Add("X-Dftp-Node", sender);
        using var answer = await TestCluster.Http.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
