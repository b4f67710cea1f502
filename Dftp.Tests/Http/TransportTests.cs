using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Dftp.FileSystem;
using Dftp.Tests.Support;
using Microsoft.Extensions.Time.Testing;
using Microsoft.Win32.SafeHandles;

namespace Dftp.Tests.Http;

/// <summary>Local files over real sockets, sent by the kernel and by the server's own transport.</summary>
[TestClass]
public sealed class TransportTests
{
    private const int Size = (8 << 20) + 12_345;

    /// <summary>More than the number of threads for them.</summary>
    private static readonly int Hanging = 3 * Environment.ProcessorCount + 1;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly byte[] _bytes = new byte[Size];
    private readonly string _path = Path.GetTempFileName();
    private readonly MemoryFileTree _tree = new();
    private int _open;

    [TestInitialize]
    public void WriteFile()
    {
        new Random(1).NextBytes(_bytes);
        File.WriteAllBytes(_path, _bytes);
        _tree.File("/big.bin", _bytes).File("/small.txt", "small");
        _tree.Content = (path, bytes, range) => path.Name == "big.bin"
            ? new CountedContent(this, File.OpenHandle(_path), range)
            : new MemoryContent(bytes, range);
    }

    [TestCleanup]
    public void DeleteFile() => File.Delete(_path);

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task File_ComesWhole_AndTheConnectionStays(bool isDirect)
    {
        await using var site = await HttpSite.StartAsync(_tree, isDirect: isDirect);

        for (var i = 0; i < 3; i++)
        {
            CollectionAssert.AreEqual(_bytes, await site.Client.GetByteArrayAsync(site.Url("/fs/big.bin")));
            Assert.AreEqual("small", await site.GetTextAsync("/fs/small.txt"));
        }
    }

    // RFC 9112 section 9.6: half a connection may be closed before the other.
    [TestMethod]
    public async Task ClientThatClosedItsSendingHalf_GetsItsWholeAnswer()
    {
        await using var site = await HttpSite.StartAsync(_tree);
        using var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(IPAddress.Loopback, site.Port);
        await client.SendAsync("GET /fs/small.txt HTTP/1.1\r\nHost: x\r\n\r\nGET /fs/big.bin HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
        client.Shutdown(SocketShutdown.Send);
        using var answers = new MemoryStream();
        var piece = new byte[64 * 1024];
        for (int count; (count = await client.ReceiveAsync(piece).WaitAsync(Patience)) > 0;) answers.Write(piece, 0, count);

        Assert.IsTrue(answers.ToArray().AsSpan()[^Size..].SequenceEqual(_bytes));
        StringAssert.Contains(Encoding.ASCII.GetString(answers.ToArray(), 0, 1000), "small");
    }

    // A client that does not know the length would take a regular end of the connection for the end of the answer.
    [TestMethod]
    public async Task AnswerThatIsAborted_EndsWithAReset()
    {
        _tree.Content = (_, _, range) => new BrokenContent(range, 1000);
        await using var site = await HttpSite.StartAsync(_tree);
        using var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(IPAddress.Loopback, site.Port);
        await client.SendAsync("GET /fs/big.bin HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
        var piece = new byte[64 * 1024];

        var error = await Assert.ThrowsExactlyAsync<SocketException>(async () =>
        {
            while (await client.ReceiveAsync(piece).WaitAsync(Patience) > 0)
            {
            }
        });

        Assert.AreEqual(SocketError.ConnectionReset, error.SocketErrorCode);
    }

    // The server's own limit does not see bytes that bypass it.
    [TestMethod]
    public async Task ClientThatReadsNothingForLong_LosesItsConnection_AndOneThatPausesDoesNot()
    {
        var time = new FakeTimeProvider(WholeRun.Time);
        await using var site = await HttpSite.StartAsync(_tree, time: time);
        using var client = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 64 * 1024 };
        await client.ConnectAsync(IPAddress.Loopback, site.Port);
        await client.SendAsync("GET /fs/big.bin HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
        await Eventually.TrueAsync(() => Volatile.Read(ref _open) == 1, "the file is open");

        // A client that only pauses gets everything.
        time.Advance(TimeSpan.FromMinutes(9));
        using var answer = new MemoryStream();
        var piece = new byte[1 << 20];
        while (answer.Length < Size) answer.Write(piece, 0, await client.ReceiveAsync(piece).WaitAsync(Patience));
        await Eventually.TrueAsync(() => Volatile.Read(ref _open) == 0, "the file is closed");

        await client.SendAsync("GET /fs/big.bin HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
        await Eventually.TrueAsync(() => Volatile.Read(ref _open) == 1, "the file is open");
        await Eventually.TrueAsync(() =>
        {
            time.Advance(TimeSpan.FromMinutes(10));
            return Volatile.Read(ref _open) == 0;
        }, "the file is closed");
        await Assert.ThrowsExactlyAsync<SocketException>(async () =>
        {
            while (await client.ReceiveAsync(piece).WaitAsync(Patience) > 0)
            {
            }
        });
    }

    /// <summary>A handler occupies the thread of its request (decision 24), and must not block other connections.</summary>
    [TestMethod]
    public async Task DiskThatDoesNotAnswer_BlocksNoOtherConnection()
    {
        using var hangs = new CountdownEvent(Hanging);
        using var goesOn = new ManualResetEventSlim();
        _tree.Content = (path, bytes, range) =>
        {
            if (path.Name == "big.bin")
            {
                hangs.Signal();
                goesOn.Wait(Patience);
            }

            return new MemoryContent(bytes, range);
        };
        await using var site = await HttpSite.StartAsync(_tree);
        // The connection has been served before, so the waiting thread gets the next request.
        Assert.AreEqual("small", await site.GetTextAsync("/fs/small.txt"));
        var slow = Task.WhenAll(Enumerable.Range(0, Hanging).Select(_ => site.Client.GetByteArrayAsync(site.Url("/fs/big.bin"))));
        Assert.IsTrue(await Task.Run(() => hangs.Wait(Patience)));
        try
        {
            for (var i = 0; i < 20; i++)
            {
                using var other = new HttpClient();
                Assert.AreEqual("small", await other.GetStringAsync(site.Url("/fs/small.txt")).WaitAsync(Patience / 2));
                Assert.AreEqual("small", await other.GetStringAsync(site.Url("/fs/small.txt")).WaitAsync(Patience / 2));
            }

            Assert.IsFalse(slow.IsCompleted);
        }
        finally
        {
            goesOn.Set();
        }

        foreach (var answer in await slow) CollectionAssert.AreEqual(_bytes, answer);
    }

    // The thread that reads a request executes it and may block. A blocked loop thread is replaced; a blocked pool thread would be
    // missing for accepting connections.
    [TestMethod]
    public async Task FirstRequestOfAConnection_RunsOnAThreadOfTheLoop()
    {
        var threads = new System.Collections.Concurrent.ConcurrentBag<string>();
        _tree.Content = (_, bytes, range) =>
        {
            threads.Add(Thread.CurrentThread.IsThreadPoolThread ? "pool" : "loop");
            return new MemoryContent(bytes, range);
        };
        await using var site = await HttpSite.StartAsync(_tree);
        var answers = Enumerable.Range(0, 200).Select(async _ =>
        {
            using var client = await ConnectAsync(site);
            await client.SendAsync("GET /fs/small.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"u8.ToArray());
            return await ReadToEndAsync(client);
        });

        foreach (var answer in await Task.WhenAll(answers)) Assert.IsTrue(answer.AsSpan().EndsWith("small"u8));

        Assert.AreEqual(200, threads.Count(thread => thread == "loop"));
    }

    // A health check must not wait for a dead disk, however many requests wait for it.
    [TestMethod]
    public async Task DiskThatIsDead_DoesNotKeepTheHealthCheckWaiting()
    {
        const int Clients = 2500;
        var begun = 0;
        using var goesOn = new ManualResetEventSlim();
        _tree.Content = (_, bytes, range) =>
        {
            Interlocked.Increment(ref begun);
            goesOn.Wait(Patience * 4);
            return new MemoryContent(bytes, range);
        };
        await using var site = await HttpSite.StartAsync(_tree);
        var clients = new List<Socket>();
        try
        {
            for (var i = 0; i < Clients; i++)
            {
                clients.Add(await ConnectAsync(site));
                await clients[i].SendAsync(i % 2 == 0
                    ? "GET /fs/small.txt HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray()
                    : "GET /fs/small.txt HTTP/1.1\r\nHost: x\r\nX-By-Server: 1\r\n\r\n"u8.ToArray());
            }

            var (seen, looks) = (0, 0);
            await Eventually.TrueAsync(
                () =>
                {
                    var now = Volatile.Read(ref begun);
                    (seen, looks) = (now, now == seen ? looks + 1 : 0);
                    return seen > 0 && looks >= 50;
                },
                "no more requests reach the disk",
                Patience * 2);
            for (var i = 0; i < 3 * Environment.ProcessorCount; i++)
            {
                using var other = new HttpClient();
                await other.GetStringAsync(site.Url("/healthz")).WaitAsync(Patience / 2);
            }
        }
        finally
        {
            goesOn.Set();
        }

        var answer = new byte[1000];
        foreach (var client in clients)
        {
            Assert.IsTrue(await client.ReceiveAsync(answer).WaitAsync(Patience) > 0);
            client.Dispose();
        }
    }

    [TestMethod]
    [DataRow(0, 0, true)]
    [DataRow(1, 65_536, true)]
    [DataRow(1, 65_537, true)]
    [DataRow(1, 1 << 20, true)]
    [DataRow(4096, 3_000_000, true)]
    [DataRow(Size - 1, Size - 1, true)]
    [DataRow(77, Size - 1, true)]
    [DataRow(77, Size - 1, false)]
    public async Task Range_ComesExact(int first, int last, bool isDirect)
    {
        await using var site = await HttpSite.StartAsync(_tree, isDirect: isDirect);
        using var request = new HttpRequestMessage(HttpMethod.Get, site.Url("/fs/big.bin"));
        request.Headers.Range = new RangeHeaderValue(first, last);

        using var response = await site.Client.SendAsync(request);

        Assert.AreEqual(HttpStatusCode.PartialContent, response.StatusCode);
        CollectionAssert.AreEqual(_bytes[first..(last + 1)], await response.Content.ReadAsByteArrayAsync());
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task SeveralRanges_ComeExact(bool isDirect)
    {
        await using var site = await HttpSite.StartAsync(_tree, isDirect: isDirect);

        using var response = await site.GetAsync("/fs/big.bin", ("Range", "bytes=100-2000099,5000000-5000009,-300000"));
        var body = await response.Content.ReadAsByteArrayAsync();

        Assert.AreEqual(response.Content.Headers.ContentLength, body.Length);
        foreach (var part in new[] { _bytes[100..2_000_100], _bytes[5_000_000..5_000_010], _bytes[^300_000..] })
        {
            Assert.IsTrue(body.AsSpan().IndexOf(part) > 0);
        }
    }

    // RFC 9112, 9.3.2: "A server MAY process a sequence of pipelined requests in parallel ... but it MUST send the corresponding responses
    // in the same order that the requests were received." The answer to HEAD has no body that could shift the others.
    [TestMethod]
    public async Task PipelinedRequests_AreAnsweredInOrder()
    {
        await using var site = await HttpSite.StartAsync(_tree);
        using var client = await ConnectAsync(site);
        string[] requests =
        [
            "HEAD /fs/big.bin", "GET /fs/big.bin", "GET /fs/small.txt", "HEAD /fs/big.bin", "GET /fs/nothing", "GET /fs/big.bin",
            "GET /fs/small.txt",
        ];
        await client.SendAsync(Encoding.ASCII.GetBytes(string.Concat(requests.Select((request, i) =>
            $"{request} HTTP/1.1\r\nHost: x\r\n{(i == requests.Length - 1 ? "Connection: close\r\n" : "")}\r\n"))));

        var answer = await ReadToEndAsync(client);

        var at = 0;
        var small = "small"u8.ToArray();
        foreach (var expected in new[] { [], _bytes, small, [], "Nothing is at /nothing.\n"u8.ToArray(), _bytes, small })
        {
            var head = answer.AsSpan(at).IndexOf("\r\n\r\n"u8) + 4;
            StringAssert.StartsWith(Encoding.ASCII.GetString(answer, at, head), "HTTP/1.1 ");
            at += head;
            Assert.IsTrue(answer.AsSpan(at, expected.Length).SequenceEqual(expected));
            at += expected.Length;
        }

        Assert.AreEqual(answer.Length, at);
    }

    [TestMethod]
    public async Task SlowReader_GetsEveryByte()
    {
        await using var site = await HttpSite.StartAsync(_tree);
        using var client = await ConnectAsync(site, receiveBuffer: 4096);
        await client.SendAsync("GET /fs/big.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"u8.ToArray());

        var answer = await ReadToEndAsync(client);

        Assert.IsTrue(answer.AsSpan()[^Size..].SequenceEqual(_bytes));
    }

    // The promised length is sent, or the connection ends: the body is never padded.
    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task FileThatBecameShorter_AbortsTheConnection(bool isDirect)
    {
        await using var site = await HttpSite.StartAsync(_tree, isDirect: isDirect);
        await using (var file = File.OpenWrite(_path)) file.SetLength(3_000_000);

        await Assert.ThrowsExactlyAsync<HttpRequestException>(() => site.Client.GetByteArrayAsync(site.Url("/fs/big.bin")));

        StringAssert.Contains(site.Warnings.Single(), "the file became shorter while it was sent");
        Assert.AreEqual("small", await site.GetTextAsync("/fs/small.txt"));
        Assert.AreEqual(0, _open);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task ClientsThatLeaveInTheMiddle_LeaveNoFileOpen(bool isDirect)
    {
        await using var site = await HttpSite.StartAsync(_tree, isDirect: isDirect);
        var buffer = new byte[100_000];
        for (var i = 0; i < 100; i++)
        {
            using var client = await ConnectAsync(site, receiveBuffer: 4096);
            await client.SendAsync("GET /fs/big.bin HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
            Assert.AreNotEqual(0, await client.ReceiveAsync(buffer));
            if (i % 2 == 0) client.LingerState = new LingerOption(true, 0);
        }

        await WaitUntilAllAreClosedAsync();
        Assert.AreEqual("", string.Join('\n', site.Warnings));
        Assert.AreEqual("small", await site.GetTextAsync("/fs/small.txt"));
    }

    [TestMethod]
    public async Task ServerThatStops_EndsATransferThatNobodyReads()
    {
        var site = await HttpSite.StartAsync(_tree);
        using var client = await ConnectAsync(site, receiveBuffer: 4096);
        await client.SendAsync("GET /fs/big.bin HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
        Assert.AreNotEqual(0, await client.ReceiveAsync(new byte[1000]));

        await site.StopNowAsync();
        await site.DisposeAsync();

        await WaitUntilAllAreClosedAsync();
    }

    private async Task WaitUntilAllAreClosedAsync()
    {
        using var deadline = new CancellationTokenSource(Patience);
        while (Volatile.Read(ref _open) > 0)
        {
            deadline.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private static async Task<Socket> ConnectAsync(HttpSite site, int? receiveBuffer = null)
    {
        var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        if (receiveBuffer is { } bytes) client.ReceiveBufferSize = bytes;
        await client.ConnectAsync(IPAddress.Loopback, site.Port);
        return client;
    }

    private static async Task<byte[]> ReadToEndAsync(Socket client)
    {
        using var deadline = new CancellationTokenSource(Patience);
        using var answer = new MemoryStream();
        await using var stream = new NetworkStream(client);
        await stream.CopyToAsync(answer, deadline.Token);
        return answer.ToArray();
    }

    /// <summary>A region that counts its openings and closings.</summary>
    private sealed class CountedContent : FileContent
    {
        private readonly RegionContent _content;
        private readonly TransportTests _test;

        public CountedContent(TransportTests test, SafeFileHandle handle, ByteRange range)
        {
            _test = test;
            _content = new RegionContent(handle, range);
            Interlocked.Increment(ref _test._open);
        }

        public override long Length => _content.Length;

        public override FileRegion? Region => _content.Region;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
            _content.ReadAsync(buffer, cancellationToken);

        public override async ValueTask DisposeAsync()
        {
            await _content.DisposeAsync();
            Interlocked.Decrement(ref _test._open);
        }
    }
}
