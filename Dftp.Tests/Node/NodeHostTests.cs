using System.Net;
using System.Text.Json;
using Dftp.Tests.Ftp;
using Dftp.Tests.Support;

namespace Dftp.Tests.Node;

[TestClass]
public sealed class NodeHostTests
{
    [TestMethod]
    public async Task GreetingPage_OfANodeWhoseFtpPortTheSystemChose_IsAnswered()
    {
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync("a", []);

        using var answer = await TestCluster.Http.GetAsync(node.Public);

        Assert.AreEqual(HttpStatusCode.OK, answer.StatusCode);
    }

    [TestMethod]
    [DataRow("/status/")]
    [DataRow("/status")]
    public async Task Report_IsTheSameOnBothInterfaces(string path)
    {
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync("a", []);

        foreach (var address in new[] { node.Management, node.Public })
        {
            using var json = JsonDocument.Parse(await TestCluster.Http.GetStringAsync(new Uri(address, path)));
            Assert.AreEqual("a", json.RootElement.GetProperty("node").GetString(), address.ToString());
        }
    }

    // RFC 959, section 5.4: 426 for a transfer that is cut, and 421 when the server "must shut down".
    [TestMethod]
    public async Task Stop_TellsAnFtpClientThatDoesNotRead_BeforeItIsCutOff()
    {
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync("a", [("large", new string('x', 20_000_000))]);
        using var client = await RawFtpClient.ConnectAsync(new IPEndPoint(IPAddress.Loopback, node.Host.FtpPort));
        await client.ExpectAsync(220);
        await client.ExpectAsync(331, "USER ftp");
        await client.ExpectAsync(230, "PASS x");
        using var data = await client.OpenPassiveAsync();
        await client.ExpectAsync(200, "TYPE I");
        await client.ExpectAsync(150, "RETR large");

        var stopping = node.StopAsync();

        await client.ExpectAsync(426);
        await client.ExpectAsync(421);
        await client.ExpectEndAsync();
        await stopping;
    }
}
