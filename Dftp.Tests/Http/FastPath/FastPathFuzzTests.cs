using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Dftp.Tests.Support;

namespace Dftp.Tests.Http.FastPath;

/// <summary>
/// Random requests, valid and damaged, in random pieces: a server with the fast path and one without it give the same answers and leave the
/// connection in the same state. <c>DFTP_FUZZ_SESSIONS</c> sets the number of connections, <c>DFTP_FUZZ_SEED</c> the first seed.
/// </summary>
[TestClass]
public sealed partial class FastPathFuzzTests
{
    private const int Sessions = 400;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly string[] Targets =
    [
        "/fs/a.txt", "/fs/a.txt", "/fs/a.txt", "/fs/b.txt", "/fs/empty", "/fs/none", "/fs/d", "/fs/d/", "/fs/large.bin", "/healthz",
            "/fs/a.txt?redirN=1",
        "/fs/a.txt?download", "/fs/%61.txt", "/fs/%zz", "/fs/a%2Ftxt", "/fs/d/../a.txt", "/fs/a.txt/", "*", "http://x/fs/a.txt",
            "/fs/a b", "/fs/\u00e9", "",
    ];

    /// <summary>Fields that the fast path knows as harmless, and others.</summary>
    private static readonly string[] Fields =
    [
        "User-Agent: fuzz/1", "Accept: */*", "Accept-Encoding: gzip, br", "Cookie: a=b", "Connection: keep-alive",
            "Cache-Control: no-cache", "Referer: http://x/",
        "Range: bytes=1-2", "If-None-Match: *", "Connection: close", "Connection: upgrade", "X-Unheard-Of: 1", "User-Agent: \u00e9",
            "Want-Repr-Digest: sha-256=1",
        "Expect: 100-continue", "Upgrade: websocket", "Content-Length: 0", "Content-Length: -1", "Content-Length: 1, 2",
            "Transfer-Encoding: chunked, x", "Host: y",
        "Host : y", " folded: 1", "no colon", ": nameless", "A: b\rc", "Content-Length : 5", "Keep-Alive: 300", "Accept:",
    ];

    private readonly MemoryFileTree _tree = new MemoryFileTree()
        .File("/a.txt", "hello").File("/b.txt", "other").File("/empty", "").File("/d/c.txt", "inner").File("/large.bin", new byte[40_000]);

    [TestMethod]
    public async Task Connection_WithAndWithoutTheFastPath_GivesTheSameBytes()
    {
        var first = Setting("DFTP_FUZZ_SEED", 1);
        var count = Setting("DFTP_FUZZ_SESSIONS", Sessions);
        var local = new MemoryFileTree().File("/a.txt", "mine");
        await using var fast = await HttpSite.StartAsync(_tree, local, more: new UploadRoutes().All);
        await using var slow = await HttpSite.StartAsync(
            _tree, local, options: options => options with { RequestsAreTraced = true }, more: new UploadRoutes().All);
        var since = Stopwatch.GetTimestamp();

        await Parallel.ForAsync(first, first + count, async (seed, _) =>
        {
            var requests = MakeRequests(new Random(seed));
            var given = await TalkAsync(fast, requests, new Random(seed));
            var expected = await TalkAsync(slow, requests, new Random(-seed));
            Assert.AreEqual(expected, given, $"seed {seed}: {Shown(requests)}");
        });

        Console.WriteLine($"{count} connections in {Stopwatch.GetElapsedTime(since).TotalSeconds:0.0} s");
    }

    private static string Shown(string requests) =>
        requests.Replace("\r", "\\r", StringComparison.Ordinal) is { Length: > 2_000 } text ? text[..2_000] + "…"
            : requests.Replace("\r", "\\r", StringComparison.Ordinal);

    private static int Setting(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? value : otherwise;

    /// <summary>Some requests and a last one that shows whether, and where, the server still reads requests.</summary>
    private static string MakeRequests(Random random)
    {
        var text = new StringBuilder();
        for (var left = random.Next(1, 8); left > 0; left--) AddRequest(text, random);
        if (random.Next(8) == 0) text.Length -= Math.Min(text.Length, random.Next(1, 30));
        if (random.Next(8) > 0) text.Append("GET /fs/b.txt HTTP/1.1\r\nHost: x\r\n\r\n");
        return text.ToString();
    }

    /// <summary>A body for a handler that reads all of it, its beginning or nothing. Its bytes often look like requests.</summary>
    private static void AddUpload(StringBuilder text, Random random)
    {
        var line = Any(random, "PUT /whole/", "PUT /whole/x", "PUT /limited/", "PUT /begin/", "PUT /refused/", "PUT /fs/a.txt", "POST /whole/");
        text.Append(line).Append(" HTTP/1.1\r\nHost: x\r\n");
        var body = new StringBuilder();
        var most = random.Next(10) == 0 ? 70_000 : random.Next(3) == 0 ? 3_000 : 100;
        for (var length = random.Next(most); body.Length < length;)
            body.Append(random.Next(3) > 0 ? "GET /fs/a.txt HTTP/1.1\r\nHost: x\r\n\r\n" : new string('b', random.Next(1, 5_000)));
        if (random.Next(6) == 0) text.Append("Expect: 100-continue\r\n");
        if (random.Next(2) == 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n\r\n{body}");
            return;
        }

        text.Append("Transfer-Encoding: chunked\r\n\r\n");
        for (var at = 0; at < body.Length;)
        {
            var length = Math.Min(body.Length - at, random.Next(1, body.Length + 1));
            var extension = random.Next(5) == 0 ? ";name=value" : "";
            text.Append(CultureInfo.InvariantCulture, $"{length:x}{extension}\r\n{body.ToString(at, length)}\r\n");
            at += length;
        }

        text.Append("0\r\n").Append(random.Next(4) == 0 ? "X-Trailer: 1\r\n" : "").Append("\r\n");
    }

    private static void AddRequest(StringBuilder text, Random random)
    {
        if (random.Next(4) == 0)
        {
            AddUpload(text, random);
            return;
        }

        if (random.Next(15) == 0) text.Append(random.Next(2) == 0 ? "\r\n" : "\n");
        // Most are plain, so that unusual ones arrive on a connection on which the fast path has answered.
        var isOdd = random.Next(2) == 0;
        var method = !isOdd || random.Next(2) == 0 ? "GET" : Any(random, "HEAD", "OPTIONS", "POST", "PUT", "get", "G\u00e9T", "TRACE");
        var end = isOdd && random.Next(20) == 0 ? "\n" : "\r\n";
        var version = isOdd && random.Next(8) == 0 ? Any(random, " HTTP/1.0", " HTTP/1.1x", " HTTP/2.0", "", " http/1.1", "  HTTP/1.1")
            : " HTTP/1.1";
        var target = isOdd ? Any(random, Targets) : Any(random, "/fs/a.txt", "/fs/b.txt", "/fs/empty");
        text.Append(method).Append(' ').Append(target).Append(version).Append(end);
        if (!isOdd || random.Next(10) > 0) text.Append("Host: x").Append(end);
        for (var left = random.Next(4); left > 0; left--) text.Append(isOdd ? Any(random, Fields) : Any(random, Fields[..7])).Append(end);
        if (isOdd && random.Next(30) == 0) text.Append("Cookie: ").Append('c', random.Next(3900, 5000)).Append(end);
        var body = random.Next(2) == 0 ? "GET /fs/a.txt HTTP/1.1\r\nHost: x\r\n\r\n" : new string('b', random.Next(1, 100));
        switch (isOdd ? random.Next(6) : 0)
        {
            case 1:
                text.Append(CultureInfo.InvariantCulture,
                    $"Content-Length: {body.Length + (random.Next(5) == 0 ? random.Next(-1, 2) : 0)}{end}{end}{body}");
                break;
            case 2:
                text.Append(CultureInfo.InvariantCulture, $"Transfer-Encoding: chunked{end}{end}{body.Length:x}\r\n{body}\r\n0\r\n\r\n");
                break;
            default:
                text.Append(end);
                break;
        }
    }

    private static string Any(Random random, params string[] choices) => choices[random.Next(choices.Length)];

    /// <summary>Sends the requests in pieces and closes the sending half.</summary>
    /// <returns>Everything that the server sends until it closes the connection, in a comparable form.</returns>
    private static async Task<string> TalkAsync(HttpSite site, string requests, Random random)
    {
        using var limit = new CancellationTokenSource(Patience);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, site.Port, limit.Token);
        var receiving = ReceiveAsync(socket, limit.Token);
        var bytes = Encoding.Latin1.GetBytes(requests);
        var pieces = random.Next(5);
        try
        {
            for (var at = 0; at < bytes.Length;)
            {
                var length = pieces == 0 ? bytes.Length - at : Math.Min(bytes.Length - at, random.Next(1, 2 * bytes.Length / pieces + 2));
                at += await socket.SendAsync(bytes.AsMemory(at, length), limit.Token);
                if (random.Next(2) == 0) await Task.Yield();
            }

            socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // The server has refused a request and closed the connection before it had read the rest.
        }

        return Comparable(await receiving);
    }

    private static async Task<string> ReceiveAsync(Socket socket, CancellationToken cancellationToken)
    {
        var all = new StringBuilder();
        var piece = new byte[64 * 1024];
        try
        {
            for (int count; (count = await socket.ReceiveAsync(piece, cancellationToken)) > 0;) all.Append(
                Encoding.Latin1.GetString(piece, 0, count));
            return all.Append("closed").ToString();
        }
        catch (SocketException)
        {
            return all.Append("closed").ToString();
        }
    }

    /// <summary>
    /// Removes dates, and interim responses, which depend on whether a body has arrived already, and sorts the fields of each head.
    /// </summary>
    private static string Comparable(string answers) =>
        Head().Replace(answers.Replace("HTTP/1.1 100 Continue\r\n\r\n", "", StringComparison.Ordinal), static head =>
        {
            var lines = head.Value.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
            return string.Join('\n', lines.Where(line => !line.StartsWith("Date: ", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)) + "\n\n";
        });

    [GeneratedRegex("HTTP/1\\.1 [0-9]{3}(?s:.)*?\r\n\r\n")]
    private static partial Regex Head();
}
