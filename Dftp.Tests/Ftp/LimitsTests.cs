using Dftp.Ftp;
using Dftp.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Dftp.Tests.Ftp;

[TestClass]
public sealed class LimitsTests
{
    public TestContext TestContext { get; set; } = null!;

    // RFC 959, section 5.4: "421 Service not available, closing control connection."
    [TestMethod]
    [DataRow(1, 10)]
    [DataRow(10, 1)]
    public async Task Session_OverALimit_Is421AndClosed(int max, int maxPerAddress)
    {
        await using var host = await FtpHost.StartAsync(
            options: new FtpOptions { MaxSessions = max, MaxSessionsPerAddress = maxPerAddress });
        using (var first = await host.LogInAsync())
        {
            using var second = await host.ConnectAsync();
            await second.ExpectAsync(421);
            await second.ExpectEndAsync();
            await first.ExpectAsync(221, "QUIT");
            await first.ExpectEndAsync();
            await first.WaitUntilAsync(() => host.Handler.SessionCount == 0);
        }

        using var third = await host.LogInAsync();
    }

    [TestMethod]
    public async Task IdleSession_Is421AfterTheIdleTime_AndNotBefore()
    {
        var time = new FakeTimeProvider(WholeRun.Time);
        await using var host = await FtpHost.StartAsync(time: time);
        using var client = await host.LogInAsync();
        time.Advance(TimeSpan.FromMinutes(14));
        await client.ExpectAsync(200, "NOOP");
        time.Advance(TimeSpan.FromMinutes(15));
        await client.ExpectAsync(421);
        await client.ExpectEndAsync();
    }

    [TestMethod]
    public async Task Session_WithoutALogin_Is421AfterTheLoginTime_WhateverItSends()
    {
        var time = new FakeTimeProvider(WholeRun.Time);
        await using var host = await FtpHost.StartAsync(time: time);
        using var client = await host.ConnectAsync();
        await client.ExpectAsync(220);
        time.Advance(TimeSpan.FromMinutes(1));
        await client.ExpectAsync(211, "FEAT");
        time.Advance(TimeSpan.FromSeconds(59));
        await client.ExpectAsync(211, "FEAT");
        time.Advance(TimeSpan.FromSeconds(1));
        await client.ExpectAsync(421);
        await client.ExpectEndAsync();
    }

    // A client that sends commands and never reads must not keep its session indefinitely.
    [TestMethod]
    public async Task Client_ThatNeverReads_IsCut()
    {
        var time = new FakeTimeProvider(WholeRun.Time);
        await using var host = await FtpHost.StartAsync(time: time);
        using var client = await host.LogInAsync();
        using var watcher = await host.LogInAsync();
        client.Socket.ReceiveBufferSize = 4096;
        var asking = client.SendRawAsync(string.Concat(Enumerable.Repeat("HELP\r\n", 500_000)));
        await watcher.WaitUntilAsync(() =>
        {
            time.Advance(TimeSpan.FromMinutes(1));
            return host.Handler.SessionCount == 0;
        });
        try
        {
            await asking;
        }
        catch (System.Net.Sockets.SocketException)
        {
            // The server reset the connection.
        }
    }

    [TestMethod]
    public async Task Shutdown_EndsIdleSessionsBy421_AndLetsATransferFinish()
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/a", new byte[20_000_000]);
        using var idle = await host.LogInAsync();
        using var busy = await host.LogInAsync();
        using var data = await busy.OpenPassiveAsync();
        await busy.ExpectAsync(150, "RETR a");
        var stopping = host.StopAsync();
        await idle.ExpectAsync(421);
        await idle.ExpectEndAsync();
        Assert.AreEqual(20_000_000, (await busy.ReadToEndAsync(data)).Length);
        await busy.ExpectAsync(226);
        await busy.ExpectAsync(421);
        await busy.ExpectEndAsync();
        await stopping;
    }

    [TestMethod]
    public async Task Shutdown_CutsATransferAfterTheGrace()
    {
        var time = new AwaitedTime();
        await using var host = await FtpHost.StartAsync(time: time);
        host.Tree.File("/a", new byte[100_000]).Content = (_, _, range) => new StuckContent(range, 1000);
        using var client = await host.LogInAsync();
        using var data = await client.OpenPassiveAsync();
        await client.ExpectAsync(150, "RETR a");
        await client.ReadExactlyAsync(data, 1000);
        var stopping = host.StopAsync();
        await time.PassAsync(new FtpOptions().ShutdownGrace, TestContext.CancellationToken);
        await client.ExpectAsync(426);
        await client.ExpectAsync(421);
        await client.ExpectEndAsync();
        await stopping;
    }
}
