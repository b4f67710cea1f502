using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Dftp.FileSystem;
using Dftp.Http.FastPath;
using Dftp.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Dftp.Tests.Http.FastPath;

/// <summary>Small files from the fast path and from the server: a client must not see a difference.</summary>
[TestClass]
public sealed class FastPathTests
{
    /// <summary>Makes a request one that the fast path leaves to the server.</summary>
    private const string ByServer = "X-By-Server: 1\r\n";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly MemoryFileTree _tree = new MemoryFileTree()
        .File("/a.txt", "hello").File("/empty", "").File("/page.html", "<script>x()</script>").File("/pic.SVG", "<svg/>")
        .File("/d/näme with % and ?.bin", "odd").File("/future.txt", "later", UnixTime.FromSeconds(7_258_118_400))
            .File("/large.bin", new byte[100_000])
        .File("/old", "old", UnixTime.FromSeconds(-5_000_000_000));

    [TestMethod]
    [DataRow("/fs/a.txt")]
    [DataRow("/fs/empty")]
    [DataRow("/fs/page.html")]
    [DataRow("/fs/pic.SVG")]
    [DataRow("/fs/d/n%C3%A4me%20with%20%25%20and%20%3F.bin")]
    [DataRow("/fs/d/../a.txt")]
    [DataRow("/fs//a.txt")]
    [DataRow("/fs/future.txt")]
    [DataRow("/fs/old")]
    [DataRow("/fs/large.bin")]
    [DataRow("/fs/a.txt/")]
    [DataRow("/fs/d")]
    [DataRow("/fs/none")]
    [DataRow("/fs/%zz")]
    [DataRow("/fs/a%2Ftxt")]
    [DataRow("/fs/a.txt?download")]
    [DataRow("/fs/a.txt?redirN=1")]
    [DataRow("/fs/a.txt?holder=server1")]
    [DataRow("/fs/a.txt?holder=other")]
    [DataRow("/healthz")]
    public async Task Answer_IsTheServers(string target)
    {
        _tree.Digests[(VirtualPath.Parse("/pic.SVG"), 6, MemoryFileTree.DefaultTime)] = ContentDigest.OfNothing;
        await using var site = await HttpSite.StartAsync(_tree, ownTree: new MemoryFileTree().File("/a.txt", "mine"));
        using var client = await ConnectAsync(site);

        var plain = await client.AskAsync(target);
        var byServer = await client.AskAsync(target, ByServer);

        Assert.AreEqual(Sorted(byServer), Sorted(plain));
    }

    [TestMethod]
    public async Task Requests_OfEveryKind_OneAfterTheOther_GetTheirAnswersInOrder()
    {
        await using var site = await HttpSite.StartAsync(_tree);
        using var client = await ConnectAsync(site);
        var requests = new StringBuilder();
        for (var i = 0; i < 50; i++)
        {
            requests.Append("GET /fs/a.txt HTTP/1.1\r\nHost: x\r\n\r\n")
                .Append("GET /fs/none HTTP/1.1\r\nHost: x\r\n\r\n")
                .Append("GET /fs/a.txt HTTP/1.1\r\nHost: x\r\nRange: bytes=1-2\r\n\r\n")
                .Append("HEAD /fs/a.txt HTTP/1.1\r\nHost: x\r\n\r\n")
                .Append("GET /fs/empty HTTP/1.1\r\nHost: x\r\n\r\n");
        }

        await client.SendAsync(requests.ToString());

        for (var i = 0; i < 50; i++)
        {
            Assert.AreEqual("200 hello", Short(await client.ReadAnswerAsync()));
            StringAssert.StartsWith(Short(await client.ReadAnswerAsync()), "404 Nothing is at /none");
            Assert.AreEqual("206 el", Short(await client.ReadAnswerAsync()));
            Assert.AreEqual("200 ", Short(await client.ReadAnswerAsync(isHead: true)));
            Assert.AreEqual("200 ", Short(await client.ReadAnswerAsync()));
        }
    }

    // Answers to requests that arrived together are sent together, but never wait for further requests.
    [TestMethod]
    [DataRow("")]
    [DataRow("GET /fs/a.txt HTTP/1.1\r\nHo")]
    [DataRow("GET /fs/a.txt HTTP/1.1\r\nHost: x\r\nUser-Agent: \r\n\r\nGET /fs/a.txt HTTP/1.1\r\nHo")]
    public async Task Requests_ThatComeTogether_AreAnsweredWhateverFollows(string next)
    {
        await using var site = await HttpSite.StartAsync(_tree);
        using var client = await ConnectAsync(site);

        await client.SendAsync(string.Concat(Enumerable.Repeat("GET /fs/a.txt HTTP/1.1\r\nHost: x\r\n\r\n", 100)) + next);

        for (var i = 0; i < 100; i++) Assert.AreEqual("200 hello", Short(await client.ReadAnswerAsync()));
    }

    [TestMethod]
    public async Task Requests_OfManyFilesTogether_AreAnsweredInOrder()
    {
        await using var site = await HttpSite.StartAsync(_tree);
        using var client = await ConnectAsync(site);
        string[] targets = ["/fs/a.txt", "/fs/large.bin", "/fs/page.html", "/fs/a.txt", "/fs/empty", "/fs/none", "/fs/a.txt"];
        var alone = new List<string>();
        foreach (var target in targets) alone.Add(WithoutDate(await client.AskAsync(target)));

        await client.SendAsync(
            string.Concat(Enumerable.Repeat(targets, 10).SelectMany(all => all)
            .Select(target => $"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n")));

        for (var i = 0; i < 10 * targets.Length; i++) Assert.AreEqual(alone[i % targets.Length],
            WithoutDate(await client.ReadAnswerAsync()));
    }

    // RFC 9112 section 11.2: text in a body that looks like a request is not a request.
    [TestMethod]
    [DataRow("Content-Length: {0}\r\n\r\n{1}")]
    [DataRow("Transfer-Encoding: chunked\r\n\r\n{0:x}\r\n{1}\r\n0\r\n\r\n")]
    public async Task Body_ThatLooksLikeRequests_IsNotAnswered(string form)
    {
        await using var site = await HttpSite.StartAsync(_tree);
        const string Hidden = "GET /fs/a.txt HTTP/1.1\r\nHost: x\r\n\r\n";
        var body = string.Format(System.Globalization.CultureInfo.InvariantCulture, form, Hidden.Length, Hidden);

        var answers = await site.SendRawAsync(
            $"POST /fs/a.txt HTTP/1.1\r\nHost: x\r\n{body}GET /fs/empty HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        Assert.IsFalse(answers.Contains("hello", StringComparison.Ordinal), answers);
    }

    [TestMethod]
    public async Task Request_InPieces_IsAnswered_AndSoIsTheNextOne()
    {
        await using var site = await HttpSite.StartAsync(_tree);
        using var client = await ConnectAsync(site);
        for (var cut = 1; cut < 38; cut += 4)
        {
            const string Request = "GET /fs/a.txt HTTP/1.1\r\nHost: x\r\n\r\n";
            await client.SendAsync(Request[..Math.Min(cut, Request.Length)]);
            await client.SendAsync(Request[Math.Min(cut, Request.Length)..]);
            Assert.AreEqual("200 hello", Short(await client.ReadAnswerAsync()));
            Assert.AreEqual("200 hello", Short(await client.AskAsync("/fs/a.txt")));
        }
    }

    [TestMethod]
    public async Task Client_ThatReadsNothingForLong_GetsAllAnswersInTheEnd()
    {
        const int Count = 2000;
        _tree.File("/some.bin", new byte[20_000]);
        await using var site = await HttpSite.StartAsync(_tree);
        using var client = await ConnectAsync(site);
        var sending = client.SendAsync(string.Concat(Enumerable.Repeat("GET /fs/some.bin HTTP/1.1\r\nHost: x\r\n\r\n", Count)));
        // Other clients do not wait for it.
        Assert.AreEqual("hello", await site.GetTextAsync("/fs/a.txt"));

        for (var i = 0; i < Count; i++) Assert.AreEqual(20_000 + "200 ".Length, Short(await client.ReadAnswerAsync()).Length);
        await sending;
    }

    [TestMethod]
    public async Task ClientThatLeavesDuringItsAnswer_CausesNoLogLine()
    {
        _tree.File("/some.bin", new byte[20_000]);
        var site = await HttpSite.StartAsync(_tree);
        await using (site)
        {
            using (var client = await ConnectAsync(site))
            {
                await client.SendAsync(string.Concat(Enumerable.Repeat("GET /fs/some.bin HTTP/1.1\r\nHost: x\r\n\r\n", 2000)));
                await client.ReadAnswerAsync();
                client.Reset();
            }

            Assert.AreEqual("hello", await site.GetTextAsync("/fs/a.txt"));
        }

        // The server has ended every connection by now.
        Assert.AreEqual("", string.Join('\n', site.Warnings));
    }

    [TestMethod]
    public async Task File_ThatBreaksOff_IsToldByTheServer()
    {
        var isBroken = true;
        _tree.Content = (_, bytes, range) => isBroken ? new BrokenContent(range, 2) : new MemoryContent(bytes, range);
        await using var site = await HttpSite.StartAsync(_tree);
        using (var client = await ConnectAsync(site))
        {
            await client.SendAsync("GET /fs/a.txt HTTP/1.1\r\nHost: x\r\n\r\n");
            await Assert.ThrowsExactlyAsync<IOException>(() => client.ReadAnswerAsync());
        }

        Assert.AreEqual(1, site.Warnings.Count(line => line.Contains("/a.txt", StringComparison.Ordinal)));
        isBroken = false;
        Assert.AreEqual("hello", await site.GetTextAsync("/fs/a.txt"));
    }

    [TestMethod]
    public async Task File_ThatCannotBeOpened_IsAnsweredByTheServer()
    {
        _tree.OpenError = new FileError(FileErrorKind.AccessDenied, "server1 may not read /a.txt");
        await using var site = await HttpSite.StartAsync(_tree);
        using var client = await ConnectAsync(site);

        StringAssert.StartsWith(Short(await client.AskAsync("/fs/a.txt")), "403 ");
        StringAssert.StartsWith(Short(await client.AskAsync("/fs/a.txt")), "403 ");
    }

    // The server closes a connection on which it has seen nothing for 130 s.
    [TestMethod]
    public async Task BusyConnection_PassesTheServerARequest_FromTimeToTime()
    {
        var time = new FakeTimeProvider(WholeRun.Time);
        await using var site = await HttpSite.StartAsync(_tree, time: time);
        using var client = await ConnectAsync(site);
        var plain = await client.AskAsync("/fs/a.txt");
        var byServer = await client.AskAsync("/fs/a.txt", ByServer);
        Assert.AreNotEqual(byServer, plain, "the two are told apart by the order of their fields");

        time.Advance(FastPathReader.ServerInterval);

        Assert.AreEqual(WithoutDate(byServer), WithoutDate(await client.AskAsync("/fs/a.txt")));
        Assert.AreEqual(WithoutDate(plain), WithoutDate(await client.AskAsync("/fs/a.txt")));
    }

    // The server limits the time that a request's head takes. A request that the fast path has answered is over, in whatever pieces
    // it arrived.
    [TestMethod]
    public async Task Connection_AfterARequestInPieces_IsIdle_NotLate()
    {
        var time = new FakeTimeProvider(WholeRun.Time);
        await using var site = await HttpSite.StartAsync(_tree, time: time, server: server =>
            server.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(1));
        using var client = await ConnectAsync(site);
        await client.SendAsync("GET /fs/a.txt HT");
        // Answers to other requests on every loop show that the first piece has been read.
        for (var i = 0; i < 2 * Environment.ProcessorCount; i++)
        {
            using var other = await ConnectAsync(site);
            await other.AskAsync("/fs/a.txt");
        }

        await client.SendAsync("TP/1.1\r\nHost: x\r\n\r\n");
        Assert.AreEqual("200 hello", Short(await client.ReadAnswerAsync()));

        // A head that never ends is refused, although its limit began later.
        using var late = await ConnectAsync(site);
        await late.SendAsync("GET /fs/a.txt HT");
        var refusal = late.ReadAnswerAsync();
        await Eventually.TrueAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return refusal.IsCompleted;
        }, "the head that does not end is refused");
        StringAssert.StartsWith(Short(await refusal), "408 ");

        Assert.AreEqual("200 hello", Short(await client.AskAsync("/fs/a.txt")));
    }

    [TestMethod]
    public async Task Answer_DoesNotWaitForTheRequestBehindIt()
    {
        using var goesOn = new ManualResetEventSlim();
        _tree.File("/slow.txt", "slow");
        _tree.Content = (path, bytes, range) =>
        {
            if (path.Name == "slow.txt") goesOn.Wait(Patience);
            return new MemoryContent(bytes, range);
        };
        await using var site = await HttpSite.StartAsync(_tree);
        using var client = await ConnectAsync(site);
        try
        {
            await client.SendAsync(
                "GET /fs/a.txt HTTP/1.1\r\nHost: x\r\n\r\nGET /fs/slow.txt HTTP/1.1\r\nHost: x\r\n\r\nGET /fs/a.txt HTTP/1.1\r\nHost: x\r\n\r\n");

            Assert.AreEqual("200 hello", Short(await client.ReadAnswerAsync().WaitAsync(Patience / 2)));
        }
        finally
        {
            goesOn.Set();
        }

        Assert.AreEqual("200 slow", Short(await client.ReadAnswerAsync()));
        Assert.AreEqual("200 hello", Short(await client.ReadAnswerAsync()));
    }

    // After a request that the server answers, with any form of body, the connection has the fast path again.
    [TestMethod]
    [DataRow("HEAD /fs/a.txt HTTP/1.1\r\nHost: x\r\n\r\n")]
    [DataRow("GET /fs/a.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")]
    [DataRow("PUT /fs/a.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")]
    [DataRow("PUT /fs/a.txt HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")]
    [DataRow("PUT /fs/a.txt HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Trailer: 1\r\n\r\n")]
    [DataRow("GET /fs/a.txt HTTP/1.1\nHost: x\n\n")]
    [DataRow("\r\n\r\nGET /fs/a.txt HTTP/1.1\r\nHost: x\r\n\r\n")]
    public async Task Connection_AfterARequestOfTheServers_HasTheFastPathAgain(string request)
    {
        await using var site = await HttpSite.StartAsync(_tree);
        using var client = await ConnectAsync(site);
        Assert.IsTrue(IsByFastPath(await client.AskAsync("/fs/a.txt")));

        for (var i = 0; i < 3; i++)
        {
            await client.SendAsync(request);
            Assert.IsFalse(IsByFastPath(await client.ReadAnswerAsync(isHead: request.StartsWith("HEAD", StringComparison.Ordinal))));

            Assert.IsTrue(IsByFastPath(await client.AskAsync("/fs/a.txt")));
            Assert.IsTrue(IsByFastPath(await client.AskAsync("/fs/a.txt")));
        }
    }

    [TestMethod]
    public async Task Policy_DecidesForEachRequest()
    {
        await using var site = await HttpSite.StartAsync(
            _tree, options: options =>
                options with { AllowsFastPath = request => request is not { Path.Name: "page.html" } and not { IsLocalOnly: true } });
        using var client = await ConnectAsync(site);

        foreach (var (target, isFast) in new[] { ("/fs/a.txt", true), ("/fs/page.html", false), ("/fs/none?redirN=1", false),
            ("/fs/empty", true) })
        {
            Assert.IsFalse(IsByFastPath(await client.AskAsync(target, ByServer)), target);
            Assert.AreEqual(isFast, IsByFastPath(await client.AskAsync(target)), target);
        }
    }

    // A redirected client's small file is as fast as any. Whether the mark of nodes may be used is decided here too.
    [TestMethod]
    [DataRow("/fs/a.txt?holder=server1", true, 200)]
    [DataRow("/fs/a.txt?holder=other", false, 421)]
    [DataRow("/fs/a.txt?redirN=1", false, 403)]
    public async Task RequestForLocalCopies_OfAClient(string target, bool isFast, int status)
    {
        await using var site = await HttpSite.StartAsync(
            _tree, ownTree: new MemoryFileTree().File("/a.txt", "mine"), options: options => options with { IsReadingNode = _ => false });
        using var client = await ConnectAsync(site);

        var answer = await client.AskAsync(target);

        Assert.AreEqual(isFast, IsByFastPath(answer));
        StringAssert.StartsWith(answer, $"HTTP/1.1 {status} ");
    }

    [TestMethod]
    public async Task RequestsLeftToTheServer_AreCountedByReason()
    {
        using var meter = new Meter("test");
        using var counts = new MetricCounts(meter, "dftp.http.fastpath.declined", "reason");
        _tree.Content = (path, bytes, range) => path.Name switch
        {
            "old" => new BrokenContent(range, 1),
            "empty" => throw new InvalidTimeZoneException("the test's own"),
            _ => new MemoryContent(bytes, range),
        };
        await using var site = await HttpSite.StartAsync(
            _tree, meter: meter, options: options => options with { AllowsFastPath = request => request.Path.Name != "page.html" });
        site.ExpectsErrors = true;
        foreach (var target in new[] { "/fs/a.txt", "/healthz", "/fs/page.html", "/fs/none", "/fs/large.bin", "/fs/empty" })
        {
            using var client = await ConnectAsync(site);
            await client.AskAsync(target);
        }

        using (var client = await ConnectAsync(site)) await Assert.ThrowsExactlyAsync<IOException>(() => client.AskAsync("/fs/old"));
        using (var client = await ConnectAsync(site)) await client.AskAsync("/fs/a.txt", ByServer);

        Assert.AreEqual("defect 1, file 2, head 1, policy 1, read 1, target 1", counts.ToString());
        StringAssert.Contains(string.Join('\n', site.Errors), "the fast path failed with an unexpected exception");
    }

    /// <summary>The two differ in the position of one field.</summary>
    private static bool IsByFastPath(string answer) => answer.StartsWith("HTTP/1.1 200 OK\r\nDate: ", StringComparison.Ordinal);

    private static string Short(string answer)
    {
        var head = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        return answer["HTTP/1.1 ".Length..("HTTP/1.1 ".Length + 4)] + answer[(head + 4)..];
    }

    private static string WithoutDate(string answer) =>
        string.Join('\n', answer.Split("\r\n").Where(line => !line.StartsWith("Date: ", StringComparison.Ordinal)));

    private static string Sorted(string answer)
    {
        var head = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        var lines = answer[..head].Split("\r\n").Where(line => !line.StartsWith("Date: ", StringComparison.Ordinal));
        return string.Join('\n', lines.Order(StringComparer.Ordinal)) + "\n\n" + answer[(head + 4)..];
    }

    private static async Task<RawClient> ConnectAsync(HttpSite site)
    {
        var client = new RawClient();
        await client.ConnectAsync(site.Port);
        return client;
    }

    /// <summary>One connection with its raw bytes.</summary>
    private sealed class RawClient : IDisposable
    {
        private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp);
        private readonly MemoryStream _read = new();

        public Task ConnectAsync(int port) => _socket.ConnectAsync(IPAddress.Loopback, port).WaitAsync(Patience);

        public async Task SendAsync(string text)
        {
            var bytes = Encoding.Latin1.GetBytes(text);
            for (var sent = 0; sent < bytes.Length;) sent += await _socket.SendAsync(bytes.AsMemory(sent)).AsTask().WaitAsync(Patience);
        }

        public void Reset() => _socket.LingerState = new LingerOption(enable: true, seconds: 0);

        public async Task<string> AskAsync(string target, string fields = "")
        {
            await SendAsync($"GET {target} HTTP/1.1\r\nHost: x\r\n{fields}\r\n");
            return await ReadAnswerAsync();
        }

        /// <exception cref="IOException">The connection ended earlier.</exception>
        public async Task<string> ReadAnswerAsync(bool isHead = false)
        {
            while (true)
            {
                var text = Encoding.Latin1.GetString(_read.GetBuffer(), 0, (int)Math.Min(_read.Length, 4096));
                var head = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
                if (head >= 0)
                {
                    var length = text[..head].Split("\r\n").Single(line => line.StartsWith("Content-Length: ", StringComparison.Ordinal));
                    var end = head + 4 + (isHead ? 0
                        : int.Parse(length["Content-Length: ".Length..], System.Globalization.CultureInfo.InvariantCulture));
                    if (_read.Length >= end) return Take(end);
                }

                var piece = new byte[64 * 1024];
                int count;
                try
                {
                    count = await _socket.ReceiveAsync(piece).WaitAsync(Patience);
                }
                catch (SocketException reset)
                {
                    throw new IOException(reset.Message, reset);
                }

                if (count == 0) throw new IOException("the connection has ended");
                _read.Write(piece, 0, count);
            }
        }

        public void Dispose()
        {
            _socket.Dispose();
            _read.Dispose();
        }

        private string Take(int count)
        {
            var all = _read.ToArray();
            _read.SetLength(0);
            _read.Write(all, count, all.Length - count);
            return Encoding.Latin1.GetString(all, 0, count);
        }
    }
}
