using System.Net;
using System.Security.Cryptography;
using Dftp.FileSystem;

namespace Dftp.Tests.Ftp;

[TestClass]
public sealed class HashTests
{
    private const string Abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    // draft-bryan-ftpext-hash, section 3.1: "213 SHA-256 0-49 … filename".
    [TestMethod]
    public async Task Hash_IsThatOfTheContent_AndNamesRangeAndPath()
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/a b", "abc").File("/empty", "").Directory("/d");
        using var client = await host.LogInAsync();
        Assert.AreEqual($"213 SHA-256 0-3 {Abc} a b", await client.SendAsync("HASH a b"));
        Assert.AreEqual($"213 SHA-256 0-0 {Hex([])} empty", await client.SendAsync("HASH empty"));
        await client.ExpectAsync(350, "REST 1");
        Assert.AreEqual($"213 SHA-256 1-3 {Hex("bc"u8.ToArray())} a b", await client.SendAsync("HASH a b"));
        await client.ExpectAsync(550, "HASH d");
        await client.ExpectAsync(550, "HASH nothing");
        await client.ExpectAsync(501, "HASH");
        await client.ExpectAsync(350, "REST 4");
        await client.ExpectAsync(554, "HASH a b");
    }

    [TestMethod]
    public async Task XSha256_AcceptsAQuotedPath_AndARange()
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/a b", "xabcx").File("/\"q\" 1 2", "abc");
        using var client = await host.LogInAsync();
        Assert.AreEqual($"250 {Abc}", await client.SendAsync("XSHA256 \"a b\" 1 4"));
        Assert.AreEqual($"250 {Hex("bcx"u8.ToArray())}", await client.SendAsync("XSHA256 \"a b\" 2"));
        Assert.AreEqual($"250 {Hex("xabcx"u8.ToArray())}", await client.SendAsync("XSHA256 a b"));
        Assert.AreEqual($"250 {Abc}", await client.SendAsync("XSHA256 \"\"\"q\"\" 1 2\" 0 3"));
        foreach (var range in new[] { "4 1", "0 6", "x", "0 1 2", "-1" }) await client.ExpectAsync(501, $"XSHA256 \"a b\" {range}");
        await client.ExpectAsync(550, "XSHA256 \"nothing\"");
    }

    [TestMethod]
    public async Task HashesOfTheSameContent_AreComputedOnce_AndAgainWhenItChanges()
    {
        await using var host = await FtpHost.StartAsync();
        var opened = 0;
        host.Tree.File("/a", "abc").Content = (_, bytes, range) =>
        {
            // A look, which opens one byte, computes no digest.
            if (range.Length > 1) opened++;
            return new Support.MemoryContent(bytes, range);
        };
        using var client = await host.LogInAsync();
        await client.ExpectAsync(213, "HASH a");
        await client.ExpectAsync(213, "HASH a");
        Assert.AreEqual(1, opened);
        host.Tree.File("/a", "abd", UnixTime.FromSeconds(1));
        Assert.AreEqual($"213 SHA-256 0-3 {Hex("abd"u8.ToArray())} a", await client.SendAsync("HASH a"));
        Assert.AreEqual(2, opened);
    }

    [TestMethod]
    public async Task Abor_StopsAHash()
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/a", new byte[1000]).Content = (_, _, range) => new StuckContent(range, 10);
        using var client = await host.LogInAsync();
        await client.SendRawAsync("HASH a\r\nABOR\r\n");
        await client.ExpectAsync(426);
        await client.ExpectAsync(226);
    }

    // A session computes one digest at a time: the next starts after the previous one has ended.
    [TestMethod]
    public async Task PipelinedHashes_AreComputedOneAfterTheOther()
    {
        await using var host = await FtpHost.StartAsync();
        var contents = new System.Collections.Concurrent.ConcurrentQueue<StuckContent>();
        host.Tree.File("/a", new byte[1000]).File("/b", new byte[1000]).Content = (_, _, range) =>
        {
            Assert.IsTrue(contents.All(earlier => earlier.Disposed.IsCompleted), "another is being computed");
            var stuck = new StuckContent(range, 10);
            contents.Enqueue(stuck);
            return stuck;
        };
        using var client = await host.LogInAsync();
        await client.SendRawAsync("HASH a\r\nXSHA256 b\r\nXSHA256 \"a\" 1 999\r\nABOR\r\n");
        for (var hash = 0; hash < 3; hash++) await client.ExpectAsync(426);
        await client.ExpectAsync(226);
        Assert.IsTrue(contents.All(content => content.Disposed.IsCompleted));
    }

    [TestMethod]
    [DataRow("HASH a")]
    [DataRow("XSHA256 \"a\" 1 999")]
    public async Task ClientThatLeaves_StopsItsHash(string command)
    {
        await using var host = await FtpHost.StartAsync();
        var content = new TaskCompletionSource<StuckContent>(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Tree.File("/a", new byte[1000]).Content = (_, _, range) =>
        {
            var stuck = new StuckContent(range, 10);
            if (range.Length > 1) content.SetResult(stuck);
            return stuck;
        };
        using (var client = await host.LogInAsync())
        {
            await client.SendRawAsync(command + "\r\n");
            await content.Task;
        }

        await (await content.Task).Disposed;
        await Support.Eventually.TrueAsync(() => host.Handler.SessionCount == 0, "the session has ended");
    }

    [TestMethod]
    public async Task BrokenContent_Is451()
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/a", new byte[1000]).Content = (_, _, range) => new BrokenContent(range, 10);
        using var client = await host.LogInAsync();
        await client.ExpectAsync(451, "HASH a");
        host.Tree.OpenError = new FileError(FileErrorKind.Unreachable, "no holder answers");
        await client.ExpectAsync(450, "HASH a");
    }

    [TestMethod]
    public async Task Hash_IsComputedOnBehalfOfTheClient_AndIs450IfTooManyWait()
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/a", "abc").DigestError = new FileError(FileErrorKind.Busy, "too many digests are being computed");
        using var client = await host.LogInAsync();

        await client.ExpectAsync(450, "HASH a");

        Assert.AreEqual(IPAddress.Loopback, host.Tree.DigestClients.Single());
    }

    // RFC 2389: FEAT marks the algorithm in use; OPTS chooses it.
    [TestMethod]
    public async Task Feat_ListsTheAlgorithm_AndOptsSelectsIt()
    {
        await using var host = await FtpHost.StartAsync();
        using var client = await host.LogInAsync();
        StringAssert.Contains(await client.ExpectAsync(211, "FEAT"), "\n HASH SHA-256*\n", StringComparison.Ordinal);
        Assert.AreEqual("200 SHA-256", await client.SendAsync("OPTS HASH"));
        Assert.AreEqual("200 SHA-256", await client.SendAsync("OPTS HASH sha-256"));
        await client.ExpectAsync(504, "OPTS HASH MD5");
    }

    private static string Hex(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));
}
