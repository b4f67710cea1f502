using System.Net;
using System.Net.Sockets;
using System.Text;
using Dftp.FileSystem;
using Dftp.Ftp;
using Dftp.Sockets;
using Dftp.Tests.Http;
using Dftp.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Dftp.Tests.Ftp;

[TestClass]
public sealed class RetrievalTests
{
    private static readonly byte[] Large = MakeLarge();

    // RFC 959, section 3.4.1: "the EOF is indicated by the sending host closing the data connection and all bytes are data bytes".
    [TestMethod]
    [DataRow(false, 0)]
    [DataRow(false, 1)]
    [DataRow(false, 20_000_000)]
    [DataRow(true, 0)]
    [DataRow(true, 1)]
    [DataRow(true, 20_000_000)]
    public async Task Retr_SendsTheBytesOfTheFile(bool fromDisk, int size)
    {
        await using var host = await FtpHost.StartAsync();
        var bytes = Large[..size];
        host.Tree.File("/d/file", bytes);
        if (fromDisk) host.Tree.Content = (_, all, range) => new DiskContent(all, range);
        using var client = await host.LogInAsync();
        using var data = await client.OpenPassiveAsync();
        StringAssert.Contains(await client.ExpectAsync(150, "RETR d/file"), $"({size} bytes)");
        var received = await client.ReadToEndAsync(data);
        Assert.IsTrue(bytes.AsSpan().SequenceEqual(received));
        await client.ExpectAsync(226);
    }

    // A remote file is spliced from the peer's socket to the client's, in passive and active mode.
    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task Retr_OfARemoteFile_IsForwardedByTheKernel(bool isPassive)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var peer = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await peer.ConnectAsync(listener.LocalEndpoint);
        SplicedContent? content = null;
        var near = new LoopSocket(await listener.AcceptSocketAsync());
        await using var host = await FtpHost.StartAsync();
        var bytes = Large[..3_000_000];
        host.Tree.File("/file", bytes).Content = (_, _, range) => content = new SplicedContent(near, range);
        using var client = await host.LogInAsync();
        var sending = Task.Run(async () =>
        {
            for (var at = 0; at < bytes.Length;) at += await peer.SendAsync(bytes.AsMemory(at));
        });

        if (isPassive)
        {
            CollectionAssert.AreEqual(bytes, await client.FetchAsync("RETR file"));
        }
        else
        {
            using var active = new TcpListener(IPAddress.Loopback, 0);
            active.Start();
            await client.ExpectAsync(200, $"EPRT |1|127.0.0.1|{((IPEndPoint)active.LocalEndpoint).Port}|");
            await client.ExpectAsync(150, "RETR file");
            using var data = await active.AcceptSocketAsync();
            CollectionAssert.AreEqual(bytes, await client.ReadToEndAsync(data));
            await client.ExpectAsync(226);
        }

        await sending;
        Assert.IsTrue(content!.Fills > 0);
    }

    // RFC 1123, section 4.1.3.4, and RFC 3659, section 5: REST gives the offset of the next RETR.
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task Rest_SurvivesPasvAndType_AndServesOnce(bool fromDisk)
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/file", Large[..5_000_000]);
        if (fromDisk) host.Tree.Content = (_, all, range) => new DiskContent(all, range);
        using var client = await host.LogInAsync();
        await client.ExpectAsync(350, "REST 4999990");
        await client.ExpectAsync(200, "TYPE I");
        await client.ExpectAsync(229, "EPSV");
        CollectionAssert.AreEqual(Large[4_999_990..5_000_000], await client.FetchAsync("RETR file"));
        Assert.AreEqual(5_000_000, (await client.FetchAsync("RETR file")).Length);
    }

    [TestMethod]
    public async Task Rest_AtTheEndGivesNothing_PastItIsAnError()
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/file", "12345");
        using var client = await host.LogInAsync();
        await client.ExpectAsync(350, "REST 5");
        Assert.AreEqual("", await client.FetchTextAsync("RETR file"));
        await client.ExpectAsync(350, "REST 6");
        await client.ExpectAsync(227, "PASV");
        await client.ExpectAsync(554, "RETR file");
        Assert.AreEqual("12345", await client.FetchTextAsync("RETR file"));
    }

    [TestMethod]
    public async Task Rest_NeverTouchesAListing()
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/file", "12345");
        using var client = await host.LogInAsync();
        await client.ExpectAsync(350, "REST 3");
        CollectionAssert.AreEqual(new[] { "file" }, await client.FetchLinesAsync("NLST"));
        Assert.AreEqual("45", await client.FetchTextAsync("RETR file"));
    }

    // RFC 3659, section 5.3: REST "MUST be the last command issued before the data transfer command which is to cause a restarted". A refused
    // upload is such a command.
    [TestMethod]
    [DataRow("STOR new")]
    [DataRow("APPE new")]
    [DataRow("STOU")]
    [DataRow("RETR none")]
    [DataRow("HASH none")]
    public async Task Rest_BeforeARefusedTransfer_DoesNotServeTheNextOne(string command)
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/file", "12345");
        using var client = await host.LogInAsync();
        await client.ExpectAsync(350, "REST 3");
        await client.ExpectAsync(550, command);
        Assert.AreEqual("12345", await client.FetchTextAsync("RETR file"));
    }

    // RFC 959, section 3.1.1.1: in TYPE A "the <CRLF> sequence should be used where necessary to denote the end of a line of text".
    [TestMethod]
    public async Task TypeA_EndsLinesByCrlf_WithoutDoublingACr()
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/file", "a\nb\r\nc\rd\n\n\r\n");
        using var client = await host.LogInAsync();
        await client.ExpectAsync(200, "TYPE A");
        Assert.AreEqual("a\r\nb\r\nc\rd\r\n\r\n\r\n", await client.FetchTextAsync("RETR file"));
    }

    [TestMethod]
    public async Task TypeA_AcrossBuffers_KeepsEveryLine()
    {
        await using var host = await FtpHost.StartAsync();
        var lines = string.Concat(Enumerable.Range(0, 200_000).Select(line => $"{line}{(line % 3 == 0 ? "\r\n" : "\n")}"));
        host.Tree.File("/file", lines);
        using var client = await host.LogInAsync();
        await client.ExpectAsync(200, "TYPE A");
        var received = await client.FetchTextAsync("RETR file");
        Assert.AreEqual(lines.ReplaceLineEndings("\r\n"), received);
    }

    // RFC 959, section 5.4: RETR: 550. Nothing is opened for what is refused, and the data connection closes by FIN.
    [TestMethod]
    [DataRow("RETR none")]
    [DataRow("RETR d")]
    [DataRow("RETR /")]
    [DataRow("RETR \u0001")]
    [DataRow("LIST none")]
    [DataRow("NLST none")]
    [DataRow("MLSD none")]
    [DataRow("STOR new")]
    public async Task Refusal_IsOne550_AndTheDataConnectionEndsByFin(string command)
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/d/a", "abc");
        using var client = await host.LogInAsync();
        using var data = await client.OpenPassiveAsync();
        await data.SendAsync(new byte[10]);
        await client.ExpectAsync(550, command);
        Assert.AreEqual(0, (await client.ReadToEndAsync(data)).Length);
        Assert.AreEqual("abc", await client.FetchTextAsync("RETR d/a"));
    }

    [TestMethod]
    public async Task Retr_WithoutADataConnection_Is425()
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/a", "abc");
        using var client = await host.LogInAsync();
        await client.ExpectAsync(425, "RETR a");
        await client.ExpectAsync(425, "LIST");
    }

    [TestMethod]
    [DataRow(FileErrorKind.NotFound, 550)]
    [DataRow(FileErrorKind.IsDirectory, 550)]
    [DataRow(FileErrorKind.AccessDenied, 550)]
    [DataRow(FileErrorKind.Unreachable, 450)]
    [DataRow(FileErrorKind.Failed, 451)]
    [DataRow(FileErrorKind.Busy, 450)]
    public async Task Retr_WhenTheTreeCannotOpen_GivesTheReason(FileErrorKind kind, int code)
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/a", "abc").OpenError = new FileError(kind, "/a on n1 cannot be had");
        using var client = await host.LogInAsync();
        await client.ExpectAsync(227, "PASV");
        StringAssert.Contains(await client.ExpectAsync(code, "RETR a"), "/a on n1 cannot be had");
    }

    // The snapshot is stale: the reply depends on the file that is opened.
    [TestMethod]
    public async Task Retr_OfAFileThatChangedMeanwhile_SendsTheNewOne()
    {
        var now = new MemoryFileTree().File("/a", "old");
        var tree = new StaleTree(now.Snapshot, now);
        now.File("/a", "new content", UnixTime.FromSeconds(1_500_000_000));
        await using var host = await FtpHost.StartAsync(tree);
        using var client = await host.LogInAsync();
        await client.ExpectAsync(350, "REST 4");
        Assert.AreEqual("content", await client.FetchTextAsync("RETR a"));
    }

    // RFC 959, section 5.4: "451 Requested action aborted: local error in processing." Nothing is padded.
    [TestMethod]
    public async Task Retr_WhenTheContentBreaksOff_Is451()
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/a", Large[..100_000]).Content = (_, _, range) => new BrokenContent(range, 1000);
        using var client = await host.LogInAsync();
        using var data = await client.OpenPassiveAsync();
        await client.ExpectAsync(150, "RETR a");
        Assert.AreEqual(1000, (await client.ReadToEndAsync(data)).Length);
        StringAssert.Contains(await client.ExpectAsync(451), "node n2 went away");
        StringAssert.Contains(host.Warnings.Single(), "RETR /a");
        await client.ExpectAsync(200, "NOOP");
    }

    [TestMethod]
    public async Task Retr_OfAFileThatBecameShorter_Is451AndNotPadded()
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/a", Large[..3_000_000]).Content = (_, bytes, range) => new DiskContent(bytes[..2_000_000], range);
        using var client = await host.LogInAsync();
        using var data = await client.OpenPassiveAsync();
        await client.ExpectAsync(150, "RETR a");
        Assert.AreEqual(2_000_000, (await client.ReadToEndAsync(data)).Length);
        await client.ExpectAsync(451);
    }

    // RFC 959, section 5.4: "426 Connection closed; transfer aborted."
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task Retr_WhenTheClientResetsTheDataConnection_Is426(bool fromDisk)
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/a", Large);
        if (fromDisk) host.Tree.Content = (_, all, range) => new DiskContent(all, range);
        using var client = await host.LogInAsync();
        var data = await client.OpenPassiveAsync();
        await client.ExpectAsync(150, "RETR a");
        await client.ReadExactlyAsync(data, 1000);
        data.LingerState = new LingerOption(true, 0);
        data.Dispose();
        await client.ExpectAsync(426);
        await client.ExpectAsync(200, "NOOP");
        Assert.IsFalse(host.Warnings.Any(), "a client that left is no failure");
    }

    // 226 is sent only after the client has acknowledged the last byte: a client that reads nothing does not get it, however small the file
    // is.
    [TestMethod]
    public async Task Retr_WhenTheClientResetsWithTheDataInFlight_IsNot226()
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/a", Large[..2_000_000]);
        using var client = await host.LogInAsync();
        var endPoint = RawFtpClient.PassiveEndPoint(await client.ExpectAsync(227, "PASV"));
        var data = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await data.ConnectAsync(endPoint);
        await client.ExpectAsync(150, "RETR a");
        await client.ReadExactlyAsync(data, 1000);
        data.LingerState = new LingerOption(true, 0);
        data.Dispose();
        await client.ExpectAsync(426);
    }

    // A slow reader is not an idle client.
    [TestMethod]
    public async Task Retr_ThatTakesLongerThanTheIdleTime_GoesOn()
    {
        var time = new FakeTimeProvider(WholeRun.Time);
        // Kernels buffer megabytes, so on a busy machine the sender may pause while the client reads on.
        await using var host = await FtpHost.StartAsync(options: new FtpOptions { StallTimeout = TimeSpan.FromHours(2) }, time: time);
        host.Tree.File("/a", Large).Content = (_, all, range) => new DiskContent(all, range);
        using var client = await host.LogInAsync();
        using var data = await client.OpenPassiveAsync();
        // With these limits the server's transfer is not complete while more than this is unread; after that, the session is idle again.
        data.ReceiveBufferSize = 1_000_000;
        const int MostBuffered = 10_000_000;
        await client.ExpectAsync(150, "RETR a");
        var left = Large.Length;
        var passed = TimeSpan.Zero;
        while (left > 0)
        {
            var piece = Math.Min(left, 5_000_000);
            await client.ReadExactlyAsync(data, piece);
            left -= piece;
            if (left <= MostBuffered) continue;
            time.Advance(TimeSpan.FromMinutes(5));
            passed += TimeSpan.FromMinutes(5);
        }

        Assert.IsTrue(passed > new FtpOptions().IdleTimeout);

        Assert.AreEqual(0, (await client.ReadToEndAsync(data)).Length);
        var done = client.ReadReplyAsync();
        await client.WaitUntilAsync(() =>
        {
            time.Advance(TimeSpan.FromMilliseconds(60));
            return done.IsCompleted;
        });
        Assert.AreEqual(226, RawFtpClient.CodeOf(await done));
        await client.ExpectAsync(200, "NOOP");
    }

    [TestMethod]
    public async Task Retr_WithoutProgress_IsCutBy426()
    {
        var time = new FakeTimeProvider(WholeRun.Time);
        await using var host = await FtpHost.StartAsync(time: time);
        StuckContent? stuck = null;
        host.Tree.File("/a", Large[..10_000]).Content = (_, _, range) => stuck = new StuckContent(range, 1000);
        using var client = await host.LogInAsync();
        using var data = await client.OpenPassiveAsync();
        await client.ExpectAsync(150, "RETR a");
        await client.ReadExactlyAsync(data, 1000);
        // Stop here: beyond this the session would be idle for too long.
        await client.WaitUntilAsync(() =>
        {
            if (!stuck!.Disposed.IsCompleted) time.Advance(new FtpOptions().StallTimeout);
            return stuck.Disposed.IsCompleted;
        });
        Assert.AreEqual(426, RawFtpClient.CodeOf(await client.ReadReplyAsync()));
    }

    [TestMethod]
    public async Task Retr_ManyTimesInOneSession_LeavesNothingOpen()
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/a", Encoding.UTF8.GetBytes("abc")).Content = (_, all, range) => new DiskContent(all, range);
        using var client = await host.LogInAsync();
        Assert.AreEqual("abc", await client.FetchTextAsync("RETR a"));
        var before = OpenDescriptors();
        for (var time = 0; time < 200; time++) Assert.AreEqual("abc", await client.FetchTextAsync("RETR a"));
        if (OperatingSystem.IsLinux()) Assert.IsTrue(OpenDescriptors() < before + 100, $"{before} → {OpenDescriptors()} descriptors");
    }

    private static int OpenDescriptors() => OperatingSystem.IsLinux() ? Directory.GetFiles("/proc/self/fd").Length : 0;

    private static byte[] MakeLarge()
    {
        var bytes = new byte[32_000_000];
        new Random(20161022).NextBytes(bytes);
        return bytes;
    }
}
