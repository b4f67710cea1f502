using System.Net;
using System.Net.Sockets;
using System.Text;
using Dftp.Cluster;
using Dftp.Cluster.PeerReads;
using Dftp.Cluster.Peers;
using Dftp.FileSystem;
using Dftp.Tests.Ftp;

namespace Dftp.Tests.Cluster.PeerReads;

/// <summary>Small files of one peer that are asked for together: each gets its own answer, or none.</summary>
[TestClass]
public sealed class PipelinedConnectionTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly ManualTime _clock = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Peer _peer = new(NodeName.Parse("p"));
    private readonly HostPort _address;

    public PipelinedConnectionTests()
    {
        _listener.Start();
        _address = new HostPort("127.0.0.1", ((IPEndPoint)_listener.LocalEndpoint).Port);
        _peer.Change(facts => facts with { State = PeerState.Alive, PublicAddress = _address });
    }

    public void Dispose()
    {
        _listener.Dispose();
        _peer.Dispose();
    }

    [TestMethod]
    public async Task Answers_AreOfThoseWhoAsked_InWhateverPiecesTheyCome()
    {
        var (connection, far) = await OpenAsync();
        var asked = Ask(connection, 20);
        await ReadRequestsAsync(far, 20);

        var answers = string.Concat(Enumerable.Range(0, 20).Select(i => AnswerOf($"content of {i}")));
        for (var at = 0; at < answers.Length; at += 77) await SendAsync(far, answers.Substring(at, Math.Min(77, answers.Length - at)));

        for (var i = 0; i < 20; i++) Assert.AreEqual($"200 content of {i}", await asked[i].WaitAsync(Patience));
        Assert.AreEqual("200 again", await AskAndAnswerAsync(connection, far, AnswerOf("again")));
        connection.Dispose();
    }

    [TestMethod]
    public async Task Refusal_IsAnAnswerLikeAnyOther()
    {
        var (connection, far) = await OpenAsync();

        Assert.AreEqual("404 gone", await AskAndAnswerAsync(connection, far, "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone"));
        Assert.IsFalse(connection.IsOver);
        connection.Dispose();
    }

    [TestMethod]
    [DataRow("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [DataRow("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx")]
    [DataRow("HTTP/1.1 200 OK\r\nContent-Length: 32769\r\n\r\nx")]
    [DataRow("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx")]
    [DataRow("HTTP/1.1 100 Continue\r\n\r\n")]
    [DataRow("SSH-2.0-x\r\n\r\n")]
    public async Task UnusualAnswer_EndsTheLane_AndAllWhoWaitAskElsewhere(string answer)
    {
        var (connection, far) = await OpenAsync();
        var asked = Ask(connection, 3);
        await ReadRequestsAsync(far, 3);
        await SendAsync(far, AnswerOf("first") + answer);

        Assert.AreEqual("200 first", await asked[0].WaitAsync(Patience));
        Assert.IsNull(await asked[1].WaitAsync(Patience));
        Assert.IsNull(await asked[2].WaitAsync(Patience));
        Assert.IsTrue(connection.HasFailed);
        Assert.IsNull(await Ask(connection, 1)[0].WaitAsync(Patience));
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task PeerThatLeaves_EndsTheLane_AndAllWhoWaitAskElsewhere(bool isByReset)
    {
        var (connection, far) = await OpenAsync();
        var asked = Ask(connection, 3);
        await ReadRequestsAsync(far, 3);
        await SendAsync(far, AnswerOf("first") + AnswerOf("not all of it")[..^1]);
        Assert.AreEqual("200 first", await asked[0].WaitAsync(Patience));
        if (isByReset) far.LingerState = new LingerOption(true, 0);
        far.Dispose();

        Assert.IsNull(await asked[1].WaitAsync(Patience));
        Assert.IsNull(await asked[2].WaitAsync(Patience));
    }

    [TestMethod]
    public async Task PeerThatSaysNothing_IsNotWaitedFor()
    {
        var (connection, far) = await OpenAsync();
        var asked = Ask(connection, 3);
        await ReadRequestsAsync(far, 3);

        _clock.Advance(TimeSpan.FromSeconds(2));

        foreach (var one in asked) Assert.IsNull(await one.WaitAsync(Patience));
        Assert.IsTrue(connection.HasFailed);
    }

    [TestMethod]
    public async Task PeerThatGoesAway_IsNotWaitedFor()
    {
        var (connection, far) = await OpenAsync();
        var asked = Ask(connection, 1);
        await ReadRequestsAsync(far, 1);

        _peer.Change(facts => facts with { State = PeerState.Away });

        Assert.IsNull(await asked[0].WaitAsync(Patience));
    }

    [TestMethod]
    public async Task LaneWithNothingUnderWay_IsClosedInTheEnd_AndHasNotFailed()
    {
        var (connection, far) = await OpenAsync();
        Assert.AreEqual("200 x", await AskAndAnswerAsync(connection, far, AnswerOf("x")));

        // The look that a wait for an answer had set comes first, and finds that it is not time yet.
        _clock.Advance(TimeSpan.FromSeconds(2));
        _clock.Advance(PeerConnectionPool.IdleTimeout);

        Assert.AreEqual(0, await far.ReceiveAsync(new byte[1]).WaitAsync(Patience));
        Assert.IsFalse(connection.HasFailed);
    }

    [TestMethod]
    public async Task AnswerThatNobodyAskedFor_EndsTheConnection()
    {
        var (connection, far) = await OpenAsync();
        Assert.AreEqual("200 x", await AskAndAnswerAsync(connection, far, AnswerOf("x") + AnswerOf("y")));

        Assert.AreEqual(0, await far.ReceiveAsync(new byte[1]).WaitAsync(Patience));
        Assert.IsTrue(connection.IsOver);
    }

    [TestMethod]
    public async Task MoreThanALaneBears_AskElsewhereAtOnce()
    {
        var (connection, far) = await OpenAsync();
        var asked = Ask(connection, 40);

        Assert.IsTrue(asked[..32].TrueForAll(one => !one.IsCompleted));
        foreach (var one in asked[32..]) Assert.IsNull(await one.WaitAsync(Patience));
        connection.Dispose();
        foreach (var one in asked) Assert.IsNull(await one.WaitAsync(Patience));
        far.Dispose();
    }

    private static string AnswerOf(string body) => $"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}";

    private static async Task SendAsync(Socket far, string text) => await far.SendAsync(Encoding.ASCII.GetBytes(text));

    private static async Task ReadRequestsAsync(Socket far, int count)
    {
        var read = "";
        var piece = new byte[4096];
        while (read.Split("\r\n\r\n").Length - 1 < count) read += Encoding.ASCII.GetString(piece, 0, await far.ReceiveAsync(piece).WaitAsync(Patience));
        for (var i = 0; i < count; i++) StringAssert.StartsWith(read.Split("\r\n\r\n")[i], $"GET /fs/{i}?redirN=1 HTTP/1.1\r\nHost: 127.0.0.1:");
    }

    private async Task<(PipelinedConnection Connection, Socket Far)> OpenAsync()
    {
        var connection = await PeerConnection.ConnectAsync(_peer, _address, Patience, _clock, CancellationToken.None);
        var far = await _listener.AcceptSocketAsync().WaitAsync(Patience);
        far.NoDelay = true;
        return (new PipelinedConnection(connection), far);
    }

    private List<Task<string?>> Ask(PipelinedConnection connection, int count) =>
        [.. Enumerable.Range(0, count).Select(i => TextAsync(connection.AskAsync(new PeerRequest(_address, VirtualPath.Parse($"/{i}"), null))))];

    private async Task<string?> AskAndAnswerAsync(PipelinedConnection connection, Socket far, string answer)
    {
        var asked = Ask(connection, 1);
        await ReadRequestsAsync(far, 1);
        await SendAsync(far, answer);
        return await asked[0].WaitAsync(Patience);
    }

    private static async Task<string?> TextAsync(ValueTask<PipelinedAnswer?> asked)
    {
        if (await asked is not { } answer) return null;
        await using var body = new ArrivedBodyStream(answer.Body);
        using var text = new StreamReader(body);
        return $"{answer.Head.Status} {await text.ReadToEndAsync()}";
    }
}
