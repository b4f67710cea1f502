using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text.Json;
using Dftp.Cluster;
using Dftp.Cluster.Connections;
using Dftp.Cluster.Door;
using Dftp.FileSystem;
using Dftp.Node;
using Dftp.Tests.Node;
using Dftp.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dftp.Tests.Cluster.Door;

/// <summary>Nodes with a cluster secret that speak TLS, built by the product's composition root.</summary>
[TestClass]
public sealed class TlsClusterTests : IDisposable
{
    private readonly SecretOfTest _file = new(SecretOfTest.KeyA);
    private readonly TemporaryDirectory _states = new();
    private readonly ClusterSecret _secret;
    private readonly HttpClient _client;

    public TlsClusterTests()
    {
        _secret = _file.Open();
        _client = PeerHttp.CreateClient(TimeSpan.FromSeconds(5), new SigningHandler(_secret, "dftp", TimeProvider.System));
    }

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Cancellation => TestContext.CancellationToken;

    public void Dispose()
    {
        _client.Dispose();
        _secret.Dispose();
        _file.Dispose();
        _states.Dispose();
    }

    [TestMethod]
    public async Task NodesWithTheSameSecret_FormOneTreeAndReadEachOthersFiles()
    {
        await using var cluster = new TestCluster();
        var a = await StartAsync(cluster, "a", [("small", "hello"), ("large", new string('x', 3_000_000))]);
        var b = await StartAsync(cluster, "b", [("of-b", "x")], joins: a);

        await cluster.ConvergedAsync();

        foreach (var _ in Enumerable.Range(0, 3)) Assert.AreEqual("hello", await b.GetAsync("/fs/small"));
        Assert.AreEqual(new string('x', 3_000_000), await b.GetAsync("/fs/large"));
        a.Write("later", "again");
        await Eventually.TrueAsync(() => b.Paths().Contains("/later"), "changes arrive");
        Assert.AreEqual("again", await b.GetAsync("/fs/later"));
        Assert.AreEqual("", RefusalsOf(a) + RefusalsOf(b));
    }

    // Legacy nodes and probes know no TLS. Everybody else is told what is spoken here.
    [TestMethod]
    [DataRow("/healthz", HttpStatusCode.OK)]
    [DataRow("/readyz", HttpStatusCode.OK)]
    [DataRow("/cluster/", HttpStatusCode.Unauthorized)]
    [DataRow("/status/", HttpStatusCode.Unauthorized)]
    [DataRow("/fs/f?redirN=1", HttpStatusCode.Unauthorized)]
    public async Task RequestInTheClear_GetsASentence(string path, HttpStatusCode expected)
    {
        await using var cluster = new TestCluster();
        var node = await StartAsync(cluster, "a", [("f", "x")]);
        await Eventually.TrueAsync(() => node.IsScanned, "it is ready");

        using var response = await TestCluster.Http.GetAsync(new Uri(node.Management, path), Cancellation);

        Assert.AreEqual(expected, response.StatusCode);
        if (expected == HttpStatusCode.Unauthorized)
            StringAssert.StartsWith(await response.Content.ReadAsStringAsync(Cancellation), "no TLS: ");
    }

    [TestMethod]
    public async Task RequestByTls_NeedsASignatureAllTheSame()
    {
        await using var cluster = new TestCluster();
        var node = await StartAsync(cluster, "a", [("f", "x")]);
        using var stranger = PeerHttp.CreateClient(TimeSpan.FromSeconds(5));

        foreach (var path in new[] { "/cluster/", "/status/", "/fs/f?redirN=1" })
        {
            using var refused = await stranger.GetAsync(Tls(node, path), Cancellation);
            Assert.AreEqual(HttpStatusCode.Unauthorized, refused.StatusCode, path);
            using var answered = await _client.GetAsync(Tls(node, path), Cancellation);
            Assert.AreEqual(HttpStatusCode.OK, answered.StatusCode, path);
        }
    }

    [TestMethod]
    public async Task LegacyNodeAtANamedAddress_IsAMemberInTheClear()
    {
        await using var cluster = new TestCluster();
        var node = await StartAsync(cluster, "a", [("f", "x")], change: options => options with { LegacyPeers = ["127.0.0.1"] });
        await using var original = await LegacyNode.StartAsync("old");

        using var greeting = original.Greeting(requestFullUpdate: true);
        using var greeted = await TestCluster.Http.PostAsync(new Uri(node.Management, "/cluster/"), greeting, Cancellation);

        Assert.AreEqual(HttpStatusCode.OK, greeted.StatusCode);
        await Eventually.TrueAsync(() => !original.Updates.IsEmpty && !original.Greetings.IsEmpty, "greeted back and pushed to");
        using var status = await TestCluster.Http.GetAsync(new Uri(node.Management, "/status/"), Cancellation);
        Assert.AreEqual(HttpStatusCode.Unauthorized, status.StatusCode, "that is for what the specification has, and no more");
    }

    // The certificate is kept with the state, so a restart changes nothing.
    [TestMethod]
    public async Task RestartedNode_IsKnownByItsCertificate()
    {
        await using var cluster = new TestCluster();
        var port = TestCluster.LastingPort();
        var stays = await StartAsync(cluster, "stays", [("here", "x")]);
        var restarts = await StartAsync(cluster, "restarts", [("there", "x")], stays, WithPort(port));
        await cluster.ConvergedAsync();
        var before = await CertificateOfAsync(restarts);

        await restarts.KillAsync();
        await restarts.StartAsync(Options("restarts", stays, WithPort(port)));
        await cluster.ConvergedAsync();

        Assert.AreEqual(before, await CertificateOfAsync(restarts));
        Assert.AreEqual("x", await stays.GetAsync("/fs/there"));
        Assert.AreEqual("", RefusalsOf(stays));
    }

    [TestMethod]
    public async Task NodeWithAnotherCertificate_IsRefusedUntilItIsForgotten()
    {
        await using var cluster = new TestCluster();
        var port = TestCluster.LastingPort();
        var stays = await StartAsync(cluster, "stays", [("here", "x")]);
        var renewed = await StartAsync(cluster, "renewed", [("there", "x")], stays, WithPort(port));
        await cluster.ConvergedAsync();
        await renewed.KillAsync();
        await Eventually.TrueAsync(() => stays.Paths().SequenceEqual(["/here"]), "it is dead");

        Directory.Delete(StateOf("renewed"), recursive: true);
        await renewed.StartAsync(Options("renewed", stays, WithPort(port)));

        await Eventually.TrueAsync(() => RefusalsOf(stays).Contains("otherCertificate", StringComparison.Ordinal), "its certificate is refused");
        Assert.IsTrue(stays.Logs.Lines.Any(line => line.Contains("renewed has another certificate than before", StringComparison.Ordinal)));
        Assert.AreEqual(1, stays.Tree.Nodes.Count);
        using var form = new FormUrlEncodedContent([new("name", "renewed")]);
        using (var forgotten = await _client.PostAsync(Tls(stays, "/forget/"), form, Cancellation))
            Assert.AreEqual(HttpStatusCode.OK, forgotten.StatusCode, await forgotten.Content.ReadAsStringAsync(Cancellation));
        await cluster.ConvergedAsync();
        Assert.AreEqual("x", await stays.GetAsync("/fs/there"));
    }

    // What is pinned is saved, so a restart of the node that pinned it is no way in.
    [TestMethod]
    public async Task PinnedCertificate_IsSavedWithTheKnownNodes()
    {
        await using var cluster = new TestCluster();
        var (port, other) = (TestCluster.LastingPort(), TestCluster.LastingPort());
        var keeps = await StartAsync(cluster, "keeps", [("here", "x")], change: WithPort(other));
        var renewed = await StartAsync(cluster, "renewed", [("there", "x")], keeps, WithPort(port));
        await cluster.ConvergedAsync();
        await keeps.StopAsync();
        await renewed.KillAsync();

        Directory.Delete(StateOf("renewed"), recursive: true);
        await keeps.StartAsync(Options("keeps", null, WithPort(other)));
        await renewed.StartAsync(Options("renewed", keeps, WithPort(port)));

        await Eventually.TrueAsync(() => RefusalsOf(keeps).Contains("otherCertificate", StringComparison.Ordinal), "its certificate is refused");
    }

    // Without a state directory a certificate is made for each start: nothing is pinned then but the secret.
    [TestMethod]
    public async Task NodeWithoutAStateDirectory_IsLetInAgainAfterARestart()
    {
        await using var cluster = new TestCluster();
        var port = TestCluster.LastingPort();
        Func<NodeOptions, NodeOptions> change = options => options with { ManagementListen = port, StateDirectory = null };
        var stays = await StartAsync(cluster, "stays", [("here", "x")]);
        var restarts = await StartAsync(cluster, "restarts", [("there", "x")], stays, change);
        await cluster.ConvergedAsync();
        var before = await CertificateOfAsync(restarts);
        Assert.IsTrue(restarts.Logs.Lines.Any(line => line.Contains("--state-dir", StringComparison.Ordinal)), "it says what that means");

        await restarts.KillAsync();
        await restarts.StartAsync(Options("restarts", stays, change));
        await cluster.ConvergedAsync();

        Assert.AreNotEqual(before, await CertificateOfAsync(restarts));
        Assert.AreEqual("x", await stays.GetAsync("/fs/there"));
    }

    // Somebody who stands between two nodes can end TLS with a certificate of its own and pass everything on, signatures included.
    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public async Task GreetingThroughSomebodyInBetween_IsNoJoin()
    {
        await using var cluster = new TestCluster();
        var node = await StartAsync(cluster, "node", [("f", "x")]);
        var victim = await StartAsync(cluster, "victim", []);
        using var between = new TcpListener(IPAddress.Loopback, 0);
        between.Start();
        var relaying = RelayAsync(between, node.Host.ManagementPort);

        using var form = new FormUrlEncodedContent([new("peer", between.LocalEndpoint.ToString()!)]);
        using var joined = await _client.PostAsync(Tls(victim, "/join/"), form, Cancellation);

        Assert.AreEqual(HttpStatusCode.BadGateway, joined.StatusCode);
        StringAssert.Contains(await joined.Content.ReadAsStringAsync(Cancellation), "somebody stands between the two nodes");
        await relaying;
    }

    [TestMethod]
    public async Task NodeWithoutTls_IsToldThatTheOthersSpeakIt()
    {
        await using var cluster = new TestCluster();
        var speaks = await StartAsync(cluster, "speaks", []);
        var other = await StartAsync(cluster, "other", [], change: options => options with { ClusterTls = false });
        using var clear = new HttpClient(
            new SigningHandler(_secret, "dftp", TimeProvider.System) { InnerHandler = new SocketsHttpHandler { UseProxy = false } });

        foreach (var (node, to, client) in new[] { (Tls(speaks, "/join/"), other, _client), (new Uri(other.Management, "/join/"), speaks, clear) })
        {
            using var form = new FormUrlEncodedContent([new("peer", to.Management.Authority)]);
            using var joined = await client.PostAsync(node, form, Cancellation);
            Assert.AreEqual(HttpStatusCode.BadGateway, joined.StatusCode);
            StringAssert.Contains(await joined.Content.ReadAsStringAsync(Cancellation), "--cluster-tls");
        }
    }

    private static Uri Tls(TestNode node, string path) => new($"https://127.0.0.1:{node.Host.ManagementPort}{path}");

    private static Func<NodeOptions, NodeOptions> WithPort(ListenAddress port) => options => options with { ManagementListen = port };

    /// <summary>The causes of a node's refusals, as its report names them.</summary>
    private static string RefusalsOf(TestNode node)
    {
        using var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text)) node.Host.Cluster.WriteStatus(json, "");
        using var report = JsonDocument.Parse(text.ToArray());
        return string.Join(
            ' ', report.RootElement.GetProperty("access").GetProperty("refusals").EnumerateArray().Select(refusal => refusal.GetProperty("cause")));
    }

    private string StateOf(string name) => Path.Combine(_states.Path, name);

    private Func<NodeOptions, NodeOptions> Options(string name, TestNode? joins, Func<NodeOptions, NodeOptions>? change) => options =>
    {
        var given = options with
        {
            ClusterSecretFile = _file.Path,
            StateDirectory = StateOf(name),
            Joins = joins is null ? [] : [new HostPort("127.0.0.1", joins.Host.ManagementPort)],
        };
        return change?.Invoke(given) ?? given;
    };

    private Task<TestNode> StartAsync(
        TestCluster cluster, string name, (string, string)[] files, TestNode? joins = null, Func<NodeOptions, NodeOptions>? change = null) =>
        cluster.StartAsync(name, files, Options(name, joins, change));

    private async Task<string> CertificateOfAsync(TestNode node)
    {
        using var answer = JsonDocument.Parse(await _client.GetStringAsync(Tls(node, "/cluster/"), Cancellation));
        return answer.RootElement.GetProperty("Me").GetProperty("Certificate").GetString()!;
    }

    /// <summary>Takes one connection with a certificate of its own, and passes on what comes to a node and back.</summary>
    private async Task RelayAsync(TcpListener between, int port)
    {
        var own = ServerCertificate.LoadForNodes(
            new NodeOptions { Root = "/", Name = NodeName.Parse("between") }, TimeProvider.System, NullLogger.Instance);
        using var victim = await between.AcceptTcpClientAsync(Cancellation);
        await using var near = new SslStream(victim.GetStream());
        await near.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = own.Certificate }, Cancellation);
        using var node = new TcpClient("127.0.0.1", port);
        await using var far = new SslStream(node.GetStream());
        await far.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null }, Cancellation);
        await Task.WhenAny(PassOnAsync(near, far), PassOnAsync(far, near));
    }

    private async Task PassOnAsync(Stream from, Stream to)
    {
        try
        {
            await from.CopyToAsync(to, Cancellation);
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            // One of the two has enough.
        }
    }
}
