using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Dftp.Tests.Support;

namespace Dftp.Tests.Http;

/// <summary>Bodies of requests on their way to a handler.</summary>
[TestClass]
public sealed class UploadTests
{
    /// <summary>More than the buffers of both sockets and of the server together.</summary>
    private const int Much = 48 << 20;

    private const int MaxBufferBytes = 256 * 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly UploadRoutes _routes = new();
    private readonly MemoryFileTree _tree = new MemoryFileTree().File("/a.txt", "hello");

    [TestMethod]
    [DataRow(true, false)]
    [DataRow(true, true)]
    [DataRow(false, false)]
    [DataRow(false, true)]
    public async Task Body_ReachesTheHandlerWhole_AndTheConnectionStays(bool isDirect, bool isChunked)
    {
        await using var site = await HttpSite.StartAsync(_tree, isDirect: isDirect, more: _routes.All);
        var bytes = new byte[(3 << 20) + 12_345];
        new Random(1).NextBytes(bytes);
        using var client = await ConnectAsync(site);
        for (var round = 0; round < 2; round++)
        {
            await client.SendAsync(Head("/whole/", isChunked ? null : bytes.Length)).WaitAsync(Patience);
            await SendAsync(client, bytes, isChunked);
            StringAssert.EndsWith(await ReadAnswerAsync(client), "\r\n\r\n" + UploadRoutes.Said(bytes));
        }

        await client.SendAsync("GET /fs/a.txt HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
        StringAssert.EndsWith(await ReadAnswerAsync(client), "\r\n\r\nhello");
    }

    // Every split of the bytes gives the same answers, and no byte of a body is taken for a request.
    [TestMethod]
    [DataRow("/whole/", "Content-Length: 41\r\n\r\n", "")]
    [DataRow("/whole/", "Transfer-Encoding: chunked\r\n\r\n", "0\r\n\r\n")]
    [DataRow("/whole/", "Transfer-Encoding: chunked\r\n\r\n", "0\r\nX-Trailer: GET / HTTP/1.1\r\n\r\n")]
    [DataRow("/begin/", "Content-Length: 41\r\n\r\n", "")]
    [DataRow("/begin/", "Transfer-Encoding: chunked\r\n\r\n", "0\r\n\r\n")]
    [DataRow("/refused/", "Content-Length: 41\r\n\r\n", "")]
    [DataRow("/refused/", "Transfer-Encoding: chunked\r\n\r\n", "0\r\n\r\n")]
    [DataRow("/fs/a.txt", "Content-Length: 41\r\n\r\n", "")]
    public async Task Requests_AroundABody_GetTheSameAnswersInEverySplit(string target, string framing, string end)
    {
        const string body = "GET /fs/a.txt HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n";
        const string plain = "GET /fs/a.txt HTTP/1.1\r\nHost: x\r\n\r\n";
        const string last = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        Assert.AreEqual(41, body.Length);
        await using var site = await HttpSite.StartAsync(_tree, more: _routes.All);
        var chunk = end.Length > 0 ? $"29\r\n{body}\r\n{end}" : body;
        var bytes = Encoding.ASCII.GetBytes($"{plain}PUT {target} HTTP/1.1\r\nHost: x\r\n{framing}{chunk}{plain}{last}");
        string[] expected =
        [
            "200 hello",
            target switch
            {
                "/whole/" => "200 " + UploadRoutes.Said(Encoding.ASCII.GetBytes(body)),
                "/begin/" => "200 begins with GET",
                "/refused/" => "403 refused",
                _ => "405 Only GET and HEAD are answered here.\n",
            },
            "200 hello",
            "200 ok\n",
        ];
        // Before the body everything is known from other tests.
        await Parallel.ForAsync(plain.Length, bytes.Length, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (split, _) =>
        {
            using var client = await ConnectAsync(site);
            await client.SendAsync(bytes.AsMemory(0, split), _);
            // The answer to the first request shows that the server has read the first piece, or reads it now.
            var answers = new List<string> { Short(await ReadAnswerAsync(client)) };
            await client.SendAsync(bytes.AsMemory(split), _);
            while (answers.Count < expected.Length) answers.Add(Short(await ReadAnswerAsync(client)));

            CollectionAssert.AreEqual(expected, answers, $"split at {split}: {string.Join(" | ", answers)}");
            Assert.AreEqual(0, await client.ReceiveAsync(new byte[1]).WaitAsync(Patience, _), "closed");
        });
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task HandlerThatDoesNotRead_HoldsBackItsClient(bool isChunked)
    {
        var gate = new TaskCompletionSource();
        _routes.Gate = () => gate.Task;
        await using var site = await HttpSite.StartAsync(_tree, more: _routes.All);
        using var client = await ConnectAsync(site);
        var bytes = new byte[Much];
        new Random(2).NextBytes(bytes);
        await client.SendAsync(Head("/whole/", isChunked ? null : bytes.Length));

        var sending = SendAsync(client, bytes, isChunked);
        await Eventually.TrueAsync(() => _routes.Handled == 1 && !client.Poll(0, SelectMode.SelectWrite), "the client is held back");
        Assert.IsFalse(sending.IsCompleted);
        gate.SetResult();

        await sending;
        StringAssert.EndsWith(await ReadAnswerAsync(client), "\r\n\r\n" + UploadRoutes.Said(bytes));
        Assert.IsTrue(_routes.LargestRead <= MaxBufferBytes, $"{_routes.LargestRead} bytes at once");
    }

    // RFC 9110, 15.5.14.
    [TestMethod]
    public async Task BodyWhoseLengthIsBeyondTheLimit_NeverReachesTheHandler()
    {
        await using var site = await HttpSite.StartAsync(_tree, more: _routes.All);

        var answer = await site.SendRawAsync($"PUT /limited/ HTTP/1.1\r\nHost: x\r\nContent-Length: {UploadRoutes.Limit + 1}\r\n\r\n");

        StringAssert.StartsWith(answer, "HTTP/1.1 413 ");
        StringAssert.EndsWith(answer, "\r\n\r\nThe request's body is too large: at most 1,000 bytes are accepted here.\n");
        Assert.AreEqual(0, _routes.Handled);
    }

    [TestMethod]
    public async Task StreamBeyondTheLimit_IsRefusedThere()
    {
        await using var site = await HttpSite.StartAsync(_tree, more: _routes.All);
        var body = new string('x', UploadRoutes.Limit);

        var answer = await site.SendRawAsync(
            $"PUT /limited/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{body.Length:x}\r\n{body}\r\n0\r\n\r\n");
        // The framing counts too.
        var within = await site.SendRawAsync(
            "PUT /limited/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
            + $"384\r\n{body[..900]}\r\n0\r\n\r\n");

        StringAssert.StartsWith(answer, "HTTP/1.1 413 ");
        StringAssert.EndsWith(answer, "\r\n\r\nThe request's body is too large.\n");
        StringAssert.EndsWith(within, UploadRoutes.Said(Encoding.ASCII.GetBytes(body[..900])));
    }

    // RFC 9110, 10.1.1: "A server that receives a 100-continue expectation ... MUST send either a 100 (Continue) response ... or a final
    // status code".
    [TestMethod]
    public async Task ExpectationToContinue_IsMetWhenTheHandlerReads()
    {
        await using var site = await HttpSite.StartAsync(_tree, more: _routes.All);
        using var client = await ConnectAsync(site);
        for (var round = 0; round < 2; round++)
        {
            await client.SendAsync("PUT /whole/ HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"u8.ToArray());
            Assert.AreEqual("HTTP/1.1 100 Continue\r\n\r\n", await ReadHeadAsync(client));
            await client.SendAsync("12345GET /fs/a.txt HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());

            StringAssert.EndsWith(await ReadAnswerAsync(client), "\r\n\r\n" + UploadRoutes.Said("12345"u8));
            StringAssert.EndsWith(await ReadAnswerAsync(client), "\r\n\r\nhello");
        }
    }

    // RFC 9110, 10.1.1: the client that gets a final status code may send the content nevertheless, or close the connection.
    [TestMethod]
    [DataRow("/refused/", "HTTP/1.1 403 Forbidden\r\n")]
    [DataRow("/fs/a.txt", "HTTP/1.1 405 Method Not Allowed\r\n")]
    public async Task ExpectationToContinue_OfWhatIsRefused_GetsTheFinalAnswer_AndTheBodyIsSkipped(string target, string status)
    {
        await using var site = await HttpSite.StartAsync(_tree, more: _routes.All);
        using var client = await ConnectAsync(site);
        for (var round = 0; round < 2; round++)
        {
            await client.SendAsync(Encoding.ASCII.GetBytes(
                $"PUT {target} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"));
            StringAssert.StartsWith(await ReadAnswerAsync(client), status);
            await client.SendAsync("12345GET /fs/a.txt HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());

            StringAssert.EndsWith(await ReadAnswerAsync(client), "\r\n\r\nhello");
        }
    }

    [TestMethod]
    [DataRow("Content-Length: 100\r\n\r\nabc")]
    [DataRow("Transfer-Encoding: chunked\r\n\r\n64\r\nabc")]
    public async Task ClientThatLeavesDuringItsBody_CausesNoLogLine(string sent)
    {
        await using var site = await HttpSite.StartAsync(_tree, more: _routes.All);
        using var client = await ConnectAsync(site);
        await client.SendAsync(Encoding.ASCII.GetBytes("PUT /whole/ HTTP/1.1\r\nHost: x\r\n" + sent));
        await Eventually.TrueAsync(() => _routes.Handled == 1, "the handler reads");

        client.LingerState = new LingerOption(enable: true, seconds: 0);
        client.Close();

        await Eventually.TrueAsync(() => _routes.Failed == 1, "the handler knows");
        // Stops, and waits for the request's end.
        await site.DisposeAsync();
        Assert.AreEqual("", string.Join('\n', site.Warnings));
    }

    // RFC 9112, 8: an incomplete request is no request; the handler must not take it for a complete one.
    [TestMethod]
    [DataRow("Content-Length: 100\r\n\r\nabc")]
    [DataRow("Transfer-Encoding: chunked\r\n\r\n64\r\nabc")]
    public async Task BodyThatEndsEarly_EndsTheConnectionWithoutAnAnswer(string sent)
    {
        await using var site = await HttpSite.StartAsync(_tree, more: _routes.All);
        using var client = await ConnectAsync(site);
        await client.SendAsync(Encoding.ASCII.GetBytes("PUT /whole/ HTTP/1.1\r\nHost: x\r\n" + sent));
        client.Shutdown(SocketShutdown.Send);

        var end = await Assert.ThrowsExactlyAsync<SocketException>(() => ReadHeadAsync(client));
        Assert.AreEqual(SocketError.ConnectionReset, end.SocketErrorCode);
        Assert.AreEqual(1, _routes.Handled);
        Assert.AreEqual("", string.Join('\n', site.Warnings));
    }

    private static byte[] Head(string target, int? length) => Encoding.ASCII.GetBytes(
        $"PUT {target} HTTP/1.1\r\nHost: x\r\n"
        + (length is null ? "Transfer-Encoding: chunked" : string.Create(CultureInfo.InvariantCulture, $"Content-Length: {length}"))
        + "\r\n\r\n");

    private static async Task SendAsync(Socket client, byte[] bytes, bool isChunked)
    {
        const int most = 100_000;
        for (var at = 0; at < bytes.Length;)
        {
            var length = Math.Min(most, bytes.Length - at);
            if (isChunked) await client.SendAsync(Encoding.ASCII.GetBytes($"{length:x}\r\n"));
            await client.SendAsync(bytes.AsMemory(at, length));
            if (isChunked) await client.SendAsync("\r\n"u8.ToArray());
            at += length;
        }

        if (isChunked) await client.SendAsync("0\r\n\r\n"u8.ToArray());
    }

    private static async Task<Socket> ConnectAsync(HttpSite site)
    {
        var client = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, site.Port).WaitAsync(Patience);
        return client;
    }

    private static async Task<string> ReadHeadAsync(Socket client)
    {
        var text = new StringBuilder();
        var one = new byte[1];
        while (!text.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            Assert.AreEqual(1, await client.ReceiveAsync(one).WaitAsync(Patience), text.ToString());
            text.Append((char)one[0]);
        }

        return text.ToString();
    }

    private static async Task<string> ReadAnswerAsync(Socket client)
    {
        var head = await ReadHeadAsync(client);
        var field = head.Split("\r\n").Single(line => line.StartsWith("Content-Length: ", StringComparison.Ordinal));
        var body = new byte[int.Parse(field["Content-Length: ".Length..], CultureInfo.InvariantCulture)];
        for (var at = 0; at < body.Length;)
        {
            var count = await client.ReceiveAsync(body.AsMemory(at)).AsTask().WaitAsync(Patience);
            Assert.AreNotEqual(0, count, head);
            at += count;
        }

        return head + Encoding.Latin1.GetString(body);
    }

    private static string Short(string answer) =>
        string.Concat(answer.AsSpan(9, 4), answer.AsSpan(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4));
}
