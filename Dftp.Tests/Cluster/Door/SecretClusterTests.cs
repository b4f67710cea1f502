using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Dftp.Cluster.Door;
using Dftp.Routes;
using Dftp.Tests.Support;

namespace Dftp.Tests.Cluster.Door;

/// <summary>Nodes with a cluster secret and without TLS, built by the product's composition root.</summary>
[TestClass]
public sealed class SecretClusterTests : IDisposable
{
    private const string Update = """{"SenderNodeName":"x","Full":true,"UpdateTime":1,"Files":[{"FullName":"d/f","SizeInBytes":3,"LastInfoUpdated":5}]}""";

    private readonly SecretOfTest _file = new(SecretOfTest.KeyA);

    public void Dispose() => _file.Dispose();

    [TestMethod]
    public async Task NodesWithTheSameSecret_FormOneTreeAndReadEachOthersFiles()
    {
        await using var cluster = new TestCluster();
        var a = await StartAsync(cluster, "a", ("d/of-a", "hello"));
        var b = await StartAsync(cluster, "b", ("of-b", new string('x', 100_000)));

        await JoinAsync(b, a);

        await cluster.ConvergedAsync();
        Assert.AreEqual("hello", await b.GetAsync("/fs/d/of-a"));
        Assert.AreEqual(100_000, (await a.GetAsync("/fs/of-b")).Length);
        a.Write("later", "again");
        await Eventually.TrueAsync(() => b.Paths().Contains("/later"), "changes arrive");
        Assert.AreEqual("again", await b.GetAsync("/fs/later"));
        Assert.AreEqual(0, RefusalsOf(a).Count + RefusalsOf(b).Count);
    }

    [TestMethod]
    public async Task EveryRoute_AnswersUnauthorizedWithoutASignature()
    {
        await using var cluster = new TestCluster();
        var node = await StartAsync(cluster, "a", ("f", "x"));
        var routes = node.Host.Routes.Routes
            .Where(route => route.On.HasFlag(Interfaces.Management) && route.Access != RouteAccess.Open)
            .SelectMany(route => route.Methods.Select(method => (Method: method, route.Path)))
            .ToList();
        Assert.IsTrue(routes.Count > 5, "the table is not empty");
        routes.AddRange([("OPTIONS", "/cluster/"), ("DELETE", "/update/"), ("GET", "/nothing")]);
        routes.AddRange([("HEAD", "/cluster/"), ("GET", "/fs/f?redirN=1"), ("HEAD", "/fs/f?redirN=1"), ("POST", "/join/?peer=127.0.0.1:1")]);

        foreach (var (method, path) in routes)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(node.Management, path));
            using var answer = await TestCluster.Http.SendAsync(request);

            Assert.AreEqual(HttpStatusCode.Unauthorized, answer.StatusCode, $"{method} {path}");
            Assert.AreEqual("Signature realm=\"dftp\"", answer.Headers.WwwAuthenticate.ToString());
            if (method != "HEAD") StringAssert.StartsWith(await answer.Content.ReadAsStringAsync(), "no signature: ");
        }

        CollectionAssert.AreEquivalent(
            new[] { "/healthz", "/readyz" },
            node.Host.Routes.Routes.Where(route => route.On.HasFlag(Interfaces.Management) && route.Access == RouteAccess.Open)
                .Select(route => route.Path).ToList());
        foreach (var path in new[] { "/healthz", "/readyz" })
            Assert.AreEqual(HttpStatusCode.OK, (await TestCluster.Http.GetAsync(new Uri(node.Management, path))).StatusCode);
        Assert.AreEqual(HttpStatusCode.OK, (await TestCluster.Http.GetAsync(new Uri(node.Public, "/fs/f"))).StatusCode);
    }

    // The fast path answers reads before the server sees them: on this interface it must not.
    [TestMethod]
    public async Task ReadsOfSmallFilesOnAKeptConnection_NeedASignatureEach()
    {
        await using var cluster = new TestCluster();
        var node = await StartAsync(cluster, "a", ("f", "content"));
        using var client = Client();

        for (var round = 0; round < 3; round++)
        {
            Assert.AreEqual("content", await client.GetStringAsync(new Uri(node.Management, "/fs/f?redirN=1")));
            using var unsigned = await TestCluster.Http.GetAsync(new Uri(node.Management, "/fs/f?redirN=1"));
            Assert.AreEqual(HttpStatusCode.Unauthorized, unsigned.StatusCode);
        }
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task RequestOfAWebPage_IsForbiddenInAnyCase(bool hasSecret)
    {
        await using var cluster = new TestCluster();
        var node = hasSecret ? await StartAsync(cluster, "a") : await cluster.StartAsync("a", []);
        foreach (var route in node.Host.Routes.Routes.Where(route => route.On.HasFlag(Interfaces.Management) && route.Takes("POST")))
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(node.Management, route.Path));
            request.Headers.Add("Origin", "http://evil.example");
            using var answer = await TestCluster.Http.SendAsync(request);
            Assert.AreEqual(HttpStatusCode.Forbidden, answer.StatusCode, route.Path);
        }
    }

    [TestMethod]
    public async Task StrangersKey_IsRefusedAndReported()
    {
        await using var cluster = new TestCluster();
        using var strangers = new SecretOfTest(SecretOfTest.KeyB);
        var node = await StartAsync(cluster, "a");
        using var client = Client(strangers);

        using var answer = await client.PostAsync(new Uri(node.Management, "/update/"), Json(Update));

        Assert.AreEqual(HttpStatusCode.Unauthorized, answer.StatusCode);
        var sentence = $"unknown key {SecretOfTest.IdOf(SecretOfTest.KeyB)}: ";
        StringAssert.StartsWith(await answer.Content.ReadAsStringAsync(), sentence);
        Assert.AreEqual(1, node.Logs.Lines.Count(line => line.Contains($"refused POST /update/ from 127.0.0.1: {sentence}", StringComparison.Ordinal)));
        CollectionAssert.AreEqual(new[] { "unknownKey 1" }, RefusalsOf(node).ToList());
        StringAssert.Contains(await node.GetAsync("/metrics"), "dftp_refusals_total{cause=\"unknownKey\"} 1\n");
        Assert.AreEqual(0, node.Paths().Count);
    }

    [TestMethod]
    public async Task OtherCluster_IsRefused()
    {
        await using var cluster = new TestCluster();
        var node = await StartAsync(cluster, "a");
        using var client = Client(cluster: "archive");

        using var answer = await client.GetAsync(new Uri(node.Management, "/cluster/"));

        Assert.AreEqual(HttpStatusCode.Unauthorized, answer.StatusCode);
        StringAssert.StartsWith(await answer.Content.ReadAsStringAsync(), "wrong cluster: the request is for archive, and this node is in dftp");
    }

    [TestMethod]
    public async Task ClockTenMinutesOff_IsRefused()
    {
        await using var cluster = new TestCluster();
        var node = await StartAsync(cluster, "a");
        using var client = Client(time: new ShiftedTime(TimeSpan.FromMinutes(-10)));

        using var answer = await client.GetAsync(new Uri(node.Management, "/cluster/"));

        Assert.AreEqual(HttpStatusCode.Unauthorized, answer.StatusCode);
        StringAssert.Matches(await answer.Content.ReadAsStringAsync(), new("^clock off by (600|601) s: the sender's clock is behind this node's"));
    }

    [TestMethod]
    public async Task ReplayedRequest_IsRefused()
    {
        await using var cluster = new TestCluster();
        var node = await StartAsync(cluster, "a");
        using var secret = _file.Open();
        var signature = new RequestSigner(secret, "dftp", TimeProvider.System).Sign("POST", "/join/?peer=127.0.0.1:1", null, Nonce.First());

        var first = await SendAsync(node, "POST", "/join/?peer=127.0.0.1:1", signature.FieldsOf(null), "");
        var second = await SendAsync(node, "POST", "/join/?peer=127.0.0.1:1", signature.FieldsOf(null), "");

        StringAssert.StartsWith(first, "HTTP/1.1 502 ");
        StringAssert.StartsWith(second, "HTTP/1.1 401 ");
        StringAssert.Contains(second, "replayed: ");
    }

    [TestMethod]
    public async Task FormAlteredOnTheWay_IsABadRequestAndChangesNothing()
    {
        await using var cluster = new TestCluster();
        var node = await StartAsync(cluster, "a");
        const string form = "name=x&public-addr=:1&mgmt-addr=:1";

        var answer = await PostSignedAsync(node, "/cluster/", form, sent: form.Replace("name=x", "name=y", StringComparison.Ordinal));

        StringAssert.StartsWith(answer, "HTTP/1.1 400 ");
        StringAssert.Contains(answer, "body changed on the way: ");
        Assert.AreEqual(1, node.Tree.Nodes.Count);
        CollectionAssert.AreEqual(new[] { "bodyChanged 1" }, RefusalsOf(node).ToList());
        StringAssert.StartsWith(await PostSignedAsync(node, "/cluster/", form, sent: form), "HTTP/1.1 200 ");
    }

    [TestMethod]
    public async Task StreamedUpdate_IsAppliedOnlyIfItsTrailerIsRight()
    {
        await using var cluster = new TestCluster();
        var node = await StartWithMemberAsync(cluster);

        // Nothing of these is applied.
        StringAssert.StartsWith(await PostStreamedAsync(node, Update, sent: Update.Replace("\"d/f\"", "\"d/g\"", StringComparison.Ordinal)), "HTTP/1.1 400 ");
        StringAssert.StartsWith(await PostStreamedAsync(node, Update, sent: "{"), "HTTP/1.1 400 ");
        StringAssert.StartsWith(await PostStreamedAsync(node, Update, trailer: ""), "HTTP/1.1 401 ");
        StringAssert.StartsWith(
            await PostStreamedAsync(node, Update, trailer: $"Content-Digest: {BodyDigest.FieldOf(Encoding.UTF8.GetBytes(Update))}\r\n"), "HTTP/1.1 401 ");
        Assert.AreEqual(0, node.Paths().Count);
        CollectionAssert.AreEqual(new[] { "noSignature 2", "bodyChanged 2" }, RefusalsOf(node).ToList());

        StringAssert.StartsWith(await PostStreamedAsync(node, Update), "HTTP/1.1 200 ");
        CollectionAssert.AreEqual(new[] { "/d/f" }, node.Paths().ToList());
    }

    [TestMethod]
    public async Task TrailerOfAnotherRequest_IsRefused()
    {
        await using var cluster = new TestCluster();
        var node = await StartWithMemberAsync(cluster);
        using var secret = _file.Open();
        var signer = new RequestSigner(secret, "dftp", TimeProvider.System);
        var other = signer.Sign("POST", "/update/", null, Nonce.First());

        var answer = await PostStreamedAsync(node, Update, trailer: signer.TrailerOf(other, BodyDigest.FieldOf(Encoding.UTF8.GetBytes(Update))));

        StringAssert.StartsWith(answer, "HTTP/1.1 401 ");
        StringAssert.Contains(answer, "wrong signature: ");
    }

    // Somebody who cannot sign answers a greeting in place of a node.
    [TestMethod]
    public async Task UnsignedAnswerToAGreeting_IsNotBelieved()
    {
        await using var cluster = new TestCluster();
        var node = await StartAsync(cluster, "a");
        await using var original = await LegacyNode.StartAsync("old");
        using var client = Client();

        using var joined = await client.PostAsync(new Uri(node.Management, $"/join/?peer=127.0.0.1:{original.Port}"), null);

        Assert.AreEqual(HttpStatusCode.BadGateway, joined.StatusCode);
        StringAssert.Contains(await joined.Content.ReadAsStringAsync(), "did not sign its answer");
        Assert.AreEqual(1, node.Tree.Nodes.Count);
    }

    [TestMethod]
    public async Task LegacyNodeAtANamedAddress_IsAMemberWithoutSignature()
    {
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync(
            "a", [("f", "x")], options => options with { ClusterSecretFile = _file.Path, ClusterTls = false, LegacyPeers = ["127.0.0.1"] });
        await using var original = await LegacyNode.StartAsync("old");

        using var greeting = original.Greeting(requestFullUpdate: true);
        using var greeted = await TestCluster.Http.PostAsync(new Uri(node.Management, "/cluster/"), greeting);

        Assert.AreEqual(HttpStatusCode.OK, greeted.StatusCode);
        await Eventually.TrueAsync(() => !original.Updates.IsEmpty && !original.Greetings.IsEmpty, "greeted back and pushed to");
        using var pushed = await TestCluster.Http.PostAsync(
            new Uri(node.Management, "/update/"), Json(Update.Replace("\"x\"", "\"old\"", StringComparison.Ordinal)));
        Assert.AreEqual(HttpStatusCode.OK, pushed.StatusCode);
        await Eventually.TrueAsync(() => node.Paths().Contains("/d/f"), "its files are in the tree");
        Assert.AreEqual(0, original.Complaints.Count, string.Join('\n', original.Complaints));
        Assert.IsTrue(node.Logs.Lines.Any(line => line.Contains("nodes at 127.0.0.1 are members without a signature", StringComparison.Ordinal)));

        // That is for what the specification has, and no more.
        foreach (var path in new[] { "/status/", "/metrics", "/fs/f?redirN=1" })
            Assert.AreEqual(HttpStatusCode.Unauthorized, (await TestCluster.Http.GetAsync(new Uri(node.Management, path))).StatusCode, path);
        using var form = new FormUrlEncodedContent([new("name", "old")]);
        using var forgotten = await TestCluster.Http.PostAsync(new Uri(node.Management, "/forget/"), form);
        Assert.AreEqual(HttpStatusCode.Unauthorized, forgotten.StatusCode);
    }

    [TestMethod]
    public async Task KeyRotatedWhileTheNodesTalk_LosesNoRead()
    {
        await using var cluster = new TestCluster();
        using var other = new SecretOfTest(SecretOfTest.KeyA);
        var a = await StartAsync(cluster, "a", ("f", "content"));
        var b = await cluster.StartAsync("b", [], options => options with { ClusterSecretFile = other.Path, ClusterTls = false });
        await JoinAsync(b, a);
        await cluster.ConvergedAsync();
        using var stop = new CancellationTokenSource();
        var reading = ReadUntilAsync(b, stop.Token);

        // 1. the new key second, 2. first, 3. alone: each step reaches one node after the other
        foreach (var keys in new[] { $"{SecretOfTest.KeyA}\n{SecretOfTest.KeyB}", $"{SecretOfTest.KeyB}\n{SecretOfTest.KeyA}", SecretOfTest.KeyB })
        {
            foreach (var (node, file) in new[] { (a, _file), (b, other) })
            {
                file.Write(keys + "\n");
                await Eventually.TrueAsync(() => KeysOf(node) == string.Join(' ', keys.Split('\n').Select(SecretOfTest.IdOf)), "the keys are in force");
            }
        }

        a.Write("later", "x");
        await Eventually.TrueAsync(() => b.Paths().Contains("/later"), "updates arrive with the new key");
        await stop.CancelAsync();
        Assert.IsTrue(await reading > 0);
        Assert.AreEqual(0, RefusalsOf(a).Count + RefusalsOf(b).Count);
    }

    private static async Task<int> ReadUntilAsync(TestNode node, CancellationToken stop)
    {
        var count = 0;
        for (; !stop.IsCancellationRequested; count++) Assert.AreEqual("content", await node.GetAsync("/fs/f"));
        return count;
    }

    /// <summary>A node that takes updates of x, which has met it and does not run now.</summary>
    private async Task<TestNode> StartWithMemberAsync(TestCluster cluster)
    {
        var node = await StartAsync(cluster, "a");
        var member = await StartAsync(cluster, "x");
        await JoinAsync(member, node);
        await cluster.ConvergedAsync();
        await member.KillAsync();
        return node;
    }

    private Task<TestNode> StartAsync(TestCluster cluster, string name, params (string, string)[] files) =>
        cluster.StartAsync(name, files, options => options with { ClusterSecretFile = _file.Path, ClusterTls = false });

    private HttpClient Client(SecretOfTest? file = null, string cluster = "dftp", TimeProvider? time = null) =>
        new(new SigningHandler((file ?? _file).Open(), cluster, time ?? TimeProvider.System)
        {
            InnerHandler = new SocketsHttpHandler { UseProxy = false },
        });

    private async Task JoinAsync(TestNode node, TestNode other)
    {
        using var client = Client();
        using var form = new FormUrlEncodedContent([new("peer", other.Management.Authority)]);
        using var joined = await client.PostAsync(new Uri(node.Management, "/join/"), form);
        Assert.AreEqual(HttpStatusCode.OK, joined.StatusCode, await joined.Content.ReadAsStringAsync());
    }

    private async Task<string> PostSignedAsync(TestNode node, string path, string signed, string sent)
    {
        using var secret = _file.Open();
        var digest = BodyDigest.FieldOf(Encoding.UTF8.GetBytes(signed));
        var signature = new RequestSigner(secret, "dftp", TimeProvider.System).Sign("POST", path, digest, Nonce.First());
        return await SendAsync(
            node, "POST", path, $"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {sent.Length}\r\n{signature.FieldsOf(digest)}", sent);
    }

    private async Task<string> PostStreamedAsync(TestNode node, string signed, string? sent = null, string? trailer = null)
    {
        using var secret = _file.Open();
        var signer = new RequestSigner(secret, "dftp", TimeProvider.System);
        var signature = signer.Sign("POST", "/update/", null, Nonce.First());
        trailer ??= signer.TrailerOf(signature, BodyDigest.Field(SHA256.HashData(Encoding.UTF8.GetBytes(signed))));
        sent ??= signed;
        return await SendAsync(
            node, "POST", "/update/", $"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n{signature.FieldsOf(null)}",
            $"{sent.Length:x}\r\n{sent}\r\n0\r\n{trailer}\r\n");
    }

    private static async Task<string> SendAsync(TestNode node, string method, string target, string fields, string body)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, node.Host.ManagementPort);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{fields}\r\n{body}"));
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync();
    }

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    private static IReadOnlyList<string> RefusalsOf(TestNode node) =>
        [.. AccessOf(node).GetProperty("refusals").EnumerateArray()
            .Select(refusal => $"{refusal.GetProperty("cause").GetString()} {refusal.GetProperty("count").GetInt64()}")];

    private static string KeysOf(TestNode node) =>
        string.Join(' ', AccessOf(node).GetProperty("keys").EnumerateArray().Select(key => key.GetString()));

    private static JsonElement AccessOf(TestNode node)
    {
        using var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text)) node.Host.Cluster.WriteStatus(json, "test");
        using var status = JsonDocument.Parse(text.ToArray());
        return status.RootElement.GetProperty("access").Clone();
    }
}
