using System.Net.Sockets;
using System.Security.Authentication;
using Dftp.Ftp;
using Dftp.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Dftp.Tests.Ftp;

[TestClass]
public sealed class ProtectionTests
{
    private static readonly FtpOptions WithTls = new() { Tls = TlsOptions.Server };

    private static Task<FtpHost> StartAsync(TimeProvider? time = null, bool isImplicitTls = false) =>
        FtpHost.StartAsync(options: WithTls, time: time, isImplicitTls: isImplicitTls);

    private static async Task<RawFtpClient> ConnectByTlsAsync(FtpHost host, SslProtocols protocol = SslProtocols.None)
    {
        var client = await host.ConnectAsync();
        await client.ExpectAsync(220);
        await client.ExpectAsync(234, "AUTH TLS");
        await client.SecureAsync(protocol);
        return client;
    }

    private static async Task<RawFtpClient> LogInByTlsAsync(FtpHost host, SslProtocols protocol = SslProtocols.None)
    {
        var client = await ConnectByTlsAsync(host, protocol);
        await client.ExpectAsync(331, "USER ftp");
        await client.ExpectAsync(230, "PASS me@");
        await client.ExpectAsync(200, "TYPE I");
        return client;
    }

    private static async Task<byte[]> FetchByTlsAsync(RawFtpClient client, string command, SslProtocols protocol = SslProtocols.None)
    {
        using var data = await client.OpenPassiveAsync();
        await client.ExpectAsync(150, command);
        await using var tls = await client.SecureAsync(data, protocol);
        var bytes = await client.ReadToEndAsync(tls);
        await client.ExpectAsync(226);
        return bytes;
    }

    // RFC 4217, sections 4 and 9: AUTH TLS, PBSZ 0, PROT P, and then every byte of a transfer.
    [TestMethod]
    [DataRow(SslProtocols.Tls12)]
    [DataRow(SslProtocols.Tls13)]
    public async Task ProtectedSession_ListsAndFetches(SslProtocols protocol)
    {
        await using var host = await StartAsync();
        var content = new byte[3_000_000];
        new Random(1).NextBytes(content);
        host.Tree.File("/a", content).File("/b", "").Content = (_, bytes, range) => new Support.MemoryContent(bytes, range);
        using var client = await LogInByTlsAsync(host, protocol);
        await client.ExpectAsync(200, "PBSZ 0");
        await client.ExpectAsync(200, "PROT P");
        CollectionAssert.AreEqual(content, await FetchByTlsAsync(client, "RETR a", protocol));
        Assert.AreEqual(0, (await FetchByTlsAsync(client, "RETR b", protocol)).Length);
        StringAssert.Contains(System.Text.Encoding.UTF8.GetString(await FetchByTlsAsync(client, "MLSD", protocol)), "; a\r\n", StringComparison.Ordinal);
        await client.ExpectAsync(350, "REST 2999990");
        CollectionAssert.AreEqual(content[^10..], await FetchByTlsAsync(client, "RETR a", protocol));
        await client.ExpectAsync(200, "PROT C");
        CollectionAssert.AreEqual(content, await client.FetchAsync("RETR a"));
        await client.ExpectAsync(221, "QUIT");
        await client.ExpectEndAsync();
    }

    [TestMethod]
    public async Task FileOnDisk_IsSentByTls()
    {
        await using var host = await StartAsync();
        var content = new byte[700_000];
        new Random(2).NextBytes(content);
        var path = Path.GetTempFileName();
        await File.WriteAllBytesAsync(path, content);
        host.Tree.File("/a", content).Content = (_, _, range) => new ReadableDiskContent(path, range);
        using var client = await LogInByTlsAsync(host);
        await client.ExpectAsync(200, "PBSZ 0");
        await client.ExpectAsync(200, "PROT P");
        CollectionAssert.AreEqual(content, await FetchByTlsAsync(client, "RETR a"));
        File.Delete(path);
    }

    // Commands that are pipelined during a transfer over TLS are kept: interrupting the read-ahead loses nothing.
    [TestMethod]
    public async Task PipelinedCommands_OverTls_AreAllAnswered()
    {
        await using var host = await StartAsync();
        host.Tree.File("/a", "abc");
        using var client = await LogInByTlsAsync(host);
        for (var round = 0; round < 50; round++)
        {
            using var data = await client.OpenPassiveAsync();
            await client.SendRawAsync("RETR a\r\nNOOP\r\nPWD\r\nSIZE a\r\n");
            foreach (var code in new[] { 150, 226, 200, 257, 213 }) await client.ExpectAsync(code);
        }
    }

    [TestMethod]
    public async Task Abor_OverTls_StopsATransfer()
    {
        await using var host = await StartAsync();
        host.Tree.File("/a", new byte[100_000]).Content = (_, _, range) => new StuckContent(range, 1000);
        using var client = await LogInByTlsAsync(host);
        await client.ExpectAsync(200, "PBSZ 0");
        await client.ExpectAsync(200, "PROT P");
        using var data = await client.OpenPassiveAsync();
        await client.ExpectAsync(150, "RETR a");
        await using var tls = await client.SecureAsync(data);
        await tls.ReadExactlyAsync(new byte[1000]);
        await client.ExpectAsync(426, "ABOR");
        await client.ExpectAsync(226);
        await client.ExpectAsync(200, "NOOP");
    }

    // An attacker in the middle must not inject commands before those of the protected session (CVE-2011-0411 and similar).
    [TestMethod]
    public async Task PlaintextAfterAuth_IsDiscarded()
    {
        await using var host = await StartAsync();
        using var client = await host.ConnectAsync();
        await client.ExpectAsync(220);
        await client.SendRawAsync("AUTH TLS\r\nUSER ftp\r\nPASS injected\r\nCWD /");
        await client.ExpectAsync(234);
        await client.SecureAsync();
        await client.ExpectAsync(503, "PASS me@");
        await client.ExpectAsync(331, "USER ftp");
        await client.ExpectAsync(230, "PASS me@");
    }

    // RFC 2228, section 3: a login without protection is not valid in the protected session.
    [TestMethod]
    public async Task Auth_AfterALogin_NeedsANewOne()
    {
        await using var host = await StartAsync();
        using var client = await host.LogInAsync();
        await client.ExpectAsync(234, "AUTH TLS-C");
        await client.SecureAsync();
        await client.ExpectAsync(530, "PWD");
        await client.ExpectAsync(503, "AUTH TLS");
        await client.ExpectAsync(502, "REIN");
    }

    [TestMethod]
    public async Task AuthSsl_ProtectsDataConnectionsToo()
    {
        await using var host = await StartAsync();
        host.Tree.File("/a", "abc");
        using var client = await host.ConnectAsync();
        await client.ExpectAsync(220);
        await client.ExpectAsync(234, "AUTH SSL");
        await client.SecureAsync();
        await client.ExpectAsync(331, "USER ftp");
        await client.ExpectAsync(230, "PASS me@");
        CollectionAssert.AreEqual("abc"u8.ToArray(), await FetchByTlsAsync(client, "RETR a"));
    }

    // RFC 2228, section 3: PBSZ and PROT after the security exchange only (503), PROT after PBSZ only; 504 and 536 for other levels.
    [TestMethod]
    public async Task ProtectionCommands_OutOfOrderOrUnknown_AreRefused()
    {
        await using var host = await StartAsync();
        using var client = await host.ConnectAsync();
        await client.ExpectAsync(220);
        await client.ExpectAsync(503, "PBSZ 0");
        await client.ExpectAsync(503, "PROT P");
        await client.ExpectAsync(504, "AUTH KERBEROS_V4");
        await client.ExpectAsync(501, "AUTH");
        await client.ExpectAsync(234, "AUTH TLS");
        await client.SecureAsync();
        await client.ExpectAsync(503, "PROT P");
        await client.ExpectAsync(501, "PBSZ x");
        Assert.AreEqual("200 PBSZ=0", await client.SendAsync("PBSZ 16384"));
        await client.ExpectAsync(536, "PROT S");
        await client.ExpectAsync(536, "PROT E");
        await client.ExpectAsync(504, "PROT X");
    }

    // RFC 4217, section 6, and RFC 2389: FEAT lists what works.
    [TestMethod]
    public async Task Feat_ListsTlsOnlyWhereThereIsACertificate()
    {
        await using (var host = await StartAsync())
        {
            using var client = await host.ConnectAsync();
            await client.ExpectAsync(220);
            var features = await client.ExpectAsync(211, "FEAT");
            foreach (var line in new[] { "\n AUTH TLS\n", "\n PBSZ\n", "\n PROT\n" }) StringAssert.Contains(features, line, StringComparison.Ordinal);
        }

        await using (var host = await FtpHost.StartAsync())
        {
            using var client = await host.ConnectAsync();
            await client.ExpectAsync(220);
            var features = await client.ExpectAsync(211, "FEAT");
            foreach (var line in new[] { "AUTH", "PBSZ", "PROT" }) Assert.IsFalse(features.Contains(line, StringComparison.Ordinal), features);
            await client.ExpectAsync(502, "AUTH TLS");
        }
    }

    [TestMethod]
    public async Task ImplicitTls_GreetsAfterTheHandshake_AndProtectsData()
    {
        await using var host = await StartAsync(isImplicitTls: true);
        host.Tree.File("/a", "abc");
        using var client = await host.ConnectAsync();
        await client.SecureAsync();
        await client.ExpectAsync(220);
        await client.ExpectAsync(331, "USER ftp");
        await client.ExpectAsync(230, "PASS me@");
        await client.ExpectAsync(200, "TYPE I");
        CollectionAssert.AreEqual("abc"u8.ToArray(), await FetchByTlsAsync(client, "RETR a"));
        await client.ExpectAsync(200, "PROT C");
        CollectionAssert.AreEqual("abc"u8.ToArray(), await client.FetchAsync("RETR a"));
    }

    [TestMethod]
    [DataRow("AUTH TLS\r\n")]
    [DataRow("AUTH TLS\r\n", "this is no TLS\r\n")]
    public async Task MissingHandshake_EndsTheSession(params string[] sent)
    {
        var time = new FakeTimeProvider(WholeRun.Time);
        await using var host = await StartAsync(time);
        using var client = await host.ConnectAsync();
        await client.ExpectAsync(220);
        await client.SendRawAsync(sent[0]);
        await client.ExpectAsync(234);
        if (sent.Length > 1) await client.SendRawAsync(sent[1]);
        await client.WaitUntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return host.Handler.SessionCount == 0;
        });
    }

    // RFC 4217, section 10: a data connection that cannot be protected is 522.
    [TestMethod]
    public async Task DataHandshake_ThatFails_Is522_AndTheSessionGoesOn()
    {
        await using var host = await StartAsync();
        host.Tree.File("/a", "abc");
        using var client = await LogInByTlsAsync(host);
        await client.ExpectAsync(200, "PBSZ 0");
        await client.ExpectAsync(200, "PROT P");
        using (var data = await client.OpenPassiveAsync())
        {
            await client.ExpectAsync(150, "RETR a");
            await data.SendAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray());
            await client.ExpectAsync(522);
        }

        CollectionAssert.AreEqual("abc"u8.ToArray(), await FetchByTlsAsync(client, "RETR a"));
    }

    [TestMethod]
    public async Task IdleProtectedSession_Gets421OverTls()
    {
        var time = new FakeTimeProvider(WholeRun.Time);
        await using var host = await StartAsync(time);
        using var client = await LogInByTlsAsync(host);
        time.Advance(TimeSpan.FromMinutes(15));
        await client.ExpectAsync(421);
        await client.ExpectEndAsync();
    }

    // A transfer whose client stops reading at the very end must end with its session and not block it.
    [TestMethod]
    public async Task UnreadProtectedTransfer_StopsWhenTheClientLeaves()
    {
        await using var host = await StartAsync();
        host.Tree.File("/a", new byte[50_000_000]);
        using (var client = await LogInByTlsAsync(host))
        {
            await client.ExpectAsync(200, "PBSZ 0");
            await client.ExpectAsync(200, "PROT P");
            using var data = await client.OpenPassiveAsync();
            await client.ExpectAsync(150, "RETR a");
            await using var tls = await client.SecureAsync(data);
            client.Socket.Shutdown(SocketShutdown.Both);
            await client.WaitUntilAsync(() => host.Handler.SessionCount == 0);
        }
    }
}
