using System.Net;
using System.Security.Cryptography;
using System.Text;
using Dftp.Cluster;
using Dftp.Cluster.LocalFiles;
using Dftp.Cluster.PeerReads;
using Dftp.Cluster.Peers;
using Dftp.FileSystem;
using Dftp.Tests.Cluster.Door;
using Dftp.Tests.Cluster.Peers;
using Dftp.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace Dftp.Tests.Cluster.PeerReads;

/// <summary>Between nodes: the mark for the own copy, Want-Repr-Digest, and the digest comes back without the content.</summary>
[TestClass]
public sealed class PeerDigestsTests
{
    private const string Content = "0123456789";

    private static readonly UnixTime Modified = new(1_700_000_000_123_456_789);
    private static readonly VirtualPath Path = VirtualPath.Parse("/a dir/x");
    private static readonly Entry File = new("x"u8.ToArray(), false, Content.Length, Modified, 420, NodeName.Parse("p"));

    private readonly FairGate _gate = new(1);
    private readonly PeerFiles _files;
    private readonly PeerDigests _digests;
    private int _asked;

    public PeerDigestsTests()
    {
        var clock = new FakeTimeProvider(WholeRun.Time);
        _files = new PeerFiles(new ClusterOptions { NodeName = NodeName.Parse("n") }, OpenDoor.Of("dftp", clock), clock);
        _digests = new PeerDigests(_files, _gate, clock);
    }

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Cancellation => TestContext.CancellationToken;

    private static ContentDigest Digest { get; } = new(SHA256.HashData(Encoding.UTF8.GetBytes(Content)));

    [TestMethod]
    public async Task DigestOfAPeersCopy_IsRequestedOnce()
    {
        string? asked = null;
        await using var peer = await PeerAsync(http =>
        {
            asked = $"{http.Request.Method} {http.Request.Path.Value}{http.Request.QueryString} {http.Request.Headers["Want-Repr-Digest"]}";
            Head(http, $"sha-256=:{Digest.ToBase64()}:");
            return Task.CompletedTask;
        });

        Assert.AreEqual(Digest, (await ComputeAsync(peer)).Digest);
        Assert.AreEqual("HEAD /fs/a dir/x?redirN=1 sha-256=10", asked);
        Assert.AreEqual(Digest, (await ComputeAsync(peer)).Digest);
        Assert.AreEqual(1, _asked);
        Assert.AreEqual(Digest, _digests.Known(peer.Peer.Name, Path, File));
        Assert.IsNull(_digests.Known(peer.Peer.Name, Path, new Entry(File.NameUtf8, false, File.Size, new UnixTime(5), 0, File.Owner)));
    }

    // A legacy node, or a node that sends no digest: its copy is read and hashed here.
    [TestMethod]
    [DataRow(true, "", "GET")]
    [DataRow(false, "", "HEAD GET")]
    [DataRow(false, "sha-512=:AAAA:, sha-256=:nonsense:", "HEAD GET")]
    public async Task PeerThatDoesNotTell_IsReadAndHashedHere(bool isLegacy, string field, string methods)
    {
        var asked = new List<string>();
        await using var peer = await PeerAsync(
            async http =>
            {
                asked.Add(http.Request.Method);
                Head(http, field);
                if (HttpMethods.IsGet(http.Request.Method)) await http.Response.WriteAsync(Content);
            },
            isLegacy);

        Assert.AreEqual(Digest, (await ComputeAsync(peer)).Digest);
        Assert.AreEqual(methods, string.Join(' ', asked));
    }

    [TestMethod]
    public async Task PeerWithAnotherVersion_ReturnsItsFacts()
    {
        await using var peer = await PeerAsync(http =>
        {
            Head(http, $"sha-256=:{Digest.ToBase64()}:");
            http.Response.ContentLength = 11;
            return Task.CompletedTask;
        });

        var now = (await ComputeAsync(peer)).Now;

        Assert.AreEqual((11, Modified, peer.Peer.Name), (now!.Value.Size, now.Value.Modified, now.Value.Owner));
    }

    [TestMethod]
    [DataRow(HttpStatusCode.NotFound, FileErrorKind.NotFound)]
    [DataRow(HttpStatusCode.Forbidden, FileErrorKind.AccessDenied)]
    [DataRow(HttpStatusCode.BadGateway, FileErrorKind.Failed)]
    public async Task PeersRefusal_IsTheError(HttpStatusCode status, FileErrorKind kind)
    {
        await using var peer = await PeerAsync(http =>
        {
            http.Response.StatusCode = (int)status;
            return Task.CompletedTask;
        });

        Assert.AreEqual(kind, (await ComputeAsync(peer)).Error?.Kind);
    }

    [TestMethod]
    public async Task PeerThatIsGone_IsUnreachable()
    {
        using var nowhere = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        nowhere.Bind(new IPEndPoint(IPAddress.Loopback, 0)); // Held, and nothing listens.
        using var unknown = new Peer(new PeerFacts { Name = NodeName.Parse("p") });
        Assert.AreEqual(FileErrorKind.Unreachable, (await _digests.ComputeAsync(unknown, Path, File, null, Cancellation)).Error?.Kind);
        using var peer = Given.AlivePeer("p", ((IPEndPoint)nowhere.LocalEndPoint!).Port, isLegacy: false);

        Assert.AreEqual(FileErrorKind.Unreachable, (await _digests.ComputeAsync(peer, Path, File, null, Cancellation)).Error?.Kind);
    }

    // It may take as long as it takes, but no longer than the peer is there or its asker.
    [TestMethod]
    public async Task Waiting_EndsWhenThePeerGoesAway_OrTheAskerLeaves()
    {
        var left = 0;
        await using var peer = await PeerAsync(async http =>
        {
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, http.RequestAborted);
            }
            catch (OperationCanceledException)
            {
                Interlocked.Increment(ref left);
            }
        });
        using var leave = new CancellationTokenSource();
        var impatient = _digests.ComputeAsync(peer.Peer, Path, File, null, leave.Token).AsTask();
        var patient = ComputeAsync(peer).AsTask();
        await Support.Eventually.TrueAsync(() => _asked == 2, "both have asked");

        await leave.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => impatient);
        Assert.IsFalse(patient.IsCompleted);
        peer.Peer.Die();

        Assert.AreEqual(FileErrorKind.Unreachable, (await patient).Error?.Kind);
        await Support.Eventually.TrueAsync(() => Volatile.Read(ref left) == 2, "the peer has stopped both");
    }

    private async Task<FakePeer> PeerAsync(RequestDelegate answer, bool isLegacy = false)
    {
        return await FakePeer.StartAsync(
            http =>
            {
                Interlocked.Increment(ref _asked);
                return answer(http);
            },
            isLegacy);
    }

    private ValueTask<DigestResult> ComputeAsync(FakePeer peer) => _digests.ComputeAsync(peer.Peer, Path, File, null, Cancellation);

    private static void Head(HttpContext http, string field)
    {
        http.Response.Headers["X-Dftp-Modified"] = Modified.Nanoseconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        http.Response.ContentLength = Content.Length;
        if (field.Length > 0) http.Response.Headers["Repr-Digest"] = field;
    }
}
