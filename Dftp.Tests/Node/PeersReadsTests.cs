using System.Net;
using System.Net.Sockets;
using System.Text;
using Dftp.Tests.Support;

namespace Dftp.Tests.Node;

/// <summary>What nodes read of each other, at the management interface.</summary>
[TestClass]
public sealed class PeersReadsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public TestContext TestContext { get; set; } = null!;

    // A node with no connection to spare on its public interface is read by its peers all the same.
    [TestMethod]
    public async Task Peer_IsReadAtItsManagementInterface()
    {
        await using var cluster = new TestCluster();
        await cluster.StartAsync("holder", [("f", "content")], options => options with { HttpMaxConnections = 0 });
        var reader = await cluster.StartAsync("reader", []);
        await cluster.UniteAsync();

        Assert.AreEqual("content", await reader.GetAsync("/fs/f"));

        // RFC 9530: the holder computes the digest of its copy.
        using var request = new HttpRequestMessage(HttpMethod.Head, new Uri(reader.Public, "/fs/f"));
        request.Headers.Add("Want-Repr-Digest", "sha-256=10");
        using var response = await TestCluster.Http.SendAsync(request, TestContext.CancellationToken);
        Assert.AreEqual(
            $"sha-256=:{Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData("content"u8))}:",
            response.Headers.GetValues("Repr-Digest").Single());
    }

    // The tree of all nodes is for users, at the public interfaces.
    [TestMethod]
    [DataRow("/fs/own?redirN=1", HttpStatusCode.OK)]
    [DataRow("/fs/other?redirN=1", HttpStatusCode.NotFound)]
    [DataRow("/fs/own", HttpStatusCode.NotFound)]
    [DataRow("/fs/", HttpStatusCode.NotFound)]
    [DataRow("/find/?redirN=1", HttpStatusCode.NotFound)]
    public async Task ManagementInterface_ServesOwnCopiesOnly(string target, HttpStatusCode expected)
    {
        await using var cluster = new TestCluster();
        await cluster.StartAsync("other", [("other", "x")]);
        var node = await cluster.StartAsync("node", [("own", "x")]);
        await cluster.UniteAsync();

        using var response = await TestCluster.Http.GetAsync(new Uri(node.Management, target), TestContext.CancellationToken);

        Assert.AreEqual(expected, response.StatusCode);
    }

    // The specification: a legacy node proxies with redirN at the public interface. Nobody else needs it.
    [TestMethod]
    public async Task MarkOfLegacyNodes_IsForThoseThatAreMembersNow()
    {
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync("node", [("own", "content")]);
        await cluster.StartAsync("reads-elsewhere", []);
        await cluster.UniteAsync();
        var forwarded = new Uri(node.Public, "/fs/own?redirN=1");
        Assert.AreEqual(HttpStatusCode.Forbidden, await StatusAsync(forwarded), "members of ours read at the management interface");

        await using var legacy = await LegacyNode.StartAsync("legacy");
        using (var greeting = legacy.Greeting(requestFullUpdate: false))
            (await TestCluster.Http.PostAsync(new Uri(node.Management, "/cluster/"), greeting)).EnsureSuccessStatusCode();

        // It becomes a member when it has been greeted back.
        await Eventually.TrueAsync(
            async () => await StatusAsync(forwarded) == HttpStatusCode.OK, "a legacy node at this address is a member");
    }

    [TestMethod]
    public async Task ManagementConnection_HasTheFastPath_AlsoAfterRequestsToTheApi()
    {
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync("node", [("own", "content")]);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, node.Host.ManagementPort, TestContext.CancellationToken);

        foreach (var _ in Enumerable.Range(0, 2))
        {
            var greeting = "GET /cluster/ HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n";
            StringAssert.Contains(await AskAsync(client, greeting, "}\n\r\n0\r\n\r\n"), "\"Me\":{\"Name\":\"node\"");

            var answer = await AskAsync(client, "GET /fs/own?redirN=1 HTTP/1.1\r\nHost: x\r\n\r\n", "content");
            // The server puts other fields first.
            Assert.IsTrue(answer.StartsWith("HTTP/1.1 200 OK\r\nDate: ", StringComparison.Ordinal), answer);
        }
    }

    private async Task<HttpStatusCode> StatusAsync(Uri target)
    {
        using var response = await TestCluster.Http.GetAsync(target, TestContext.CancellationToken);
        return response.StatusCode;
    }

    private async Task<string> AskAsync(TcpClient client, string request, string end)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.CancellationToken);
        limit.CancelAfter(Patience);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request), limit.Token);
        var answer = new StringBuilder();
        var buffer = new byte[4096];
        while (!answer.ToString().EndsWith(end, StringComparison.Ordinal))
        {
            var count = await stream.ReadAsync(buffer, limit.Token);
            Assert.AreNotEqual(0, count, $"the connection ended after: {answer}");
            answer.Append(Encoding.ASCII.GetString(buffer, 0, count));
        }

        return answer.ToString();
    }
}
