using System.Text;
using Dftp.Cluster.PeerReads;
using Dftp.Cluster.Peers;
using Dftp.FileSystem;
using Dftp.Tests.Cluster.Peers;
using Dftp.Tests.Support;

namespace Dftp.Tests.Cluster.PeerReads;

[TestClass]
public sealed class RemoteContentTests : IDisposable
{
    private const string File = "0123456789";

    private static readonly TimeSpan StallTimeout = TimeSpan.FromSeconds(20);

    private readonly AwaitedTime _clock = new();
    private readonly Peer _peer = Given.AlivePeer("first", publicPort: 1);
    private readonly List<(ByteRange Range, string Failed)> _askedToGoOn = [];

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Cancellation => TestContext.CancellationToken;

    public void Dispose() => _peer.Dispose();

    [TestMethod]
    [DataRow(1)]
    [DataRow(3)]
    [DataRow(100)]
    public async Task WholeRange_IsReadAndNotAByteMore(int buffer)
    {
        await using var content = Content(new ScriptedStream(Bytes(File + "surplus"), StreamEnd.IsClosed), new ByteRange(0, 10));

        Assert.AreEqual(File, await ReadAsync(content, buffer));
        Assert.AreEqual(PeerState.Alive, _peer.Facts.State);
    }

    // When the holder dies at byte N, the next holder with the same size and modification time goes on at byte N.
    [TestMethod]
    [DataRow(StreamEnd.IsClosed, 0)]
    [DataRow(StreamEnd.IsClosed, 4)]
    [DataRow(StreamEnd.Breaks, 0)]
    [DataRow(StreamEnd.Breaks, 1)]
    [DataRow(StreamEnd.Breaks, 7)]
    public async Task StreamEndsAtByteN_NextHolderContinuesAtN(StreamEnd end, int sent)
    {
        var stream = new ScriptedStream(Bytes(File[2..(2 + sent)]), end, piece: 3);
        var next = new HeldContent(File[(2 + sent)..]);
        await using var content = Content(stream, new ByteRange(2, 8), goOn: next);

        Assert.AreEqual(File[2..], await ReadAsync(content, 5));

        Assert.AreEqual((new ByteRange(2 + sent, 8 - sent), "first"), _askedToGoOn.Single());
        Assert.AreEqual(PeerState.Suspect, _peer.Facts.State);
        Assert.IsTrue(stream.IsDisposed, "the broken transfer is not kept");
        Assert.IsTrue(
            await _peer.PingNow.WaitAsync(TimeSpan.FromSeconds(5), TimeProvider.System, Cancellation),
            "it is to be asked whether it is there");
    }

    [TestMethod]
    public async Task HolderAfterHolderBreaks_TheBytesAreRight()
    {
        using var other = Given.AlivePeer("second", publicPort: 2);
        var second = Content(new ScriptedStream(Bytes("345"), StreamEnd.Breaks), new ByteRange(3, 7), peer: other);
        await using var content = Content(new ScriptedStream(Bytes("012"), StreamEnd.Breaks), new ByteRange(0, 10), goOn: [second, new HeldContent("6789")]);

        Assert.AreEqual(File, await ReadAsync(content, 2));
        CollectionAssert.AreEqual(new[] { (new ByteRange(3, 7), "first"), (new ByteRange(6, 4), "second") }, _askedToGoOn);
    }

    // Two holders of one broken disk: each says that it has the file, and breaks off at the same byte.
    [TestMethod]
    public async Task HoldersThatBreakAtTheSameByte_AreEachTriedOnce()
    {
        using var other = Given.AlivePeer("second", publicPort: 2);
        var second = Content(new ScriptedStream(Bytes("3"), StreamEnd.Breaks), new ByteRange(3, 7), peer: other);
        var first = Content(new ScriptedStream([], StreamEnd.Breaks), new ByteRange(4, 6));
        await using var content = Content(new ScriptedStream(Bytes("012"), StreamEnd.Breaks), new ByteRange(0, 10), goOn: [second, first]);

        var failure = await Assert.ThrowsExactlyAsync<FileContentException>(() => ReadAsync(content, 3));

        StringAssert.Contains(failure.Message, "first broke off at byte 4");
        CollectionAssert.AreEqual(
            new[] { (new ByteRange(3, 7), "first"), (new ByteRange(4, 6), "second"), (new ByteRange(4, 6), "second first") }, _askedToGoOn);
    }

    // Where there is none, the transfer is cut: never padded, never ended as if whole.
    [TestMethod]
    public async Task NoOtherHolder_FailsWithThePeerAndTheByte()
    {
        await using var content = Content(new ScriptedStream(Bytes("234"), StreamEnd.Breaks), new ByteRange(2, 8));
        var buffer = new byte[100];
        Assert.AreEqual(3, await content.ReadAsync(buffer, Cancellation));

        var failure = await Assert.ThrowsExactlyAsync<FileContentException>(async () => await content.ReadAsync(buffer, Cancellation));

        Assert.AreEqual(FileErrorKind.Unreachable, failure.Error.Kind);
        StringAssert.Contains(failure.Message, "first broke off at byte 5");
        await Assert.ThrowsExactlyAsync<FileContentException>(
            async () => await content.ReadAsync(buffer, Cancellation), "and so does a second try");
    }

    // A legacy node ignores ranges and sends the whole file.
    [TestMethod]
    [DataRow(1, 100)]
    [DataRow(100, 1)]
    [DataRow(3, 4)]
    [DataRow(100, 100)]
    public async Task SurplusBeforeTheRange_IsDropped(int piece, int buffer)
    {
        await using var content = Content(new ScriptedStream(Bytes(File), StreamEnd.IsClosed, piece), new ByteRange(6, 3), surplus: 6);

        Assert.AreEqual("678", await ReadAsync(content, buffer));
    }

    [TestMethod]
    public async Task StreamEndsInTheSurplus_NextHolderBeginsAtTheRange()
    {
        await using var content = Content(
            new ScriptedStream(Bytes("012"), StreamEnd.IsClosed), new ByteRange(6, 4), surplus: 6, goOn: new HeldContent("6789"));

        Assert.AreEqual("6789", await ReadAsync(content, 2));
        Assert.AreEqual(new ByteRange(6, 4), _askedToGoOn.Single().Range);
    }

    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task StalledTransfer_ContinuesAtTheNextHolder()
    {
        var stream = new ScriptedStream(Bytes("01234"), StreamEnd.Stalls);
        await using var content = Content(stream, new ByteRange(0, 10), goOn: new HeldContent("56789"));
        var reading = ReadAsync(content, 100);
        await _clock.PassAsync(StallTimeout, Cancellation);

        Assert.AreEqual(File, await reading);
        Assert.IsTrue(stream.IsDisposed);
    }

    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task PeerGoesAwayDuringARead_NextHolderContinuesAtOnce()
    {
        var stream = new ScriptedStream(Bytes("01234"), StreamEnd.Stalls);
        await using var content = Content(stream, new ByteRange(0, 10), goOn: new HeldContent("56789"));
        var reading = ReadAsync(content, 100);
        await stream.Stalled.WaitAsync(Cancellation);
        _peer.Die();

        Assert.AreEqual(File, await reading);
        Assert.AreEqual(PeerState.Dead, _peer.Facts.State);
    }

    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task CallerGivesUp_IsNoFaultOfThePeer()
    {
        using var leaves = new CancellationTokenSource();
        var stream = new ScriptedStream([], StreamEnd.Stalls);
        await using var content = Content(stream, new ByteRange(0, 10), goOn: new HeldContent(File));
        var reading = content.ReadAsync(new byte[10], leaves.Token).AsTask();
        await stream.Stalled.WaitAsync(Cancellation);
        await leaves.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => reading);
        Assert.AreEqual(0, _askedToGoOn.Count);
        Assert.AreEqual(PeerState.Alive, _peer.Facts.State);
    }

    [TestMethod]
    public async Task DisposedOf_EndsTheTransferAtThePeer()
    {
        var stream = new ScriptedStream(Bytes(File), StreamEnd.Stalls);
        var content = Content(stream, new ByteRange(0, 10));
        await content.ReadAsync(new byte[4], Cancellation);

        await content.DisposeAsync();

        Assert.IsTrue(stream.IsDisposed);
    }

    [TestMethod]
    public async Task DisposedAfterFailover_EndsTheSecondTransfer()
    {
        var next = new HeldContent(File[1..]);
        var content = Content(new ScriptedStream(Bytes("0"), StreamEnd.Breaks), new ByteRange(0, 10), goOn: next);
        await content.ReadAsync(new byte[1], Cancellation);
        await content.ReadAsync(new byte[1], Cancellation);

        await content.DisposeAsync();

        Assert.IsTrue(next.IsDisposed);
    }

    /// <param name="goOn">The contents that others go on with, one after the other.</param>
    private RemoteContent Content(ScriptedStream stream, ByteRange range, long surplus = 0, Peer? peer = null, params FileContent[] goOn)
    {
        var others = new Queue<FileContent>(goOn);
        return new(
            peer ?? _peer,
            new PeerBody(stream, default, range, surplus),
            (rest, failed, _) =>
            {
                _askedToGoOn.Add((rest, string.Join(' ', failed)));
                return new(others.TryDequeue(out var next) ? next : null);
            },
            _clock);
    }

    private async Task<string> ReadAsync(FileContent content, int buffer)
    {
        var bytes = new MemoryStream();
        var piece = new byte[buffer];
        for (int count; (count = await content.ReadAsync(piece, Cancellation)) > 0;) bytes.Write(piece, 0, count);
        Assert.AreEqual(content.Length, bytes.Length);
        return Encoding.ASCII.GetString(bytes.ToArray());
    }

    private static byte[] Bytes(string text) => Encoding.ASCII.GetBytes(text);

    private sealed class HeldContent(string text) : FileContent
    {
        private readonly MemoryStream _bytes = new(Bytes(text));

        public bool IsDisposed { get; private set; }

        public override long Length => _bytes.Length;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
            _bytes.ReadAsync(buffer, cancellationToken);

        public override ValueTask DisposeAsync()
        {
            IsDisposed = true;
            return _bytes.DisposeAsync();
        }
    }
}
