using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using Dftp.Tests.Support;

namespace Dftp.Tests.Http;

/// <summary>Malformed requests get the right status and a sentence, and the connection ends.</summary>
[TestClass]
public sealed class RefusalTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [TestMethod]
    // RFC 9112, 3.2: "A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request message that lacks a Host header
    // field and to any request message that contains more than one Host header field line or a Host header field with an invalid
    // field value."
    [DataRow("GET / HTTP/1.1\r\n\r\n", 400)]
    [DataRow("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400)]
    [DataRow("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400)]
    [DataRow("GET / HTTP/1.1\r\nHost: \"><script>\r\n\r\n", 400)]
    // RFC 9112, 3: "Recipients of an invalid request-line SHOULD respond with either a 400 (Bad Request) error".
    [DataRow("GET /\r\n\r\n", 400)]
    [DataRow("\u0016\u0003\u0001\u0002\u0000\u0001\r\n\r\n", 400)]
    [DataRow("GET /fs/a\u0000b HTTP/1.1\r\nHost: a\r\n\r\n", 400)]
    [DataRow("GET /fs/a%00b HTTP/1.1\r\nHost: a\r\n\r\n", 400)]
    [DataRow("GET x HTTP/1.1\r\nHost: a\r\n\r\n", 405)]
    [DataRow("GET / HTTP/9.9\r\nHost: a\r\n\r\n", 505)]
    // RFC 9112, 5.1: "A server MUST reject, with a response status code of 400 (Bad Request), any received request message that contains
    // whitespace between a header field name and colon."
    [DataRow("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400)]
    // RFC 9112, 5.2: "A server that receives an obs-fold in a request message [...] MUST either reject the message by sending a 400".
    [DataRow("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n", 400)]
    // RFC 9112, 6.3: an invalid Content-Length is an "unrecoverable error", the server "MUST respond with a 400".
    [DataRow("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 2\r\n\r\n", 400)]
    [DataRow("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400)]
    // RFC 9112, 6.3: if chunked is not the final coding "the server MUST respond with the 400 (Bad Request) status code and then close".
    [DataRow("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, x\r\n\r\n", 400)]
    // RFC 9112, 6.1: with both, the server "MUST close the connection after responding".
    [DataRow("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /fs/ HTTP/1.1\r\nHost: a\r\n\r\n", 400)]
    [DataRow("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n", 413)]
    public async Task BrokenRequest_GetsItsStatusASentenceAndTheEnd(string request, int status)
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree());

        var answer = await site.SendRawAsync(request);

        AssertRefused(answer, status);
    }

    [TestMethod]
    public async Task Refusal_DoesNotRepeatWhatTheClientSaid()
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree());

        var answer = await site.SendRawAsync("GET / HTTP/1.1\r\nHost: <script>\r\n\r\n");

        AssertRefused(answer, 400);
        Assert.IsFalse(answer.Contains("<script>", StringComparison.Ordinal), answer);
    }

    // RFC 6585, 5, and RFC 9110, 15.5.15. The client is still sending when it is refused, and must get the answer nevertheless.
    [TestMethod]
    [DataRow("/", 1, 300_000, 431)]
    [DataRow("/", 10_000, 20, 431)]
    [DataRow("/", 101, 1, 431)]
    [DataRow("/fs/300000", 0, 0, 414)]
    public async Task GiantRequest_IsRefused_AndItsClientGetsTheAnswer(string target, int headers, int length, int status)
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree());
        var request = new StringBuilder($"GET {(status == 414 ? "/fs/" + new string('x', 300_000) : target)} HTTP/1.1\r\nHost: a\r\n");
        for (var index = 0; index < headers; index++) request.Append($"X-{index}: {new string('v', length)}\r\n");

        var answer = await site.SendRawAsync(request.Append("\r\n").ToString());

        AssertRefused(answer, status);
    }

    [TestMethod]
    public async Task HeadersThatDoNotComeInTime_Give408()
    {
        await using var site = await HttpSite.StartAsync(
            new MemoryFileTree(), server: server => server.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(1));

        var answer = await site.SendRawAsync("GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ");

        AssertRefused(answer, 408);
    }

    [TestMethod]
    public async Task IdleConnection_IsClosedWithoutAnAnswer()
    {
        await using var site = await HttpSite.StartAsync(
            new MemoryFileTree(), server: server => server.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(1));

        var answer = await site.SendRawAsync("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");

        StringAssert.StartsWith(answer, "HTTP/1.1 200 OK\r\n");
        StringAssert.EndsWith(answer, "\r\n\r\nok\n");
    }

    // RFC 9112, 3.2.2: "the origin server MUST ignore the received Host header field (if any) and instead use the host information of the
    // request-target."
    [TestMethod]
    public async Task AbsoluteTarget_WinsOverTheHost()
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree());

        var answer = await site.SendRawAsync("GET http://one.example/ HTTP/1.1\r\nHost: two.example\r\nConnection: close\r\n\r\n");

        StringAssert.StartsWith(answer, "HTTP/1.1 200 OK\r\n");
        StringAssert.Contains(answer, "http://one.example/find/");
    }

    // RFC 9110, 15.5.6: "The origin server MUST generate an Allow header field in a 405 response".
    [TestMethod]
    [DataRow("TRACE /fs/x")]
    [DataRow("CONNECT a:80")]
    [DataRow("PATCH /metrics")]
    [DataRow("PROPFIND /fs/")]
    public async Task MethodThatIsNotThere_Gives405(string line)
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree().File("/x", "x"));

        var answer = await site.SendRawAsync(
            $"{line} HTTP/1.1\r\nHost: {(line.StartsWith("CONNECT", StringComparison.Ordinal) ? "a:80" : "a")}\r\nConnection: close\r\n\r\n");

        StringAssert.StartsWith(answer, "HTTP/1.1 405 Method Not Allowed\r\n");
        StringAssert.Contains(answer, "\r\nAllow: GET, HEAD, OPTIONS\r\n");
        StringAssert.Contains(answer, "\r\nDate: ");
        StringAssert.EndsWith(answer, "Only GET and HEAD are answered here.\n");
    }

    // RFC 9112, 9.3.2: "A server MAY process a sequence of pipelined requests in parallel if they all have safe methods, but it MUST send
    // the corresponding responses in the same order that the requests were received."
    [TestMethod]
    public async Task PipelinedRequests_AreAnsweredInOrder()
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree().File("/1", "first").File("/2", "second"));

        var answer = await site.SendRawAsync(
            "GET /fs/1 HTTP/1.1\r\nHost: a\r\n\r\nHEAD /fs/1 HTTP/1.1\r\nHost: a\r\n\r\nGET /fs/2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");

        Assert.AreEqual(3, answer.Split("HTTP/1.1 200 OK").Length - 1, answer);
        Assert.IsTrue(answer.IndexOf("first", StringComparison.Ordinal) is > 0 and var first
            && first < answer.IndexOf("second", StringComparison.Ordinal), answer);
    }

    // RFC 9110, 10.1.1: a server "MAY omit sending a 100 (Continue) response if it has already received some or all of the content
    // [...] or if the framing indicates that there is no content", and answers finally otherwise.
    [TestMethod]
    [DataRow("GET", HttpStatusCode.OK)]
    [DataRow("PUT", HttpStatusCode.MethodNotAllowed)]
    public async Task ExpectationToContinue_GetsTheFinalAnswer(string method, HttpStatusCode status)
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree());
        using var request = new HttpRequestMessage(new HttpMethod(method), site.Url("/"));
        request.Headers.ExpectContinue = true;
        if (method == "PUT") request.Content = new ByteArrayContent(new byte[10_000]);

        using var answer = await site.Client.SendAsync(request);

        Assert.AreEqual(status, answer.StatusCode);
    }

    [TestMethod]
    public async Task SmallBodyOfAGet_IsSkipped()
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree());

        var answer = await site.SendRawAsync(
            "GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nxyzGET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");

        Assert.AreEqual(2, answer.Split("HTTP/1.1 200 OK").Length - 1, answer);
    }

    [TestMethod]
    public async Task InvalidChunks_EndTheConnectionAfterTheAnswer()
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree());

        var answer = await site.SendRawAsync("GET /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");

        StringAssert.StartsWith(answer, "HTTP/1.1 200 OK\r\n");
    }

    [TestMethod]
    public async Task EndlessBody_IsNotRead()
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree());
        using var deadline = new CancellationTokenSource(Patience);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, site.Port, deadline.Token);
        var stream = client.GetStream();
        await stream.WriteAsync("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"u8.ToArray(), deadline.Token);
        var chunk = Encoding.ASCII.GetBytes("10000\r\n" + new string('x', 0x10000) + "\r\n");
        var sent = 0L;
        try
        {
            for (; sent < 1L << 30; sent += chunk.Length) await stream.WriteAsync(chunk, deadline.Token);
        }
        catch (IOException)
        {
            // The server has closed the connection.
        }

        Assert.IsTrue(sent < 1L << 30, "the server takes a body without end");
    }

    [TestMethod]
    public async Task ConnectionsBeyondTheLimit_GetA503_AndEarlierOnesContinue()
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree(), maxConnections: 1);
        using var deadline = new CancellationTokenSource(Patience);
        using var first = new TcpClient();
        await first.ConnectAsync(IPAddress.Loopback, site.Port, deadline.Token);
        await AskAsync(first, deadline.Token);

        var second = await site.SendRawAsync("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
        await AskAsync(first, deadline.Token);
        first.Close();

        StringAssert.StartsWith(second, "HTTP/1.1 503 Service Unavailable\r\n");
        StringAssert.Contains(second, "\r\nRetry-After: 5\r\n");
        StringAssert.EndsWith(second, "\r\n\r\nThere are too many connections; try again later.\n");
        Assert.AreEqual(1, site.Warnings.Count(), string.Join('\n', site.Warnings));
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    return (await site.SendRawAsync("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"))
                        .StartsWith("HTTP/1.1 200", StringComparison.Ordinal);
                }
                catch (IOException)
                {
                    // A reset: the two before still count.
                    return false;
                }
            },
            "there is room again");
    }

    [TestMethod]
    public async Task RefusedRequest_LeavesItsLineToo()
    {
        var lines = Channel.CreateUnbounded<string>();
        await using var site = await HttpSite.StartAsync(
            new MemoryFileTree(), options: options => options with { AccessLog = line => Assert.IsTrue(lines.Writer.TryWrite(line)) });

        var answer = await site.SendRawAsync("nonsense\r\n\r\n");
        using var deadline = new CancellationTokenSource(Patience);
        var line = await lines.Reader.ReadAsync(deadline.Token);

        StringAssert.Matches(line, new(@"^127\.0\.0\.1 - - \[[^]]+\] ""-"" 400 \d+ ""-"" ""-""$"));
        AssertRefused(answer, 400);
    }

    [TestMethod]
    public async Task Defect_Gives500AndASentence()
    {
        await using var site = await HttpSite.StartAsync(
            new MemoryFileTree(), options: options => options with { WriteStatus = _ => throw new InvalidDataException("secret") });
        site.ExpectsErrors = true;

        using var answer = await site.GetAsync("/status/");

        Assert.AreEqual(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.AreEqual("An error in this node; its log says more.\n", await answer.Content.ReadAsStringAsync());
        Assert.AreEqual(1, site.Errors.Count(), string.Join('\n', site.Errors));
    }

    private static void AssertRefused(string answer, int status)
    {
        StringAssert.StartsWith(answer, $"HTTP/1.1 {status} ");
        StringAssert.Contains(answer, "\r\nDate: ");
        StringAssert.Contains(answer, "\r\nConnection: close\r\n");
        StringAssert.Contains(answer, "\r\nContent-Type: text/plain; charset=utf-8\r\n");
        var body = answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
        StringAssert.Contains(answer, $"\r\nContent-Length: {body.Length}\r\n");
        StringAssert.Matches(body, new(@"\A[A-Z][^\n]+\.\n\z"));
    }

    private static async Task AskAsync(TcpClient client, CancellationToken cancellationToken)
    {
        await client.GetStream().WriteAsync("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray(), cancellationToken);
        var answer = new byte[4096];
        var length = 0;
        while (!Encoding.ASCII.GetString(answer, 0, length).EndsWith("\r\n\r\nok\n", StringComparison.Ordinal))
        {
            var read = await client.GetStream().ReadAsync(answer.AsMemory(length), cancellationToken);
            Assert.AreNotEqual(0, read, Encoding.ASCII.GetString(answer, 0, length));
            length += read;
        }
    }
}
