using System.IO.Compression;
using System.Text;
using Dftp.Cluster.Index;
using Dftp.Cluster.Replication;
using Dftp.FileSystem;
using Dftp.Tests.Cluster.Index;

namespace Dftp.Tests.Cluster.Replication;

[TestClass]
public sealed class SharedFullUpdateTests
{
    private static readonly NodeName Node = NodeName.Parse("a");

    [TestMethod]
    public async Task SeveralPeersAtOnceAndALateOne_EachIsSentTheWholeMessage()
    {
        var tree = Tree(5_000);
        var header = Header(sequence: 1);
        using var alone = new MemoryStream();
        await UpdateBody.WriteAsync(alone, compress: false, (writer, token) => UpdateWriter.WriteFullAsync(writer, header, tree, toLegacy: false, token), default);
        var shared = new SharedFullUpdate(header, tree);

        var atOnce = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => SendAsync(shared)));
        var late = await SendAsync(shared);

        var message = Encoding.UTF8.GetString(alone.ToArray());
        foreach (var sent in atOnce.Append(late)) Assert.AreEqual(message, sent);
        Assert.IsFalse(shared.IsRead);
    }

    // A slow peer delays nobody but itself: the others do not wait for what it has not read.
    [TestMethod]
    public async Task PeerThatReadsNothing_DelaysNoOther()
    {
        var shared = new SharedFullUpdate(Header(sequence: 1), Tree(5_000));
        using var ended = new CancellationTokenSource();
        var stuck = shared.CopyToAsync(new StuckStream(), ended.Token);

        StringAssert.EndsWith(await SendAsync(shared), "]}");

        Assert.IsTrue(shared.IsRead);
        await ended.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => stuck);
    }

    [TestMethod]
    public async Task OneBodyIsKeptAtATime_UntilNoPeerReceivesIt()
    {
        var updates = new SharedFullUpdates();
        var tree = Tree(10);
        var first = updates.Of(Header(sequence: 1), tree)!;
        Assert.AreSame(first, updates.Of(Header(sequence: 1), tree));

        using var ended = new CancellationTokenSource();
        var stuck = first.CopyToAsync(new StuckStream(), ended.Token);
        Assert.IsNull(updates.Of(Header(sequence: 2), tree));
        await ended.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => stuck);

        Assert.AreNotSame(first, updates.Of(Header(sequence: 2), tree));
        GC.KeepAlive(first);
    }

    private static async Task<string> SendAsync(SharedFullUpdate shared)
    {
        using var body = new MemoryStream();
        await shared.CopyToAsync(body, CancellationToken.None);
        body.Position = 0;
        using var text = new StreamReader(new BrotliStream(body, CompressionMode.Decompress));
        return await text.ReadToEndAsync();
    }

    private static UpdateHeader Header(long sequence) => new(Node, true, 1, new UpdatePosition(1, sequence, sequence));

    private static TreeSnapshot Tree(int files) => new TreeWriter().Apply(Node, DirectoryPatch.Replace(TreeModel.Draft(
        Enumerable.Range(0, files).Select(number => EntryChange.Put(VirtualPath.Parse($"/d{number / 100}/{number * 7919L:x}"), new FileFacts(number, new UnixTime(number), 1, new Stamp(1)))))));

    private sealed class StuckStream : MemoryStream
    {
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            await Task.Delay(Timeout.Infinite, cancellationToken);
    }
}
