using System.Text.Json;
using Dftp.Tests.Support;

namespace Dftp.Tests.Node.Commands;

[TestClass]
public sealed class NodesCommandTests
{
    [TestMethod]
    public async Task Nodes_OneThereAndOneMissing_IsATableWithAlignedColumns()
    {
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", [("one", "1")]);
        var other = await cluster.StartAsync("other-node", [("two", "22")]);
        var gone = await cluster.StartAsync("gone", []);
        await cluster.UniteAsync();
        await gone.StopAsync();
        await Eventually.TrueAsync(() => a.Tree.Missing.Count == 1, "a misses gone");

        var lines = (await CommandRun.OfAsync(a, "nodes")).Lines;

        Assert.AreEqual(4, lines.Count);
        var state = lines[0].IndexOf("STATE", StringComparison.Ordinal);
        CollectionAssert.AreEqual(
            new[] { "NAME        STATE", "a           self", "other-node  alive", "gone        left" },
            lines.Select(line => line[..line.IndexOf(' ', state)]).ToList());
        StringAssert.EndsWith(lines[2], other.Management.Authority, StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task NodesJson_HasNodesAndMissing()
    {
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", []);

        using var answer = JsonDocument.Parse((await CommandRun.OfAsync(a, "nodes", "--json")).Output);

        CollectionAssert.AreEqual(new[] { "nodes", "missing" }, answer.RootElement.EnumerateObject()
            .Select(member => member.Name).ToList());
        Assert.AreEqual("a", answer.RootElement.GetProperty("nodes")[0].GetProperty("name").GetString());
    }
}
