using System.Net.Sockets;

namespace Dftp.Tests.Ftp;

[TestClass]
public sealed class ControlConnectionTests
{
    [TestMethod]
    public async Task PipelinedCommands_AreAnsweredInOrder()
    {
        await using var host = await FtpHost.StartAsync();
        using var client = await host.ConnectAsync();
        await client.SendRawAsync("USER ftp\r\nPASS x\nPWD\r\nXYZZY\r\nNOOP\r\nQUIT\r\n");
        foreach (var code in new[] { 220, 331, 230, 257, 500, 200, 221 }) await client.ExpectAsync(code);
        await client.ExpectEndAsync();
    }

    [TestMethod]
    public async Task Command_ThatComesOneByteAtATime_IsOneCommand()
    {
        await using var host = await FtpHost.StartAsync();
        using var client = await host.LogInAsync();
        foreach (var one in "NOOP\r\n"u8.ToArray()) await client.SendRawAsync(one);
        await client.ExpectAsync(200);
    }

    [TestMethod]
    public async Task LineOverTheLimit_Is500_AndTheNextCommandWorks()
    {
        await using var host = await FtpHost.StartAsync();
        using var client = await host.LogInAsync();
        await client.ExpectAsync(500, "RETR " + new string('a', 100_000));
        await client.ExpectAsync(550, "RETR " + new string('a', 5_000));
        await client.ExpectAsync(200, "NOOP");
    }

    [TestMethod]
    public async Task NulAndInvalidUtf8_Are501_AndRepliesStayUtf8()
    {
        await using var host = await FtpHost.StartAsync();
        using var client = await host.LogInAsync();
        await client.SendRawAsync([.. "RETR a\0b\r\n"u8]);
        await client.ExpectAsync(501);
        await client.SendRawAsync([.. "RETR "u8, 0xC3, 0x28, .. "\r\n"u8]);
        await client.ExpectAsync(501);
        await client.ExpectAsync(500, "ÀÉ\u0007\u001b[31m");
    }

    // RFC 959, section 4.1.3, ABOR: when the previous command was completed, the server "responds with a 226 reply, indicating that the
    // abort command was successfully processed".
    [TestMethod]
    public async Task Abor_WhenIdle_Is226()
    {
        await using var host = await FtpHost.StartAsync();
        using var client = await host.LogInAsync();
        await client.ExpectAsync(226, "ABOR");
    }

    // RFC 959: otherwise "the server aborts the FTP service in progress and closes the data connection, returning a 426 reply ... The
    // server then sends a 226 reply".
    [TestMethod]
    public async Task Abor_DuringATransfer_Is426AndThen226()
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/a", new byte[64_000_000]).Content = (_, all, range) => new DiskContent(all, range);
        using var client = await host.LogInAsync();
        using var data = await client.OpenPassiveAsync();
        await client.ExpectAsync(150, "RETR a");
        await client.ReadExactlyAsync(data, 1000);
        await client.ExpectAsync(426, "ABOR");
        await client.ExpectAsync(226);
        Assert.IsTrue((await client.ReadToEndAsync(data)).Length < 64_000_000);
        await client.ExpectAsync(227, "PASV");
        await client.ExpectAsync(150, "LIST");
        await client.ExpectAsync(426, "ABOR");
        await client.ExpectAsync(226);
    }

    // RFC 959, section 4.1: a command during a transfer is announced by the Telnet IP and Synch signals, that is IAC IP, and IAC DM whose
    // last byte is urgent.
    [TestMethod]
    public async Task Abor_AsATelnetSynchWithUrgentData_StopsTheTransfer()
    {
        await using var host = await FtpHost.StartAsync();
        var content = new TaskCompletionSource<StuckContent>();
        host.Tree.File("/a", new byte[100_000]).Content = (_, _, range) =>
        {
            var stuck = new StuckContent(range, 1000);
            content.SetResult(stuck);
            return stuck;
        };
        using var client = await host.LogInAsync();
        using var data = await client.OpenPassiveAsync();
        await client.ExpectAsync(150, "RETR a");
        await client.SendRawAsync(255, 244);
        await client.Socket.SendAsync(new byte[] { 255, 242 }, SocketFlags.OutOfBand);
        await client.SendRawAsync("ABOR\r\n");
        await client.ExpectAsync(426);
        await client.ExpectAsync(226);
        await (await content.Task).Disposed;
        Assert.AreEqual(1000, (await client.ReadToEndAsync(data)).Length);
        await client.ExpectAsync(200, "NOOP");
    }

    [TestMethod]
    public async Task Abor_WhileTheDataConnectionIsAwaited_Is426AndThen226()
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/a", "abc");
        using var client = await host.LogInAsync();
        await client.ExpectAsync(227, "PASV");
        await client.ExpectAsync(150, "RETR a");
        await client.ExpectAsync(426, "ABOR");
        await client.ExpectAsync(226);
        Assert.AreEqual("abc", await client.FetchTextAsync("RETR a"));
    }

    [TestMethod]
    public async Task Commands_DuringATransfer_WaitForTheirTurn()
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/a", new byte[20_000_000]);
        using var client = await host.LogInAsync();
        using var data = await client.OpenPassiveAsync();
        await client.SendRawAsync("RETR a\r\nPWD\r\nNOOP\r\n");
        await client.ExpectAsync(150);
        Assert.AreEqual(20_000_000, (await client.ReadToEndAsync(data)).Length);
        await client.ExpectAsync(226);
        await client.ExpectAsync(257);
        await client.ExpectAsync(200);
    }

    [TestMethod]
    public async Task ManyCommands_DuringATransfer_AreAllAnswered()
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/a", new byte[20_000_000]);
        using var client = await host.LogInAsync();
        using var data = await client.OpenPassiveAsync();
        await client.SendRawAsync("RETR a\r\n" + string.Concat(Enumerable.Repeat("NOOP\r\n", 1000)) + "PWD\r\n");
        await client.ExpectAsync(150);
        Assert.AreEqual(20_000_000, (await client.ReadToEndAsync(data)).Length);
        await client.ExpectAsync(226);
        for (var time = 0; time < 1000; time++) await client.ExpectAsync(200);
        await client.ExpectAsync(257);
    }

    // RFC 959, section 4.1.3: ABOR ends the previous command, however many others were sent between the two.
    [TestMethod]
    [DataRow(64)]
    [DataRow(10_000)]
    public async Task Abor_BehindManyCommands_StopsTheTransfer(int commands)
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/a", new byte[100_000]).Content = (_, _, range) => new StuckContent(range, 1000);
        using var client = await host.LogInAsync();
        using var data = await client.OpenPassiveAsync();
        await client.SendRawAsync("RETR a\r\n" + string.Concat(Enumerable.Repeat("NOOP\r\n", commands)) + "ABOR\r\n");
        await client.ExpectAsync(150);
        await client.ExpectAsync(426);
        for (var time = 0; time < commands; time++) await client.ExpectAsync(200);
        await client.ExpectAsync(226);
    }

    [TestMethod]
    public async Task ControlConnection_ThatEndsBehindManyCommands_EndsTheTransfer()
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/a", new byte[100_000]).Content = (_, _, range) => new StuckContent(range, 1000);
        using var watcher = await host.LogInAsync();
        var client = await host.LogInAsync();
        using var data = await client.OpenPassiveAsync();
        await client.ExpectAsync(150, "RETR a");
        await client.SendRawAsync(string.Concat(Enumerable.Repeat("NOOP\r\n", 1000)));
        client.Dispose();
        Assert.AreEqual(1000, (await watcher.ReadToEndAsync(data)).Length);
        await watcher.WaitUntilAsync(() => host.Handler.SessionCount == 1);
    }

    [TestMethod]
    public async Task Quit_BehindManyCommands_LetsTheTransferFinish()
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/a", new byte[20_000_000]);
        using var client = await host.LogInAsync();
        using var data = await client.OpenPassiveAsync();
        await client.SendRawAsync("RETR a\r\n" + string.Concat(Enumerable.Repeat("NOOP\r\n", 1000)) + "QUIT\r\n");
        client.Socket.Shutdown(SocketShutdown.Send);
        await client.ExpectAsync(150);
        Assert.AreEqual(20_000_000, (await client.ReadToEndAsync(data)).Length);
        await client.ExpectAsync(226);
        for (var time = 0; time < 1000; time++) await client.ExpectAsync(200);
        await client.ExpectAsync(221);
        await client.ExpectEndAsync();
    }

    // Commands that wait for their turn are kept in memory.
    [TestMethod]
    [DataRow("NOOP")]
    [DataRow("")]
    [DataRow("SIZE 8000")]
    public async Task TooManyCommandsDuringATransfer_EndTheSessionBy421(string command)
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/a", new byte[100_000]).Content = (_, _, range) => new StuckContent(range, 1000);
        using var client = await host.LogInAsync();
        using var data = await client.OpenPassiveAsync();
        await client.ExpectAsync(150, "RETR a");
        var line = command.Replace("8000", new string('x', 8000), StringComparison.Ordinal) + "\r\n";
        await client.SendRawAsync(string.Concat(Enumerable.Repeat(line, 20_000_000 / 1000 / Math.Max(line.Length / 64, 1))));
        await client.ExpectAsync(426);
        await client.ExpectAsync(421);
    }

    // RFC 959, section 4.1.3: "The command may be sent during a file transfer ... in which case the server will respond with the status
    // of the operation in progress".
    [TestMethod]
    public async Task Stat_DuringATransfer_ReportsItsProgress()
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/a", new byte[100_000]).Content = (_, _, range) => new StuckContent(range, 1000);
        using var client = await host.LogInAsync();
        using var data = await client.OpenPassiveAsync();
        await client.ExpectAsync(150, "RETR a");
        await client.ReadExactlyAsync(data, 1000);
        string status;
        do
        {
            status = await client.ExpectAsync(211, "STAT");
            StringAssert.Contains(status, "A transfer is running");
        }
        while (!status.Contains(" 1000 bytes", StringComparison.Ordinal));

        await client.ExpectAsync(426, "ABOR");
        await client.ExpectAsync(226);
    }

    // RFC 959, QUIT: "if file transfer is in progress, the connection will remain open for result response and the server will then
    // close it".
    [TestMethod]
    public async Task Quit_DuringATransfer_LetsItFinish()
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/a", new byte[20_000_000]);
        using var client = await host.LogInAsync();
        using var data = await client.OpenPassiveAsync();
        await client.SendRawAsync("RETR a\r\nQUIT\r\n");
        client.Socket.Shutdown(SocketShutdown.Send);
        await client.ExpectAsync(150);
        Assert.AreEqual(20_000_000, (await client.ReadToEndAsync(data)).Length);
        await client.ExpectAsync(226);
        await client.ExpectAsync(221);
        await client.ExpectEndAsync();
    }

    // RFC 959, section 3.2: the server MUST close the data connection when "the control connection is closed legally or otherwise".
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task ControlConnection_ThatEnds_EndsTheTransferAndTheSession(bool byReset)
    {
        await using var host = await FtpHost.StartAsync();
        var content = new TaskCompletionSource<StuckContent>();
        host.Tree.File("/a", new byte[100_000]).Content = (_, _, range) =>
        {
            var stuck = new StuckContent(range, 1000);
            content.SetResult(stuck);
            return stuck;
        };
        using var watcher = await host.LogInAsync();
        var client = await host.LogInAsync();
        using var data = await client.OpenPassiveAsync();
        await client.ExpectAsync(150, "RETR a");
        if (byReset) client.Socket.LingerState = new LingerOption(true, 0);
        client.Dispose();
        await (await content.Task).Disposed;
        Assert.AreEqual(1000, (await watcher.ReadToEndAsync(data)).Length);
        await watcher.WaitUntilAsync(() => host.Handler.SessionCount == 1);
        Assert.IsFalse(host.Warnings.Any(), "a client that left is no failure");
    }

    [TestMethod]
    public async Task SessionsCutAtAnyPoint_LeaveNothingOpen()
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/a", new byte[5_000_000]);
        using var watcher = await host.LogInAsync();
        for (var time = 0; time < 60; time++)
        {
            using var client = await host.LogInAsync();
            if (time % 3 == 0) continue;
            using var data = await client.OpenPassiveAsync();
            if (time % 3 == 1) continue;
            await client.ExpectAsync(150, "RETR a");
        }

        await watcher.WaitUntilAsync(() => host.Handler.SessionCount == 1);
    }
}
