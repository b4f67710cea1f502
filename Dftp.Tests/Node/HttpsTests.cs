using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Dftp.Node;
using Dftp.Tests.Support;

namespace Dftp.Tests.Node;

/// <summary>The tree over HTTPS, by HTTP/1.1 and HTTP/2.</summary>
[TestClass]
public sealed class HttpsTests
{
    private static readonly ListenAddress AnyPort = ListenAddress.Parse("127.0.0.1:0");

    private static readonly HttpClient Client = new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = AcceptSelfSigned },
    });

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    public async Task Everything_IsTheSameAsInTheClear(int version)
    {
        await using var cluster = new TestCluster();
        var node = await StartAsync(cluster, "a", ("d/x.txt", "0123456789"), ("big", new string('b', 3_000_000)));

        using var file = await SendAsync(node, "fs/d/x.txt", version);
        Assert.AreEqual(HttpStatusCode.OK, file.StatusCode);
        Assert.AreEqual(new Version(version, version == 1 ? 1 : 0), file.Version);
        Assert.AreEqual("0123456789", await file.Content.ReadAsStringAsync());

        using var head = await SendAsync(node, "fs/d/x.txt", version, request => request.Method = HttpMethod.Head);
        Assert.AreEqual(10, head.Content.Headers.ContentLength);
        Assert.AreEqual(file.Headers.ETag, head.Headers.ETag);
        Assert.AreEqual("", await head.Content.ReadAsStringAsync());

        using var part = await SendAsync(node, "fs/d/x.txt", version, request => request.Headers.Range = new RangeHeaderValue(2, 3));
        Assert.AreEqual(HttpStatusCode.PartialContent, part.StatusCode);
        Assert.AreEqual("23", await part.Content.ReadAsStringAsync());

        using var same = await SendAsync(node, "fs/d/x.txt", version, request => request.Headers.IfNoneMatch.Add(file.Headers.ETag!));
        Assert.AreEqual(HttpStatusCode.NotModified, same.StatusCode);

        Assert.AreEqual(new string('b', 3_000_000), await ReadAsync(node, "fs/big", version));
        Assert.AreEqual("/big\n/d/x.txt\n", await ReadAsync(node, "find/", version));
        StringAssert.Contains(await ReadAsync(node, "fs/", version), "<a href=\"d/\">");
        StringAssert.Contains(await ReadAsync(node, "fs/?archive=tar", version), "0123456789");
        StringAssert.Contains(await ReadAsync(node, "", version), $"curl https://127.0.0.1:{node.Host.HttpsPort}/find/");

        using var post = await SendAsync(node, "fs/", version, request => request.Method = HttpMethod.Post);
        Assert.AreEqual(HttpStatusCode.MethodNotAllowed, post.StatusCode);
        Assert.AreEqual("GET, HEAD, OPTIONS", string.Join(", ", post.Content.Headers.Allow));
        Assert.IsNotNull(post.Headers.Date);
    }

    // RFC 9113, 9.2: "Implementations of HTTP/2 MUST use TLS version 1.2 or higher for HTTP/2 over TLS."
    // As over plain HTTP: RFC 9112, 3, of invalid request lines. TLS delivers bytes in other pieces.
    [TestMethod]
    public async Task RawTarget_IsAnswered()
    {
        await using var cluster = new TestCluster();
        var node = await StartAsync(cluster, "a", ("d/Übung.txt", "text"));
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, node.Host.HttpsPort);
        await using var tls = new SslStream(client.GetStream(), false, AcceptSelfSigned);
        await tls.AuthenticateAsClientAsync("a");

        await tls.WriteAsync(Encoding.UTF8.GetBytes(
            "GET /fs/d/Übung.txt HTTP/1.1\r\nHost: a\r\n\r\nGET HTTPS://a/fs/d/Übung.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
        var answers = await new StreamReader(tls).ReadToEndAsync();

        Assert.AreEqual(2, answers.Split("HTTP/1.1 200 OK").Length - 1, answers);
        Assert.AreEqual(2, answers.Split("\r\n\r\ntext").Length - 1, answers);
    }

    [TestMethod]
    [DataRow(SslProtocols.Tls12, "h2")]
    [DataRow(SslProtocols.Tls13, "h2")]
    [DataRow(SslProtocols.Tls13, "http/1.1")]
    public async Task Handshake_AgreesOnTheProtocol(SslProtocols protocol, string application)
    {
        await using var cluster = new TestCluster();
        var node = await StartAsync(cluster, "a");
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, node.Host.HttpsPort);
        await using var tls = new SslStream(client.GetStream());

        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            EnabledSslProtocols = protocol,
            ApplicationProtocols = [new SslApplicationProtocol(application)],
            RemoteCertificateValidationCallback = AcceptSelfSigned,
        });

        Assert.AreEqual(protocol, tls.SslProtocol);
        Assert.AreEqual(new SslApplicationProtocol(application), tls.NegotiatedApplicationProtocol);
    }

    [TestMethod]
    public async Task BrokenRequest_GetsItsSentenceThroughTls()
    {
        await using var cluster = new TestCluster();
        var node = await StartAsync(cluster, "a");
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, node.Host.HttpsPort);
        await using var tls = new SslStream(client.GetStream(), false, AcceptSelfSigned);
        await tls.AuthenticateAsClientAsync("localhost");

        await tls.WriteAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray());
        using var answer = new StreamReader(tls);
        var text = "";
        while (!text.EndsWith("header.\n", StringComparison.Ordinal)) text += await answer.ReadLineAsync() + "\n";

        StringAssert.StartsWith(text, "HTTP/1.1 400 Bad Request\n");
        Assert.AreEqual(1, text.Split("HTTP/1.1").Length - 1, text);
    }

    // The other nodes' URLs are plain HTTP: a client of HTTPS is not redirected there.
    [TestMethod]
    public async Task FileOfAnotherNode_IsRedirectedInTheClearOnly()
    {
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync("a", [], options => options with { HttpsListen = AnyPort, RedirectsRemoteReads = true });
        await cluster.StartAsync("b", [("x", "of b")]);
        await cluster.UniteAsync();
        await cluster.ConvergedAsync();

        using var clear = await TestCluster.Http.GetAsync(new Uri(node.Public, "fs/x"));

        Assert.AreEqual(HttpStatusCode.TemporaryRedirect, clear.StatusCode);
        Assert.AreEqual("of b", await ReadAsync(node, "fs/x", 2));
    }

    [TestMethod]
    public async Task ManyStreamsOfOneConnection_ComeWhole()
    {
        await using var cluster = new TestCluster();
        var content = new string('c', 200_000);
        var node = await StartAsync(cluster, "a", ("c", content));

        var all = await Task.WhenAll(Enumerable.Range(0, 150).Select(_ => ReadAsync(node, "fs/c", 2)));

        Assert.IsTrue(all.All(read => read == content));
    }

    [TestMethod]
    public async Task StreamThatIsGivenUp_HarmsNoOther()
    {
        await using var cluster = new TestCluster();
        var content = new byte[50_000_000];
        new Random(1).NextBytes(content);
        var node = await StartAsync(cluster, "a", ("small", "small"));
        await File.WriteAllBytesAsync(Path.Combine(node.Root, "big"), content);
        await Eventually.TrueAsync(() => node.Paths().Contains("/big"), "the file is seen");

        for (var i = 0; i < 20; i++)
        {
            // Disposing of an answer that is not read to its end resets its stream.
            using var answer = await SendAsync(node, "fs/big", 2, completion: HttpCompletionOption.ResponseHeadersRead);
            await using var body = await answer.Content.ReadAsStreamAsync();
            await body.ReadExactlyAsync(new byte[100]);
        }

        Assert.AreEqual("small", await ReadAsync(node, "fs/small", 2));
        using var whole = await SendAsync(node, "fs/big", 2, completion: HttpCompletionOption.ResponseHeadersRead);
        CollectionAssert.AreEqual(SHA256.HashData(content), await SHA256.HashDataAsync(await whole.Content.ReadAsStreamAsync()));
    }

    // Without a plain HTTP interface, peers read over the management interface.
    [TestMethod]
    public async Task NodeWithHttpsAlone_IsReadByItsPeers()
    {
        await using var cluster = new TestCluster();
        var secured = await StartAsync(cluster, "a", ("of-a.txt", "content of a"));
        await secured.StopAsync();
        await secured.StartAsync(options => options with { HttpListen = null, HttpsListen = AnyPort });
        var peer = await cluster.StartAsync("b", [("of-b.txt", "content of b")]);
        await cluster.UniteAsync();

        Assert.AreEqual("content of a", await peer.GetAsync("fs/of-a.txt"));
        Assert.AreEqual("content of b", await ReadAsync(secured, "fs/of-b.txt", 2));
    }

    private static Task<TestNode> StartAsync(TestCluster cluster, string name, params (string, string)[] files) =>
        cluster.StartAsync(name, files, options => options with { HttpsListen = AnyPort });

    private static async Task<HttpResponseMessage> SendAsync(
        TestNode node, string path, int version, Action<HttpRequestMessage>? change = null,
        HttpCompletionOption completion = HttpCompletionOption.ResponseContentRead)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"https://127.0.0.1:{node.Host.HttpsPort}/{path}")
        {
            Version = new Version(version, version == 1 ? 1 : 0),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        change?.Invoke(request);
        return await Client.SendAsync(request, completion);
    }

    private static async Task<string> ReadAsync(TestNode node, string path, int version)
    {
        using var answer = await SendAsync(node, path, version);
        Assert.AreEqual(HttpStatusCode.OK, answer.StatusCode, path);
        return await answer.Content.ReadAsStringAsync();
    }

    private static bool AcceptSelfSigned(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) =>
        certificate is not null && certificate.Subject == certificate.Issuer;
}
