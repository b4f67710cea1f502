using System.Net;
using Dftp.FileSystem;
using Dftp.Tests.Ftp;
using Dftp.Tests.Support;

namespace Dftp.Tests.Cluster;

/// <summary>
/// The owner of a file dies while a third node reads it: the transfer goes on at the other holder where the content is known to be the same.
/// Otherwise it is cut: what the client has is the beginning of one file, and it can tell that it is not the whole.
/// </summary>
[TestClass]
public sealed class TransferSwitchTests : IDisposable
{
    /// <summary>More than all buffers between the holder and the client take.</summary>
    private const int Size = 40 * 1024 * 1024;

    private const int ReadBeforeTheEnd = 256 * 1024;

    private static readonly VirtualPath Path = VirtualPath.Parse("/big");
    private static readonly DateTime WholeSecond = new(2024, 5, 6, 7, 8, 9, DateTimeKind.Utc);
    private static readonly DateTime BelowTheSecond = WholeSecond.AddTicks(1_234_567);

    private readonly string _outside = Directory.CreateTempSubdirectory("dftp-outside-").FullName;

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Cancellation => TestContext.CancellationToken;

    public void Dispose() => Directory.Delete(_outside, recursive: true);

    [TestMethod]
    [DataRow(true, false, false, false, DisplayName = "Other content, a whole second: cut")]
    [DataRow(true, false, true, false, DisplayName = "Other content, a whole second, digests known: cut")]
    [DataRow(true, true, false, false, DisplayName = "Same content, a whole second, which does not tell: cut")]
    [DataRow(true, true, true, true, DisplayName = "Same content, a whole second, digests known: goes on")]
    [DataRow(false, true, false, true, DisplayName = "Same content, a time below the second: goes on")]
    [DataRow(false, false, true, false, DisplayName = "Other content, a time below the second, digests known: cut")]
    [Timeout(120_000, CooperativeCancellation = true)]
    public async Task OwnerDiesInTheMiddle_TransferGoesOnOnlyAtTheSameContent(bool isWholeSecond, bool isSame, bool areDigestsKnown, bool goesOn)
    {
        await using var cluster = new TestCluster();
        var (reader, owner, content) = await ThreeNodesAsync(cluster, isWholeSecond ? WholeSecond : BelowTheSecond, isSame, areDigestsKnown);
        using var response = await TestCluster.Http.GetAsync(new Uri(reader.Public, "/fs/big"), HttpCompletionOption.ResponseHeadersRead, Cancellation);
        Assert.AreEqual((HttpStatusCode.OK, (long?)Size), (response.StatusCode, response.Content.Headers.ContentLength));
        await using var body = await response.Content.ReadAsStreamAsync(Cancellation);

        AssertReadAsOneFile(content, goesOn, await ReadWhileItDiesAsync(owner, body.ReadAsync));
    }

    // The reading node's own copy is a holder like any other one.
    [TestMethod]
    [DataRow(true, false, false)]
    [DataRow(false, true, true)]
    [Timeout(120_000, CooperativeCancellation = true)]
    public async Task OwnerDiesInTheMiddle_CopyOfTheReadingNodeIsJudgedToo(bool isWholeSecond, bool isSame, bool goesOn)
    {
        await using var cluster = new TestCluster();
        var owner = await cluster.StartAsync("a", []);
        var reader = await cluster.StartAsync("b", []);
        await cluster.UniteAsync();
        var content = Content(1);
        var time = isWholeSecond ? WholeSecond : BelowTheSecond;
        Put(owner, content, time);
        await Eventually.TrueAsync(() => Holders(reader).Count == 1, "the owner's copy is known");
        var entry = Holders(reader).Single();
        await using var opened = (await reader.Tree.OpenAsync(Path, entry, RangeSpec.Whole, Cancellation)).Content!;
        // The reading node gets its copy once the transfer is under way: before, it would have served that.
        Put(reader, isSame ? content : Content(2), time);
        await Eventually.TrueAsync(() => Holders(reader).Count == 2, "both copies are known");

        AssertReadAsOneFile(content, goesOn, await ReadWhileItDiesAsync(owner, opened.ReadAsync));
    }

    // RFC 959, section 4.2: 226 says that all was sent, 426 that it was not.
    [TestMethod]
    [DataRow(true, false, false)]
    [DataRow(true, true, true)]
    [Timeout(120_000, CooperativeCancellation = true)]
    public async Task OwnerDiesInTheMiddle_RetrievalEndsAsOneFile(bool isSame, bool areDigestsKnown, bool goesOn)
    {
        await using var cluster = new TestCluster();
        var (reader, owner, content) = await ThreeNodesAsync(cluster, WholeSecond, isSame, areDigestsKnown);
        using var client = await RawFtpClient.ConnectAsync(new IPEndPoint(IPAddress.Loopback, reader.Host.FtpPort));
        await client.ExpectAsync(220);
        await client.ExpectAsync(331, "USER anonymous");
        await client.ExpectAsync(230, "PASS x");
        await client.ExpectAsync(200, "TYPE I");
        using var data = await client.OpenPassiveAsync();
        await client.ExpectAsync(150, "RETR big");

        AssertReadAsOneFile(content, goesOn, await ReadWhileItDiesAsync(owner, async (buffer, token) => await data.ReceiveAsync(buffer, token)));

        var reply = await client.ReadReplyAsync();
        Assert.AreEqual(goesOn, reply.StartsWith("226", StringComparison.Ordinal), reply);
    }

    private static void AssertReadAsOneFile(byte[] content, bool goesOn, byte[] read)
    {
        if (goesOn) Assert.AreEqual(Size, read.Length, "it goes on at the other holder");
        else Assert.IsTrue(read.Length < Size, "it is cut");
        Assert.IsTrue(content.AsSpan(0, read.Length).SequenceEqual(read), "every byte is of the file that the transfer began with");
    }

    /// <summary>The third node, the owner of the file, and what the owner's copy is.</summary>
    private async Task<(TestNode Reader, TestNode Owner, byte[] Content)> ThreeNodesAsync(
        TestCluster cluster, DateTime time, bool isSame, bool areDigestsKnown)
    {
        var nodes = new[] { await cluster.StartAsync("a", []), await cluster.StartAsync("b", []) };
        var contents = new[] { Content(1), Content(isSame ? 1 : 2) };
        for (var i = 0; i < nodes.Length; i++) Put(nodes[i], contents[i], time);
        var reader = await cluster.StartAsync("c", []);
        await cluster.UniteAsync();
        await Eventually.TrueAsync(() => Holders(reader).Count == 2, "both copies are known");
        var holders = Holders(reader);
        Assert.IsTrue(holders[0].HasSameContentFacts(holders[1]), "size and time are equal");
        if (areDigestsKnown)
        {
            foreach (var holder in holders)
                Assert.IsNotNull((await reader.Tree.DigestAsync(Path, holder, holder.Owner, null, Cancellation)).Digest, holder.Owner.Value);
        }

        var owner = Array.FindIndex(nodes, node => node.Name == holders[0].Owner.Value);
        return (reader, nodes[owner], contents[owner]);
    }

    private static IReadOnlyList<Entry> Holders(TestNode node) => node.Tree.Snapshot.HoldersOf(Path);

    /// <summary>Reads a little, ends the owner as by a crash, and reads what comes until the end, or until it is cut.</summary>
    private async Task<byte[]> ReadWhileItDiesAsync(TestNode owner, Func<Memory<byte>, CancellationToken, ValueTask<int>> readAsync)
    {
        using var read = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (read.Length < ReadBeforeTheEnd) await ReadPieceAsync();
        await owner.KillAsync();
        try
        {
            while (await ReadPieceAsync() > 0)
            {
            }
        }
        catch (Exception cut) when (cut is IOException or HttpRequestException or FileContentException or System.Net.Sockets.SocketException)
        {
            // The end of a transfer that is cut.
        }

        return read.ToArray();

        async Task<int> ReadPieceAsync()
        {
            var count = await readAsync(buffer, Cancellation);
            read.Write(buffer, 0, count);
            return count;
        }
    }

    private static byte[] Content(int seed)
    {
        var content = new byte[Size];
        new Random(seed).NextBytes(content);
        return content;
    }

    /// <summary>Puts a file into a root in one step, so that no scan sees it half made.</summary>
    private void Put(TestNode node, byte[] content, DateTime time)
    {
        var made = System.IO.Path.Combine(_outside, node.Name);
        File.WriteAllBytes(made, content);
        File.SetLastWriteTimeUtc(made, time);
        File.Move(made, System.IO.Path.Combine(node.Root, "big"));
    }
}
