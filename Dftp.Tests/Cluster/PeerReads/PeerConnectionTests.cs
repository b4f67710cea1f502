using System.Net;
using System.Net.Sockets;
using System.Text;
using Dftp.Cluster;
using Dftp.Cluster.PeerReads;
using Dftp.Cluster.Peers;
using Dftp.FileSystem;
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
    private readonly Peer _peer = new(NodeName.Parse("p"));
    private readonly PeerFiles _files;

    public PeerConnectionTests()
    {
        _files = new PeerFiles(new ClusterOptions { NodeName = NodeName.Parse("n") }, _clock);
        _listener.Start();
        _peer.Change(facts => facts with { State = PeerState.Alive, PublicAddress = new HostPort("127.0.0.1", ((IPEndPoint)_listener.LocalEndpoint).Port) });
    }

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Cancellation => TestContext.CancellationToken;

    public void Dispose()
    {
        _files.Dispose();
        _listener.Dispose();
        _peer.Dispose();
    }

    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task BodyReadToItsEnd_ConnectionIsUsedAgain()
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
    public async Task ClosedWhileItWasIdle_RequestIsRepeatedOnANewConnection()
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
    public async Task AnswerThatNobodyAskedFor_IsTakenForNoAnswer()
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
            using var connection = await PeerConnection.ConnectAsync(_peer, _peer.Facts.PublicAddress!, TimeSpan.FromSeconds(5), clock, Cancellation);
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

        _peer.Change(facts => facts with { State = PeerState.Away });

        await AssertIsClosedAsync(connection);
    }

    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task MoreThanAreKept_TheRestIsClosed()
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
        _files.Dispose();
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

    // A peer that sends in chunks is asked again by the client that knows them, and from then on by that alone.
    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task ChunkedAnswer_IsReadByTheOtherClientFromThenOn()
    {
        const string Chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
        var first = ReadAsync();
        using var plain = await AcceptAsync();
        await AnswerAsync(plain, Chunked);
        using var other = await AcceptAsync();
        await AnswerAsync(other, Chunked);
        Assert.AreEqual("abc", await first);

        var second = ReadAsync();
        await AnswerAsync(other, Chunked);

        Assert.AreEqual("abc", await second);
        Assert.IsFalse(_listener.Pending());
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
