using System.Net;
using System.Text.Json;
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
}
