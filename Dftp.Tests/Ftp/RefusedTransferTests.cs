using System.Net;
using System.Net.Sockets;
using System.Text;
using Dftp.Ftp;
using Dftp.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Dftp.Tests.Ftp;

/// <summary>The data connection of a transfer that is refused before 150.</summary>
[TestClass]
public sealed class RefusedTransferTests
{
    private static readonly string[] Refused = ["RETR none", "RETR d", "LIST none", "NLST none", "MLSD none", "STOR new", "APPE new", "STOU", "ABOR"];

    public static IEnumerable<object[]> RefusedCommands => Refused.Select(command => new object[] { command });

    // A client that connects and starts TLS at once is in its handshake when the transfer is refused. If the connection ends then, npm's
    // basic-ftp closes the session.
    [TestMethod]
    [DynamicData(nameof(RefusedCommands))]
    public async Task Refusal_LeavesTheHandshakeOfTheDataConnectionToTheClient(string command)
    {
        await using var host = await StartAsync();
        using var client = await LogInAsync(host, isSecure: true);
        using (var data = await client.OpenPassiveAsync())
        {
            await ExpectRefusalAsync(client, command);
            await using var tls = await client.SecureAsync(data);
            Assert.AreEqual(0, (await client.ReadToEndAsync(tls)).Length);
        }

        Assert.AreEqual("abc", await FetchAsync(client, isSecure: true));
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task Refusal_BeforeTheClientHasConnected_StillTakesItsConnection(bool isSecure)
    {
        await using var host = await StartAsync();
        using var client = await LogInAsync(host, isSecure);
        foreach (var command in Refused)
        {
            var endPoint = RawFtpClient.PassiveEndPoint(await client.ExpectAsync(227, "PASV"));
            await ExpectRefusalAsync(client, command);
            using var data = await client.ConnectDataAsync(endPoint);
            if (!isSecure)
            {
                Assert.AreEqual(0, (await client.ReadToEndAsync(data)).Length);
                continue;
            }

            await using var tls = await client.SecureAsync(data);
            Assert.AreEqual(0, (await client.ReadToEndAsync(tls)).Length);
        }
    }

    // A reset of the data connection reaches some clients before the reply on the control connection.
    [TestMethod]
    public async Task RefusedUpload_WhoseClientKeepsSending_EndsByFin()
    {
        await using var host = await StartAsync();
        using var client = await LogInAsync(host, isSecure: false);
        using var data = await client.OpenPassiveAsync();
        await client.ExpectAsync(550, "STOR new");
        Assert.AreEqual(0, (await client.ReadToEndAsync(data)).Length);
        for (var piece = 0; piece < 100; piece++) await data.SendAsync(new byte[100_000]);
        data.Shutdown(SocketShutdown.Send);
        Assert.AreEqual("abc", await FetchAsync(client, isSecure: false));
    }

    [TestMethod]
    [DataRow("PASV", 227)]
    [DataRow("EPSV", 229)]
    [DataRow("PORT 127,0,0,1,200,1", 200)]
    [DataRow("EPRT |1|127.0.0.1|50000|", 200)]
    [DataRow("QUIT", 221)]
    public async Task NextEndpoint_ClosesTheConnectionOfTheRefusedTransfer(string command, int code)
    {
        var time = new FakeTimeProvider(WholeRun.Time);
        await using var host = await StartAsync(time);
        using var client = await LogInAsync(host, isSecure: true);
        using var data = await client.OpenPassiveAsync();
        await client.ExpectAsync(550, "RETR none");
        await client.ExpectAsync(code, command);
        Assert.AreEqual(0, (await client.ReadToEndAsync(data)).Length);
    }

    // The listener of a refused transfer must not block the only port for the next PASV.
    [TestMethod]
    public async Task RefusedTransfers_WithOnePassivePort_ReleaseThatPort()
    {
        int port;
        using (var search = new TcpListener(IPAddress.Loopback, 0))
        {
            search.Start();
            port = ((IPEndPoint)search.LocalEndpoint).Port;
        }

        await using var host = await StartAsync(options: new FtpOptions { PassivePorts = new PortRange(port, port) });
        using var client = await LogInAsync(host, isSecure: false);
        foreach (var command in Refused)
        {
            await client.ExpectAsync(227, "PASV");
            await ExpectRefusalAsync(client, command);
            using var data = await client.OpenPassiveAsync();
            await ExpectRefusalAsync(client, command);
        }

        Assert.AreEqual("abc", await FetchAsync(client, isSecure: false));
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task RefusedTransfer_WhoseClientDoesNothing_IsClosedAfterTheLimit(bool isConnected)
    {
        var time = new FakeTimeProvider(WholeRun.Time);
        // On a busy machine more than a quarter of an hour is given out before the connection is closed.
        await using var host = await StartAsync(time, new FtpOptions { IdleTimeout = TimeSpan.FromDays(30) });
        using var client = await LogInAsync(host, isSecure: true);
        var endPoint = RawFtpClient.PassiveEndPoint(await client.ExpectAsync(227, "PASV"));
        using var data = isConnected ? await client.ConnectDataAsync(endPoint) : null;
        await client.ExpectAsync(550, "RETR none");
        await client.WaitUntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return !CanConnect(endPoint);
        });
        if (data is not null)
        {
            var end = client.ReadToEndAsync(data);
            await client.WaitUntilAsync(() =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return end.IsCompleted;
            });
            Assert.AreEqual(0, (await end).Length);
        }

        await client.ExpectAsync(200, "NOOP");
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task ManyRefusedTransfersInOneSession_LeaveNothingOpen(bool isSecure)
    {
        await using var host = await StartAsync();
        using var client = await LogInAsync(host, isSecure);
        var before = OpenSockets();
        for (var time = 0; time < 500; time++)
        {
            if (time % 3 == 0) await client.ExpectAsync(229, "EPSV");
            else if (time % 3 == 1) await client.ExpectAsync(200, "PORT 127,0,0,1,200,1");
            using var data = time % 3 == 2 ? await client.OpenPassiveAsync() : null;
            await ExpectRefusalAsync(client, Refused[time % Refused.Length]);
        }

        await client.ExpectAsync(200, "NOOP");
        await Eventually.TrueAsync(() => OpenSockets() <= before + 4, "a session has at most one endpoint");
    }

    [TestMethod]
    public async Task ManySessionsWithARefusedTransfer_LeaveNothingOpen()
    {
        await using var host = await StartAsync();
        var before = OpenSockets();
        for (var round = 0; round < 10; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 50).Select(async number =>
            {
                using var client = await LogInAsync(host, isSecure: number % 2 == 0);
                using var data = number % 3 == 0 ? null : await client.OpenPassiveAsync();
                if (data is null) await client.ExpectAsync(227, "PASV");
                await ExpectRefusalAsync(client, Refused[number % Refused.Length]);
            }));
        }

        await Eventually.TrueAsync(() => host.Handler.SessionCount == 0 && OpenSockets() <= before + 4, "all sockets are closed");
    }

    private static Task<FtpHost> StartAsync(TimeProvider? time = null, FtpOptions? options = null) => FtpHost.StartAsync(
        new MemoryFileTree().File("/d/a", "abc"), (options ?? new FtpOptions()) with { Tls = TlsOptions.Server }, time);

    private static async Task<RawFtpClient> LogInAsync(FtpHost host, bool isSecure)
    {
        if (!isSecure) return await host.LogInAsync();
        var client = await host.ConnectAsync();
        await client.ExpectAsync(220);
        await client.ExpectAsync(234, "AUTH TLS");
        await client.SecureAsync();
        await client.ExpectAsync(331, "USER ftp");
        await client.ExpectAsync(230, "PASS me@");
        await client.ExpectAsync(200, "PBSZ 0");
        await client.ExpectAsync(200, "PROT P");
        await client.ExpectAsync(200, "TYPE I");
        return client;
    }

    private static Task<string> ExpectRefusalAsync(RawFtpClient client, string command) => client.ExpectAsync(command == "ABOR" ? 226 : 550, command);

    private static async Task<string> FetchAsync(RawFtpClient client, bool isSecure)
    {
        if (!isSecure) return await client.FetchTextAsync("RETR d/a");
        using var data = await client.OpenPassiveAsync();
        await client.ExpectAsync(150, "RETR d/a");
        await using var tls = await client.SecureAsync(data);
        var bytes = await client.ReadToEndAsync(tls);
        await client.ExpectAsync(226);
        return Encoding.UTF8.GetString(bytes);
    }

    private static bool CanConnect(IPEndPoint endPoint)
    {
        using var probe = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Connect(endPoint);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int OpenSockets() => OperatingSystem.IsLinux()
        ? Directory.GetFiles("/proc/self/fd").Count(fd => new FileInfo(fd).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true)
        : 0;
}
