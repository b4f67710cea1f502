using System.Net;
using System.Net.Sockets;
using System.Text;
using Dftp.Ftp;
using Dftp.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Dftp.Tests.Ftp;

[TestClass]
public sealed class DataEndpointTests
{
    // RFC 959, section 4.1.2: PASV's reply "includes the host and port address this server is listening on": the one that the client
    // reached.
    [TestMethod]
    public async Task Pasv_NamesTheAddressThatTheClientReached()
    {
        await using var host = await FtpHost.StartAsync(address: IPAddress.Any);
        using var client = await RawFtpClient.ConnectAsync(new IPEndPoint(IPAddress.Parse("127.0.0.7"), host.EndPoint.Port));
        await LogInAsync(client);
        Assert.AreEqual(IPAddress.Parse("127.0.0.7"), RawFtpClient.PassiveEndPoint(await client.ExpectAsync(227, "PASV")).Address);
    }

    // An IPv4 client of a dual-stack listener has an IPv4-mapped address.
    [TestMethod]
    public async Task Pasv_OnADualStackListener_UnmapsTheAddress()
    {
        await using var host = await FtpHost.StartAsync(address: IPAddress.IPv6Any);
        host.Tree.File("/a", "abc");
        using var client = await RawFtpClient.ConnectAsync(new IPEndPoint(IPAddress.Loopback, host.EndPoint.Port));
        await LogInAsync(client);
        Assert.AreEqual("abc", await client.FetchTextAsync("RETR a"));
    }

    [TestMethod]
    public async Task Pasv_WithAPublicAddress_NamesThatAddress()
    {
        await using var host = await FtpHost.StartAsync(options: new FtpOptions { PublicAddress = new PublicAddress("203.0.113.9") });
        using var client = await host.LogInAsync();
        Assert.AreEqual(IPAddress.Parse("203.0.113.9"), RawFtpClient.PassiveEndPoint(await client.ExpectAsync(227, "PASV")).Address);
    }

    [TestMethod]
    public async Task Pasv_WithAPortRange_StaysInsideAndReusesItsPorts()
    {
        var free = FreePort();
        await using var host = await FtpHost.StartAsync(options: new FtpOptions { PassivePorts = new PortRange(free, free) });
        host.Tree.File("/a", "abc");
        using var client = await host.LogInAsync();
        for (var time = 0; time < 3; time++)
        {
            Assert.AreEqual(free, RawFtpClient.PassiveEndPoint(await client.ExpectAsync(227, "PASV")).Port);
            Assert.AreEqual("abc", await client.FetchTextAsync("RETR a"));
        }

        using var other = await host.LogInAsync();
        await client.ExpectAsync(227, "PASV");
        await other.ExpectAsync(425, "PASV");
        await other.ExpectAsync(425, "EPSV");
        await other.ExpectAsync(425, "LIST");
    }

    // RFC 2428, section 3: "229 ... (<d><d><d><tcp-port><d>)".
    [TestMethod]
    [DataRow("EPSV")]
    [DataRow("EPSV 1")]
    public async Task Epsv_NamesAPort(string command)
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/a", "abc");
        using var client = await host.LogInAsync();
        var port = RawFtpClient.ExtendedPassivePort(await client.ExpectAsync(229, command));
        using var data = await client.ConnectDataAsync(new IPEndPoint(IPAddress.Loopback, port));
        await client.ExpectAsync(150, "RETR a");
        Assert.AreEqual("abc", Encoding.UTF8.GetString(await client.ReadToEndAsync(data)));
        await client.ExpectAsync(226);
    }

    // RFC 959, section 4.1.2: the server connects to the port that the client names, whatever it sends there.
    [TestMethod]
    [DataRow("RETR a", "abc")]
    [DataRow("NLST", "a\r\n")]
    [DataRow("NLST a", "a\r\n")]
    public async Task Port_TransfersFilesAndListings(string command, string expected)
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/a", "abc");
        using var client = await host.LogInAsync();
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();

        await client.ExpectAsync(200, $"EPRT |1|127.0.0.1|{((IPEndPoint)listener.LocalEndPoint!).Port}|");
        await client.ExpectAsync(150, command);
        using var data = await client.AcceptAsync(listener);

        Assert.AreEqual(expected, Encoding.UTF8.GetString(await client.ReadToEndAsync(data)));
        await client.ExpectAsync(226);
    }

    [TestMethod]
    public async Task Epsv_OverIPv6_Works_AndPasvDoesNot()
    {
        if (!Socket.OSSupportsIPv6) Assert.Inconclusive("no IPv6 here");
        await using var host = await FtpHost.StartAsync(address: IPAddress.IPv6Loopback);
        host.Tree.File("/a", "abc");
        using var client = await host.LogInAsync();
        await client.ExpectAsync(522, "PASV");
        await client.ExpectAsync(522, "EPSV 1");
        var port = RawFtpClient.ExtendedPassivePort(await client.ExpectAsync(229, "EPSV 2"));
        using var data = await client.ConnectDataAsync(new IPEndPoint(IPAddress.IPv6Loopback, port));
        await client.ExpectAsync(150, "RETR a");
        Assert.AreEqual("abc", Encoding.UTF8.GetString(await client.ReadToEndAsync(data)));
        await client.ExpectAsync(226);
    }

    // RFC 2428, section 2: "522 Network protocol not supported, use (1,2)".
    [TestMethod]
    [DataRow("EPSV 2", 522)]
    [DataRow("EPSV 3", 522)]
    [DataRow("EPSV x", 501)]
    [DataRow("EPRT |2|::1|50000|", 522)]
    [DataRow("EPRT |3|127.0.0.1|50000|", 522)]
    [DataRow("EPRT |1|127.0.0.1|50000", 501)]
    [DataRow("EPRT |1|nowhere|50000|", 501)]
    [DataRow("EPRT |1|127.0.0.1|70000|", 501)]
    [DataRow("EPRT |1|127.0.0.1|50000|", 200)]
    [DataRow("EPRT !1!127.0.0.1!50000!", 200)]
    [DataRow("PORT 127,0,0,1,200,1", 200)]
    [DataRow("PORT 127,0,0,1,200", 501)]
    [DataRow("PORT 127,0,0,1,256,1", 501)]
    [DataRow("PORT 127,0,0,1,-2,1", 501)]
    [DataRow("PORT", 501)]
    public async Task DataPort_IsAcceptedOrRefused(string command, int code)
    {
        await using var host = await FtpHost.StartAsync();
        using var client = await host.LogInAsync();
        var reply = await client.ExpectAsync(code, command);
        if (code == 522) StringAssert.Contains(reply, "(1,2)");
    }

    // RFC 2577, section 3: no bounce to other machines and no ports below 1024.
    [TestMethod]
    [DataRow("PORT 10,0,0,1,200,1")]
    [DataRow("PORT 127,0,0,1,0,25")]
    [DataRow("EPRT |1|10.0.0.1|50000|")]
    [DataRow("EPRT |1|127.0.0.1|25|")]
    public async Task DataPort_OfAnotherMachineOrService_IsRefused(string command)
    {
        await using var host = await FtpHost.StartAsync();
        using var client = await host.LogInAsync();
        await client.ExpectAsync(504, command);
        await client.ExpectAsync(425, "LIST");
    }

    // RFC 2428, section 4: after EPSV ALL "the server MUST reject all data connection setup commands other than EPSV".
    [TestMethod]
    public async Task EpsvAll_RefusesOtherCommands()
    {
        await using var host = await FtpHost.StartAsync();
        using var client = await host.LogInAsync();
        await client.ExpectAsync(200, "EPSV ALL");
        await client.ExpectAsync(503, "PASV");
        await client.ExpectAsync(503, "PORT 127,0,0,1,200,1");
        await client.ExpectAsync(503, "EPRT |1|127.0.0.1|50000|");
        await client.ExpectAsync(229, "EPSV");
    }

    [TestMethod]
    [DataRow("PORT")]
    [DataRow("EPRT")]
    public async Task ActiveMode_ConnectsToTheClient(string verb)
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/a", new byte[300_000]);
        using var client = await host.LogInAsync();
        using var listener = Listen();
        var port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        await client.ExpectAsync(200, verb == "PORT" ? $"PORT 127,0,0,1,{port / 256},{port % 256}" : $"EPRT |1|127.0.0.1|{port}|");
        await client.ExpectAsync(150, "RETR a");
        using var data = await client.AcceptAsync(listener);
        Assert.AreEqual(300_000, (await client.ReadToEndAsync(data)).Length);
        await client.ExpectAsync(226);
        await client.ExpectAsync(425, "RETR a");
    }

    // RFC 959, section 5.4: "425 Can't open data connection."
    [TestMethod]
    public async Task ActiveMode_WhenNobodyListens_Is425()
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/a", "abc");
        using var client = await host.LogInAsync();
        var port = FreePort();
        await client.ExpectAsync(200, $"PORT 127,0,0,1,{port / 256},{port % 256}");
        await client.ExpectAsync(150, "RETR a");
        await client.ExpectAsync(425);
        Assert.AreEqual("abc", await client.FetchTextAsync("RETR a"));
    }

    [TestMethod]
    public async Task PassiveMode_WhenTheClientNeverConnects_Is425AfterTheLimit()
    {
        var time = new FakeTimeProvider(WholeRun.Time);
        await using var host = await FtpHost.StartAsync(time: time);
        host.Tree.File("/a", "abc");
        using var client = await host.LogInAsync();
        await client.ExpectAsync(227, "PASV");
        await client.ExpectAsync(150, "RETR a");
        var reply = client.ReadReplyAsync();
        await client.WaitUntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(31));
            return reply.IsCompleted;
        });
        Assert.AreEqual(425, RawFtpClient.CodeOf(await reply));
    }

    // The peer of a passive connection must be the control connection's.
    [TestMethod]
    public async Task PassiveMode_AStrangerGetsNothing_AndTheClientEverything()
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/a", "abc");
        using var client = await host.LogInAsync();
        var endPoint = RawFtpClient.PassiveEndPoint(await client.ExpectAsync(227, "PASV"));
        using var stranger = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        stranger.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.99"), 0));
        await stranger.ConnectAsync(endPoint);
        await client.ExpectAsync(150, "RETR a");
        Assert.AreEqual(0, (await client.ReadToEndAsync(stranger)).Length);
        using var data = await client.ConnectDataAsync(endPoint);
        Assert.AreEqual("abc", Encoding.UTF8.GetString(await client.ReadToEndAsync(data)));
        await client.ExpectAsync(226);
    }

    [TestMethod]
    public async Task Pasv_Again_ClosesTheOldListener()
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/a", "abc");
        using var client = await host.LogInAsync();
        var old = RawFtpClient.PassiveEndPoint(await client.ExpectAsync(227, "PASV"));
        using var waiting = await client.ConnectDataAsync(old);
        Assert.AreEqual("abc", await client.FetchTextAsync("RETR a"));
        Assert.AreEqual(0, (await client.ReadToEndAsync(waiting)).Length);
        await Assert.ThrowsExactlyAsync<SocketException>(() => client.ConnectDataAsync(old));
    }

    [TestMethod]
    [DataRow("50000-50100", 50000, 50100)]
    [DataRow("1-65535", 1, 65535)]
    [DataRow("2000", 2000, 2000)]
    public void PortRange_IsParsed(string text, int low, int high)
    {
        Assert.IsTrue(PortRange.TryParse(text, out var range));
        Assert.AreEqual(new PortRange(low, high), range);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("-")]
    [DataRow("0-5")]
    [DataRow("9-5")]
    [DataRow("1-65536")]
    [DataRow("1-2-3")]
    [DataRow(null)]
    public void InvalidPortRange_IsRefused(string? text) => Assert.IsFalse(PortRange.TryParse(text, out _));

    private static async Task LogInAsync(RawFtpClient client)
    {
        await client.ExpectAsync(220);
        await client.ExpectAsync(331, "USER ftp");
        await client.ExpectAsync(230, "PASS x");
    }

    private static Socket Listen()
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        return listener;
    }

    private static int FreePort()
    {
        using var listener = Listen();
        return ((IPEndPoint)listener.LocalEndPoint!).Port;
    }
}
