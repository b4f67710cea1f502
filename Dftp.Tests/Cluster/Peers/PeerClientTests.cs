using System.Net;
using System.Net.Sockets;
using System.Text;
using Dftp.Cluster;
using Dftp.Cluster.Connections;
using Dftp.Cluster.Peers;
using Dftp.FileSystem;
using Dftp.Tests.Cluster.Door;
using Dftp.Tests.Support;

namespace Dftp.Tests.Cluster.Peers;

/// <summary>What the client for the management API sends, byte for byte, and what it makes of the answers.</summary>
[TestClass]
public sealed class PeerClientTests : IDisposable
{
    private const string Answer =
        """{"Name":"dftp","Me":{"Name":"p","PublicAddr":":1","MgmtAddr":":2","Epoch":1,"Sequence":2,"Digest":"3"},"Peers":{}}""";

    private readonly AwaitedTime _clock = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Peer _peer = new(new PeerFacts { Name = NodeName.Parse("p") });
    private readonly PeerClient _client;
    private readonly HostPort _address;

    public PeerClientTests()
    {
        _client = new PeerClient(new ClusterOptions { NodeName = NodeName.Parse("n") }, OpenDoor.Of("dftp", _clock), _clock);
        _listener.Start();
        _address = new HostPort("127.0.0.1", ((IPEndPoint)_listener.LocalEndpoint).Port);
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
    public async Task Greeting_IsAFormWithALength_AndTheNextUsesTheConnectionAgain()
    {
        var first = GreetAsync();
        using var connection = await _listener.AcceptSocketAsync(Cancellation);
        var request = await ReadAsync(connection, "cluster-name=dftp&serves-reads=true");

        var body = "name=n&public-addr=%3A1&mgmt-addr=%3A2&request-full-update=true&cluster-name=dftp&serves-reads=true";
        Assert.AreEqual(
            $"POST /cluster/ HTTP/1.1\r\nHost: {_address}\r\nContent-Length: {body.Length}\r\n"
            + $"Content-Type: application/x-www-form-urlencoded\r\n\r\n{body}",
            request);
        await AnswerAsync(connection, 200, Answer);
        var me = (await first).Answer!.Me;
        Assert.AreEqual(new HostPort("127.0.0.1", 2), me.ManagementAddress, "the host is the address that answered");

        var second = GreetAsync();
        await ReadAsync(connection, "serves-reads=true");
        await AnswerAsync(connection, 200, Answer);
        Assert.AreEqual(PeerOutcome.Done, (await second).Outcome);
        Assert.IsFalse(_listener.Pending());
    }

    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task GreetingThatIsNotAnsweredWithinAPingInterval_IsUnreachable()
    {
        var greeting = GreetAsync();
        using var connection = await _listener.AcceptSocketAsync(Cancellation);
        await ReadAsync(connection, "serves-reads=true");

        await _clock.PassAsync(TimeSpan.FromSeconds(5), Cancellation);

        Assert.AreEqual(PeerOutcome.Unreachable, (await greeting).Outcome);
    }

    [TestMethod]
    [DataRow(409, "no, it is taken\n", "it answers 409: no, it is taken")]
    [DataRow(200, "[]", "did not answer as a node does")]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task OtherAnswer_IsARefusalWithItsSentence(int status, string body, string reason)
    {
        var greeting = GreetAsync();
        using var connection = await _listener.AcceptSocketAsync(Cancellation);
        await ReadAsync(connection, "serves-reads=true");
        await AnswerAsync(connection, status, body);

        var reply = await greeting;
        Assert.AreEqual(PeerOutcome.Refused, reply.Outcome);
        StringAssert.Contains(reply.Reason, reason);
    }

    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task AnswerThatBreaksOff_IsUnreachable()
    {
        var greeting = GreetAsync();
        using (var connection = await _listener.AcceptSocketAsync(Cancellation))
        {
            await ReadAsync(connection, "serves-reads=true");
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"u8.ToArray(), Cancellation);
            connection.Shutdown(SocketShutdown.Both);
        }

        Assert.AreEqual(PeerOutcome.Unreachable, (await greeting).Outcome);
    }

    // RFC 9112, section 7.1: chunks, the last chunk, an empty line.
    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task Update_IsSentInChunks()
    {
        var pushing = PushAsync(async (body, token) =>
        {
            await body.WriteAsync("abc"u8.ToArray(), token);
            await body.WriteAsync("def"u8.ToArray(), token);
        });
        using var connection = await _listener.AcceptSocketAsync(Cancellation);

        var request = await ReadAsync(connection, "0\r\n\r\n");

        Assert.AreEqual(
            $"POST /update/ HTTP/1.1\r\nHost: {_address}\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n"
            + "Content-Encoding: br\r\nX-Dftp-Node: n\r\n\r\n0006\r\nabcdef\r\n0\r\n\r\n",
            request);
        await AnswerAsync(connection, 200, "ok\n");
        Assert.AreEqual(PeerOutcome.Done, (await pushing).Outcome);
    }

    // A receiver refuses an update as soon as it exceeds a limit, and reads no further.
    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task UpdateThatIsRefusedBeforeItsEnd_IsGivenUpAndItsConnectionClosed()
    {
        var pushing = PushAsync(async (body, token) =>
        {
            while (true) await body.WriteAsync(new byte[100_000], token);
        });
        using var connection = await _listener.AcceptSocketAsync(Cancellation);
        await connection.ReceiveAsync(new byte[1000], Cancellation);
        await AnswerAsync(connection, 413, "no update: too long\n");

        var reply = await pushing;

        Assert.AreEqual(PeerOutcome.Refused, reply.Outcome);
        Assert.AreEqual("it answers 413: no update: too long", reply.Reason);
        try
        {
            while (await connection.ReceiveAsync(new byte[1_000_000], Cancellation) > 0) continue;
        }
        catch (SocketException)
        {
            // Reset: closed as well.
        }
    }

    // What writes the update failed: the peer gets no end of it, and takes nothing of it.
    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task UpdateThatCannotBeWritten_IsBrokenOff()
    {
        var pushing = PushAsync(async (body, token) =>
        {
            await body.WriteAsync("abc"u8.ToArray(), token);
            await body.FlushAsync(token);
            throw new InvalidTimeZoneException("the test's own");
        });
        using var connection = await _listener.AcceptSocketAsync(Cancellation);

        var request = await ReadAsync(connection, null);

        Assert.IsFalse(request.EndsWith("0\r\n\r\n", StringComparison.Ordinal), request);
        await Assert.ThrowsExactlyAsync<InvalidTimeZoneException>(() => pushing);
    }

    private Task<PeerReply> GreetAsync() => _client.GreetAsync(
        _address, _peer, new NodeDescription(NodeName.Parse("n"), new HostPort("", 1), new HostPort("", 2), null) { ServesReads = true },
        requestFullUpdate: true, isLeaving: false, knownDigest: null, Cancellation);

    private Task<PeerReply> PushAsync(BodyWriter write) => _client.PushAsync(_address, _peer, isCompressed: true, write, Cancellation);

    /// <param name="connection">The connection.</param>
    /// <param name="end">What the request ends with; null: it ends with the connection.</param>
    private async Task<string> ReadAsync(Socket connection, string? end)
    {
        var request = "";
        var buffer = new byte[4096];
        while (end is null || !request.EndsWith(end, StringComparison.Ordinal))
        {
            var count = await connection.ReceiveAsync(buffer, Cancellation);
            if (count == 0)
            {
                Assert.IsNull(end, $"the connection ended after: {request}");
                break;
            }

            request += Encoding.ASCII.GetString(buffer, 0, count);
        }

        return request;
    }

    private async Task AnswerAsync(Socket connection, int status, string body) => await connection.SendAsync(
        Encoding.ASCII.GetBytes($"HTTP/1.1 {status} X\r\nContent-Length: {body.Length}\r\n\r\n{body}"), Cancellation);
}
