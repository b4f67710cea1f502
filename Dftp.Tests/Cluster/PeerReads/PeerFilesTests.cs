using System.Net;
using System.Net.Sockets;
using System.Text;
using Dftp.Cluster;
using Dftp.Cluster.PeerReads;
using Dftp.Cluster.Peers;
using Dftp.FileSystem;
using Dftp.Tests.Cluster.Door;
using Dftp.Tests.Cluster.Peers;
using Dftp.Tests.Http;
using Dftp.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Dftp.Tests.Cluster.PeerReads;

[TestClass]
public sealed class PeerFilesTests
{
    private const string Content = "0123456789";

    private static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(12);
    private static readonly UnixTime Modified = new(1_700_000_000_123_456_789);
    private static readonly VirtualPath Path = VirtualPath.Parse("/some dir/50% ü#?.txt");
    private static readonly Entry File =
        new("50% ü#?.txt"u8.ToArray(), false, Content.Length, Modified, 0b110_100_100, NodeName.Parse("p"));

    private readonly AwaitedTime _clock = new();
    private PeerFiles _files = null!;

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Cancellation => TestContext.CancellationToken;

    [TestInitialize]
    public void Start() => _files = new PeerFiles(new ClusterOptions { NodeName = NodeName.Parse("n") }, OpenDoor.Of("dftp", _clock), _clock);

    [TestMethod]
    public async Task Range_IsRequestedAtTheEscapedPathWithTheMark()
    {
        string? target = null, range = null;
        await using var peer = await FakePeer.StartAsync(http =>
        {
            target = http.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget;
            range = http.Request.Headers.Range;
            return AnswerRange(http, "bytes 2-5/10", "2345");
        });

        var result = await OpenAsync(peer.Peer, new ByteRange(2, 4));

        Assert.AreEqual("/fs/some%20dir/50%25%20%C3%BC%23%3F.txt?redirN=1", target);
        Assert.AreEqual("bytes=2-5", range);
        Assert.AreEqual("2345", await ReadAsync(result));
    }

    [TestMethod]
    public async Task WholeFile_IsRequestedWithoutARange()
    {
        var hasRange = false;
        await using var peer = await FakePeer.StartAsync(http =>
        {
            hasRange = http.Request.Headers.Range.Count > 0;
            return AnswerWhole(http, Content);
        });

        Assert.AreEqual(Content, await ReadAsync(await OpenAsync(peer.Peer, RangeSpec.Whole)));
        Assert.IsFalse(hasRange);
    }

    // A legacy node ignores ranges and sends the whole file.
    [TestMethod]
    public async Task WholeFileInAnswerToARange_HasSurplusBeforeIt()
    {
        await using var peer = await FakePeer.StartAsync(http => AnswerWhole(http, Content));

        var result = await OpenAsync(peer.Peer, new ByteRange(7, 2));

        Assert.AreEqual(7, result.Body!.Surplus);
        result.Body.Dispose();
    }

    [TestMethod]
    [DataRow("bytes 0-3/10")]
    [DataRow("bytes 2-4/10")]
    [DataRow("bytes 2-6/*")]
    [DataRow("bytes */10")]
    [DataRow("nonsense")]
    [DataRow("")]
    public async Task OtherRangeThanRequested_Fails(string contentRange)
    {
        await using var peer = await FakePeer.StartAsync(http => AnswerRange(http, contentRange, "2345"));

        Assert.AreEqual(FileErrorKind.Failed, (await OpenAsync(peer.Peer, new ByteRange(2, 4))).Error?.Kind);
    }

    [TestMethod]
    public async Task RangeOfAFileOfOtherSize_IsOpenedWithItsFacts()
    {
        await using var peer = await FakePeer.StartAsync(http => AnswerRange(http, "bytes 2-5/11", "2345"));

        var result = await OpenAsync(peer.Peer, new ByteRange(2, 4));

        Assert.AreEqual(11, result.Body!.Facts.Size);
        Assert.AreEqual("2345", await ReadAsync(result));
    }

    [TestMethod]
    public async Task WholeFileOfOtherSize_IsOpenedWithItsFacts()
    {
        await using var peer = await FakePeer.StartAsync(http => AnswerWhole(http, "short"));

        using var body = (await OpenAsync(peer.Peer, new ByteRange(2, 4))).Body!;
        var now = body.Facts;

        Assert.AreEqual(5, now.Size);
        Assert.AreEqual(new ByteRange(2, 3), body.Range);
        Assert.AreEqual(2, body.Surplus);
        Assert.AreEqual(Modified, now.Modified);
        Assert.AreEqual(peer.Peer.Name, now.Owner);
    }

    [TestMethod]
    public async Task RangeBeyondAShorterFile_ReturnsItsFacts()
    {
        await using var peer = await FakePeer.StartAsync(http =>
        {
            http.Response.StatusCode = 416;
            http.Response.Headers.ContentRange = "bytes */3";
            return Task.CompletedTask;
        });

        Assert.AreEqual(3, (await OpenAsync(peer.Peer, new ByteRange(5, 5))).Now?.Size);
    }

    [TestMethod]
    public async Task RangeRefusedOfTheSameFile_Fails()
    {
        await using var peer = await FakePeer.StartAsync(http =>
        {
            http.Response.StatusCode = 416;
            http.Response.Headers.ContentRange = "bytes */10";
            return Task.CompletedTask;
        });

        Assert.AreEqual(FileErrorKind.Failed, (await OpenAsync(peer.Peer, new ByteRange(5, 5))).Error?.Kind);
    }

    [TestMethod]
    [DataRow("1700000000123456789", null, false)]
    [DataRow("1700000000123456788", null, true)]
    [DataRow(null, "Tue, 14 Nov 2023 22:13:20 GMT", false)]
    [DataRow(null, "Tue, 14 Nov 2023 22:13:21 GMT", true)]
    [DataRow("1700000000123456789", "Tue, 14 Nov 2023 22:13:21 GMT", false)]
    [DataRow("nonsense", "nonsense", false)]
    public async Task ModificationTime_ShowsWhetherTheFileChanged(string? exact, string? lastModified, bool hasChanged)
    {
        await using var peer = await FakePeer.StartAsync(http =>
        {
            if (exact is not null) http.Response.Headers["X-Dftp-Modified"] = exact;
            if (lastModified is not null) http.Response.Headers.LastModified = lastModified;
            return AnswerWhole(http, Content);
        });

        var result = await OpenAsync(peer.Peer, RangeSpec.Whole);

        Assert.AreEqual(hasChanged, result.Body!.Facts.Modified != File.Modified);
        result.Body.Dispose();
    }

    [TestMethod]
    [DataRow(404, FileErrorKind.NotFound)]
    [DataRow(403, FileErrorKind.AccessDenied)]
    [DataRow(500, FileErrorKind.Failed)]
    [DataRow(503, FileErrorKind.Busy)]
    [DataRow(302, FileErrorKind.Failed)]
    [DataRow(204, FileErrorKind.Failed)]
    public async Task StatusOfARefusal_BecomesItsError(int status, FileErrorKind kind)
    {
        await using var peer = await FakePeer.StartAsync(http =>
        {
            http.Response.StatusCode = status;
            return Task.CompletedTask;
        });

        var error = (await OpenAsync(peer.Peer, RangeSpec.Whole)).Error!;

        Assert.AreEqual(kind, error.Kind);
        StringAssert.Contains(error.Message, "p");
    }

    // RFC 9110, 9.3.2: HEAD is refused where GET is. Nothing is opened for it at the peer, so that its look has to tell.
    [TestMethod]
    [DataRow(FileErrorKind.NotFound)]
    [DataRow(FileErrorKind.AccessDenied)]
    [DataRow(FileErrorKind.Busy)]
    [DataRow(FileErrorKind.Failed)]
    public async Task FileThatThePeerCannotRead_IsRefusedToLooksAsToReads(FileErrorKind kind)
    {
        var tree = new MemoryFileTree().File(Path.Value, Content).File("/other", Content);
        tree.OpenErrors[Path] = new FileError(kind, "cannot be read");
        await using var site = await HttpSite.StartAsync(tree, ownTree: tree);
        using var peer = Given.AlivePeer("p", site.Port);

        Assert.AreEqual(kind, (await OpenAsync(peer, RangeSpec.Whole)).Error?.Kind);
        Assert.AreEqual(kind, (await _files.LookAsync(peer, Path, File, Cancellation)).Error?.Kind);
        using var body = (await _files.LookAsync(peer, VirtualPath.Parse("/other"), File, Cancellation)).Body;
        Assert.AreEqual(Content.Length, body?.Facts.Size, "the connection is in step after a refusal without content");
    }

    [TestMethod]
    public async Task ConnectionRefused_IsUnreachable()
    {
        // Bound and not listening: the port refuses, and nobody else gets it meanwhile.
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        using var gone = Given.AlivePeer("gone", port);

        var error = (await OpenAsync(gone, RangeSpec.Whole)).Error!;

        Assert.AreEqual(FileErrorKind.Unreachable, error.Kind);
        StringAssert.Contains(error.Message, "connection refused");
    }

    // A node that does not say that its management interface serves reads is a legacy node or of an earlier version.
    [TestMethod]
    [DataRow(true, "at the management interface")]
    [DataRow(false, "at the public interface")]
    public async Task Peer_IsReadAtTheInterfaceThatItNames(bool servesReads, string expected)
    {
        await using var publicInterface = await FakePeer.StartAsync(http => AnswerWhole(http, "at the public interface"));
        await using var management = await FakePeer.StartAsync(http => AnswerWhole(http, "at the management interface"));
        using var peer = new Peer(new PeerFacts
        {
            Name = NodeName.Parse("both"),
            State = PeerState.Alive,
            PublicAddress = publicInterface.Peer.Facts.PublicAddress,
            ManagementAddress = management.Peer.Facts.PublicAddress,
            ServesReads = servesReads,
        });

        Assert.AreEqual(expected, await ReadAsync(await OpenAsync(peer, RangeSpec.Whole)));
    }

    [TestMethod]
    public async Task NoPublicAddress_IsUnreachable()
    {
        using var unknown = new Peer(new PeerFacts { Name = NodeName.Parse("p") });
        Assert.AreEqual(FileErrorKind.Unreachable, (await OpenAsync(unknown, RangeSpec.Whole)).Error?.Kind);

        using var peer = Given.AlivePeer("p", publicPort: 0);
        Assert.AreEqual(FileErrorKind.Unreachable, (await OpenAsync(peer, RangeSpec.Whole)).Error?.Kind);
    }

    [TestMethod]
    [DataRow("SSH-2.0-OpenSSH_9.2\r\n")]
    [DataRow("")]
    [DataRow("HTTP/1.1 200 OK\r\nContent-Le")]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task AnswerThatIsNoHttp_IsUnreachable(string answer)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var peer = Given.AlivePeer("p", ((IPEndPoint)listener.LocalEndpoint).Port);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var answering = AnswerAsync();

        var error = (await OpenAsync(peer, RangeSpec.Whole)).Error;

        Assert.AreEqual(FileErrorKind.Unreachable, error?.Kind);
        await stop.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => answering);

        // The client tries a connection that is closed without an answer a few times over.
        async Task AnswerAsync()
        {
            while (true)
            {
                using var connection = await listener.AcceptSocketAsync(stop.Token);
                await connection.ReceiveAsync(new byte[4096], stop.Token);
                await connection.SendAsync(Encoding.ASCII.GetBytes(answer), stop.Token);
                connection.Shutdown(SocketShutdown.Send);
            }
        }
    }

    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task HeadersThatNeverArrive_TimeOutAndAbortTheRequest()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var aborted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var peer = await FakePeer.StartAsync(async http => await StallAsync(http, asked, aborted));

        var opening = OpenAsync(peer.Peer, RangeSpec.Whole);
        await asked.Task.WaitAsync(Cancellation);
        await _clock.PassAsync(HeadersTimeout, Cancellation);

        Assert.AreEqual(FileErrorKind.Unreachable, (await opening).Error?.Kind);
        await aborted.Task.WaitAsync(Cancellation);
    }

    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task PeerGoesAwayBeforeItAnswers_IsUnreachableAtOnce()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var peer = await FakePeer.StartAsync(async http => await StallAsync(http, asked, null));

        var opening = OpenAsync(peer.Peer, RangeSpec.Whole);
        await asked.Task.WaitAsync(Cancellation);
        peer.Peer.Die();

        Assert.AreEqual(FileErrorKind.Unreachable, (await opening).Error?.Kind);
    }

    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task CallerGivesUpBeforeTheAnswer_IsNoFaultOfThePeer()
    {
        using var leaves = new CancellationTokenSource();
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var peer = await FakePeer.StartAsync(async http => await StallAsync(http, asked, null));

        var opening = _files.OpenAsync(peer.Peer, Path, File, RangeSpec.Whole, leaves.Token).AsTask();
        await asked.Task.WaitAsync(Cancellation);
        await leaves.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => opening);
    }

    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task BodyDisposedOf_EndsTheTransferAtThePeer()
    {
        var aborted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var peer = await FakePeer.StartAsync(async http =>
        {
            http.Response.ContentLength = Content.Length;
            await http.Response.WriteAsync("01");
            await StallAsync(http, null, aborted);
        });

        var result = await OpenAsync(peer.Peer, RangeSpec.Whole);
        result.Body!.Dispose();

        await aborted.Task.WaitAsync(Cancellation);
    }

    private Task<PeerOpenResult> OpenAsync(Peer peer, ByteRange range) => OpenAsync(peer, RangeSpec.Of(range));

    private Task<PeerOpenResult> OpenAsync(Peer peer, RangeSpec part) => _files.OpenAsync(peer, Path, File, part, Cancellation).AsTask();

    private static async Task<string> ReadAsync(PeerOpenResult result)
    {
        Assert.IsNotNull(result.Body, result.Error?.Message);
        using var body = result.Body;
        Assert.AreEqual(0, body.Surplus);
        using var reader = new StreamReader(body.Stream);
        return await reader.ReadToEndAsync();
    }

    private static Task AnswerWhole(HttpContext http, string content)
    {
        http.Response.ContentLength = content.Length;
        return http.Response.WriteAsync(content);
    }

    private static Task AnswerRange(HttpContext http, string contentRange, string content)
    {
        http.Response.StatusCode = 206;
        if (contentRange.Length > 0) http.Response.Headers.ContentRange = contentRange;
        return AnswerWhole(http, content);
    }

    /// <summary>Goes no further until the other side has ended the connection.</summary>
    private static async Task StallAsync(HttpContext http, TaskCompletionSource? asked, TaskCompletionSource? aborted)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var end = http.RequestAborted.UnsafeRegister(static ended => ((TaskCompletionSource)ended!).TrySetResult(), ended);
        asked?.TrySetResult();
        await ended.Task;
        aborted?.TrySetResult();
    }
}
