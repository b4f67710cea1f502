using System.Net;
using System.Net.Sockets;
using Dftp.Ftp;
using Dftp.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Dftp.Tests.Ftp;

[TestClass]
public sealed class PublicAddressTests
{
    [TestMethod]
    public async Task Name_IsResolvedAgainAfterAMinute_AndKeepsItsAddressWhenThatFails()
    {
        var time = new FakeTimeProvider(WholeRun.Time);
        IPAddress[]? answer = [IPAddress.IPv6Loopback, IPAddress.Parse("192.0.2.1")];
        var asked = 0;
        var address = new PublicAddress("nas.example", (_, _) =>
        {
            asked++;
            return answer is null ? throw new SocketException((int)SocketError.HostNotFound) : Task.FromResult(answer);
        });

        Assert.AreEqual("192.0.2.1", await AskAsync());
        answer = [IPAddress.Parse("192.0.2.2")];
        Assert.AreEqual("192.0.2.1", await AskAsync());
        Assert.AreEqual(1, asked);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.AreEqual("192.0.2.2", await AskAsync());
        answer = null;
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.AreEqual("192.0.2.2", await AskAsync());
        Assert.AreEqual(3, asked);

        async Task<string?> AskAsync() => (await address.ResolveAsync(time, NullLogger.Instance))?.ToString();
    }

    [TestMethod]
    public async Task Pasv_WithAnUnresolvableName_NamesTheAddressThatTheClientReached()
    {
        await using var host = await FtpHost.StartAsync(options: new FtpOptions
        {
            PublicAddress = new PublicAddress("nas.example", (_, _) => throw new SocketException((int)SocketError.HostNotFound)),
        });
        using var client = await host.LogInAsync();
        Assert.AreEqual(IPAddress.Loopback, RawFtpClient.PassiveEndPoint(await client.ExpectAsync(227, "PASV")).Address);
        Assert.AreEqual(1, host.Warnings.Count());
    }
}
