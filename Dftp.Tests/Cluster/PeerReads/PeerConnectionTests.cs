using System.Net;
using System.Net.Sockets;
using System.Text;
using Dftp.Cluster;
using Dftp.Cluster.Connections;
using Dftp.Cluster.PeerReads;
using Dftp.Cluster.Peers;
using Dftp.FileSystem;
using Dftp.Tests.Cluster.Door;
using Dftp.Tests.Cluster.Peers;
using Dftp.Tests.Support;

namespace Dftp.Tests.Cluster.PeerReads;

/// <summary>How connections to peers are kept, used again and closed.</summary>
[TestClass]
public sealed class PeerConnectionTests : IDisposable
{
    private const string Answer = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";

    private static readonly VirtualPath Path = VirtualPath.Parse("/f");
    private static readonly Entry File = new("f"u8.ToArray(), false, 3, default, 0b110_100_100, NodeName.Parse("p"));

    private readonly AwaitedTime _clock = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Peer _peer;
    private readonly PeerFiles _files;

    public PeerConnectionTests()
    {
        _files = new PeerFiles(new ClusterOptions { NodeName = NodeName.Parse("n") }, OpenDoor.Of("dftp", _clock), _clock);
        _listener.Start();
        _peer = Given.AlivePeer("p", ((IPEndPoint)_listener.LocalEndpoint).Port);
    }

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Cancellation => TestContext.CancellationToken;

    public void Dispose()
    {
        _listener.Dispose();
        _peer.Dispose();
    }

    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task BodyReadToItsEnd_ConnectionIsReused()
    {
        var first = ReadAsync();
        using var connection = await AcceptAsync();
        await AnswerAsync(connection, Answer);
        Assert.AreEqual("abc", await first);

        var second = ReadAsync();
        await AnswerAsync(connection, Answer);

        Assert.AreEqual("abc", await second);
        Assert.IsFalse(_listener.Pending());
    }

    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task HeadInPieces_IsPutTogether()
    {
        var reading = ReadAsync();
        using var connection = await AcceptAsync();
        await ReadRequestAsync(connection);
        connection.NoDelay = true;
        foreach (var octet in Encoding.ASCII.GetBytes(Answer)) await connection.SendAsync(new[] { octet }, Cancellation);

        Assert.AreEqual("abc", await reading);
    }

    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task ClosedWhileIdle_RequestIsRepeatedOnANewConnection()
    {
        var first = ReadAsync();
        using (var stale = await AcceptAsync())
        {
            await AnswerAsync(stale, Answer);
            Assert.AreEqual("abc", await first);
        }

        var second = ReadAsync();
        using var connection = await AcceptAsync();
        await AnswerAsync(connection, Answer);

        Assert.AreEqual("abc", await second);
    }

    // RFC 9112, section 9.3: "If a client receives data on a connection that doesn't have outstanding requests … it MUST NOT consider that data to
    // be a valid response; it SHOULD close the connection". Servers send 408 so.
    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task UnsolicitedResponse_IsNotUsed()
    {
        var first = ReadAsync();
        using var stale = await AcceptAsync();
        await AnswerAsync(stale, Answer);
        Assert.AreEqual("abc", await first);
        await stale.SendAsync("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray(), Cancellation);

        var second = ReadAsync();
        using var connection = await AcceptAsync();
        await AnswerAsync(connection, Answer);

        Assert.AreEqual("abc", await second);
    }

    // The timer of an idle connection fires while somebody takes it: it is closed before, or it is not closed.
    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task TakenWhileItsIdleTimeEnds_IsClosedBeforeOrStaysOpen()
    {
        var taken = 0;
        for (var round = 0; round < 200; round++)
        {
            var clock = new AwaitedTime();
            using var connection = await PeerConnection.ConnectAsync(
                new PeerEndpoint(_peer.Facts.PublicAddress!), default, TimeSpan.FromSeconds(5), clock, Cancellation);
            using var far = await AcceptAsync();
            connection.CloseAfter(TimeSpan.FromSeconds(1));
            using var both = new Barrier(2);
            var ending = Task.Run(
                async () =>
                {
                    both.SignalAndWait(Cancellation);
                    await clock.PassAsync(TimeSpan.FromSeconds(1), Cancellation);
                },
                Cancellation);
            both.SignalAndWait(Cancellation);
            Thread.SpinWait(20 * (round % 50));
            var isOurs = connection.TryKeepOpen();
            await ending;

            Assert.AreNotEqual(isOurs, connection.IsClosed);
            if (isOurs) taken++;
        }

        TestContext.WriteLine($"{taken} of 200 were taken in time");
    }

    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task ClosedInTheHeadOnAUsedConnection_IsNotRepeated()
    {
        var first = ReadAsync();
        using var connection = await AcceptAsync();
        await AnswerAsync(connection, Answer);
        await first;

        var second = OpenAsync();
        await AnswerAsync(connection, "HTTP/1.1 2");
        connection.Shutdown(SocketShutdown.Send);

        Assert.AreEqual(FileErrorKind.Unreachable, (await second).Error?.Kind);
        Assert.IsFalse(_listener.Pending());
    }

    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task IdleForLong_IsClosed()
    {
        var reading = ReadAsync();
        using var connection = await AcceptAsync();
        await AnswerAsync(connection, Answer);
        await reading;

        // The timer that limited the wait for the head looks once more before it is due.
        await _clock.PassAsync(PeerFiles.HeadersTimeout, Cancellation);
        await _clock.PassAsync(PeerConnectionPool.IdleTimeout - PeerFiles.HeadersTimeout, Cancellation);

        await AssertIsClosedAsync(connection);
    }

    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task PeerLeaves_ItsIdleConnectionsAreClosed()
    {
        var reading = ReadAsync();
        using var connection = await AcceptAsync();
        await AnswerAsync(connection, Answer);
        await reading;

        _peer.Die();

        await AssertIsClosedAsync(connection);
    }

    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task MoreThanTheCapacity_TheRestIsClosed()
    {
        var connections = new List<Socket>();
        var readings = new List<Task<string>>();
        for (var i = 0; i <= PeerConnectionPool.Capacity; i++)
        {
            readings.Add(ReadAsync());
            connections.Add(await AcceptAsync());
        }

        foreach (var connection in connections) await AnswerAsync(connection, Answer);
        await Task.WhenAll(readings);

        await AssertIsClosedAsync(await Task.WhenAny(connections.Select(ClosedAsync)).Unwrap());
        _peer.Connections.Dispose();
        foreach (var connection in connections) await AssertIsClosedAsync(connection);
        connections.ForEach(connection => connection.Dispose());

        async Task<Socket> ClosedAsync(Socket connection)
        {
            await connection.ReceiveAsync(new byte[1], SocketFlags.Peek, Cancellation);
            return connection;
        }
    }

    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task BodyCutShort_EndsEarlyAndTheConnectionIsNotUsedAgain()
    {
        var opening = OpenAsync();
        using (var cut = await AcceptAsync()) await AnswerAsync(cut, Answer[..^1]);
        using var body = (await opening).Body!;

        Assert.AreEqual(2, await body.Stream.ReadAsync(new byte[10], Cancellation));
        Assert.AreEqual(0, await body.Stream.ReadAsync(new byte[10], Cancellation));
        await Assert.ThrowsExactlyAsync<ObjectDisposedException>(async () => Assert.Fail($"read {await body.Stream.ReadAsync(new byte[10], Cancellation)} bytes"));
    }

    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task GivenUpInTheBody_ConnectionIsClosed()
    {
        var opening = OpenAsync();
        using var connection = await AcceptAsync();
        await AnswerAsync(connection, Answer[..^1]);
        var body = (await opening).Body!;
        await body.Stream.ReadExactlyAsync(new byte[2], Cancellation);
        var reading = body.Stream.ReadAsync(new byte[2], Cancellation).AsTask();

        body.Dispose();

        await Assert.ThrowsAsync<IOException>(() => reading);
        await AssertIsClosedAsync(connection);
    }

    // RFC 9112, 7.1: "The chunked coding wraps content in order to transfer it as a series of chunks, each with its own size indicator".
    [TestMethod]
    [DataRow("3\r\nabc\r\n0\r\n\r\n")]
    [DataRow("1\r\na\r\n0002;x=\"y\" \r\nbc\r\n000;z\r\n\r\n")]
    [DataRow("3 ;x\r\nabc\r\n0\r\nA: b\r\nC: d\r\n\r\n")]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task ChunkedBody_InPieces_IsReadAndTheConnectionIsUsedAgain(string chunks)
    {
        var answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n" + chunks;
        var first = ReadAsync();
        using var connection = await AcceptAsync();
        await ReadRequestAsync(connection);
        connection.NoDelay = true;
        foreach (var octet in answer) await connection.SendAsync(new[] { (byte)octet }, Cancellation);
        Assert.AreEqual("abc", await first);

        var second = ReadAsync();
        await AnswerAsync(connection, answer);

        Assert.AreEqual("abc", await second);
        Assert.IsFalse(_listener.Pending());
    }

    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task LargeChunks_AreReadWhole()
    {
        var content = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"{i} "));
        var opening = OpenAsync();
        using var connection = await AcceptAsync();
        var answer = new StringBuilder("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        foreach (var part in content.Chunk(50_000)) answer.Append($"{part.Length:X}\r\n").Append(part).Append("\r\n");
        var sending = AnswerAsync(connection, answer.Append("0\r\n\r\n").ToString());
        using var body = (await opening).Body!;
        using var reader = new StreamReader(body.Stream);

        Assert.AreEqual(content, await reader.ReadToEndAsync(Cancellation));
        await sending;
    }

    [TestMethod]
    [DataRow("\r\n")]
    [DataRow("-1\r\n")]
    [DataRow("+1\r\na\r\n")]
    [DataRow("0x1\r\na\r\n")]
    [DataRow(" 1\r\na\r\n")]
    [DataRow("1 a\r\n")]
    [DataRow("1\na\r\n")]
    [DataRow("1;\0\r\na\r\n")]
    [DataRow("10000000000000000\r\n")]
    [DataRow("ffffffffffffffff\r\n")]
    [DataRow("1\r\nab\r\n")]
    [DataRow("3\r\nabc\r\nx\r\n")]
    [DataRow("3\r\nabc\r\n")]
    [Timeout(20_000, CooperativeCancellation = true)]
    public Task MalformedChunk_IsAnErrorAndTheConnectionIsNotUsedAgain(string chunks) => AssertFailsAsync(chunks);

    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task ChunkLinesWithoutEnd_AreRefusedAtTheirBounds()
    {
        await AssertFailsAsync("1;".PadRight(1100, 'x'));
        await AssertFailsAsync("0\r\n" + string.Concat(Enumerable.Repeat("A: ".PadRight(1000, 'x') + "\r\n", 20)));
    }

    // RFC 9112, 6.3: "Otherwise, this is a response message without a declared message body length, so the message body length is determined
    // by the number of octets received prior to the server closing the connection."
    [TestMethod]
    [DataRow("HTTP/1.1 200 OK\r\n\r\nabc")]
    [DataRow("HTTP/1.0 200 OK\r\n\r\nabc")]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task BodyWithoutLength_EndsWithTheConnection(string answer)
    {
        var reading = ReadAsync();
        using (var connection = await AcceptAsync()) await AnswerAsync(connection, answer);

        Assert.AreEqual("abc", await reading);
    }

    // RFC 9112, 9.3: "If the received protocol is HTTP/1.0 ... Otherwise: The connection will close after the current response."
    [TestMethod]
    [DataRow("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc")]
    [DataRow("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc")]
    [DataRow("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n")]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task ConnectionThatThePeerCloses_IsNotKept(string answer)
    {
        var reading = ReadAsync();
        using var connection = await AcceptAsync();
        await AnswerAsync(connection, answer);

        Assert.AreEqual("abc", await reading);
        await AssertIsClosedAsync(connection);
    }

    // RFC 9110, 15.2: "A client MUST be able to parse one or more 1xx responses received prior to a final response".
    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task InterimResponses_AreSkippedUpToTheirBound()
    {
        var first = ReadAsync();
        using var connection = await AcceptAsync();
        await AnswerAsync(connection, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + Answer);
        Assert.AreEqual("abc", await first);

        var second = OpenAsync();
        await AnswerAsync(connection, string.Concat(Enumerable.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 1000)));
        Assert.AreEqual(FileErrorKind.Unreachable, (await second).Error?.Kind);
    }

    private async Task AssertFailsAsync(string chunks)
    {
        var opening = OpenAsync();
        using var connection = await AcceptAsync();
        await AnswerAsync(connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks);
        connection.Shutdown(SocketShutdown.Send);
        using (var body = (await opening).Body!)
        {
            var piece = new byte[16];
            await Assert.ThrowsAsync<IOException>(async () =>
            {
                while (await body.Stream.ReadAsync(piece, Cancellation) > 0) continue;
            });
        }

        await AssertIsClosedAsync(connection);
    }

    private Task<PeerOpenResult> OpenAsync() => _files.OpenAsync(_peer, Path, File, RangeSpec.Whole, Cancellation).AsTask();

    private async Task<string> ReadAsync()
    {
        var result = await OpenAsync();
        Assert.IsNotNull(result.Body, result.Error?.Message);
        using var body = result.Body;
        using var reader = new StreamReader(body.Stream);
        return await reader.ReadToEndAsync(Cancellation);
    }

    private async Task<Socket> AcceptAsync() => await _listener.AcceptSocketAsync(Cancellation);

    private async Task AnswerAsync(Socket connection, string answer)
    {
        await ReadRequestAsync(connection);
        await connection.SendAsync(Encoding.ASCII.GetBytes(answer), Cancellation);
    }

    private async Task ReadRequestAsync(Socket connection)
    {
        var request = "";
        var buffer = new byte[4096];
        while (!request.EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            var count = await connection.ReceiveAsync(buffer, Cancellation);
            Assert.AreNotEqual(0, count, "no request came");
            request += Encoding.ASCII.GetString(buffer, 0, count);
        }

        StringAssert.StartsWith(request, "GET /fs/f?redirN=1 HTTP/1.1\r\n");
    }

    private async Task AssertIsClosedAsync(Socket connection)
    {
        try
        {
            Assert.AreEqual(0, await connection.ReceiveAsync(new byte[1], Cancellation));
        }
        catch (SocketException)
        {
            // Reset: as good.
        }
    }
}
