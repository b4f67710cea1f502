using System.Text.Json;
using Dftp.Tests.Support;

namespace Dftp.Tests.Node.Commands;

[TestClass]
public sealed class JoinAndForgetTests
{
    [TestMethod]
    public async Task Join_AnotherNode_BothShowOneTree()
    {
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", [("one", "1")]);
        var b = await cluster.StartAsync("b", [("two", "2")]);

        var run = await CommandRun.OfAsync(a, "join", b.Management.Authority);

        Assert.AreEqual((0, $"a has joined {b.Management.Authority} and knows b\n"), (run.ExitCode, run.Output));
        await cluster.ConvergedAsync();
    }

    [TestMethod]
    public async Task JoinJson_IsTheAnswerOfTheNode()
    {
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", []);
        var b = await cluster.StartAsync("b", []);

        using var answer = JsonDocument.Parse((await CommandRun.OfAsync(a, "join", "--json", b.Management.Authority)).Output);

        Assert.IsTrue(answer.RootElement.GetProperty("Peers").TryGetProperty("b", out _));
    }

    [TestMethod]
    public async Task Join_NodeOfAnotherCluster_SaysWhyNot()
    {
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", []);
        var b = await cluster.StartAsync("b", [], options => options with { ClusterName = "other" });

        var failure = await CommandRun.FailureAsync(a, "join", b.Management.Authority);

        StringAssert.StartsWith(failure, $"cannot join {b.Management.Authority}: ", StringComparison.Ordinal);
        StringAssert.Contains(failure, "the cluster other, not dftp", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Forget_NodeThatLeft_IsNoLongerMissing()
    {
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", []);
        var b = await cluster.StartAsync("b", []);
        await cluster.UniteAsync();
        Assert.AreEqual("b is there: only a node that is dead or left can be forgotten", await CommandRun.FailureAsync(a, "forget", "b"));
        await b.StopAsync();
        await Eventually.TrueAsync(() => a.Tree.Missing.Count == 1, "a misses b");

        var run = await CommandRun.OfAsync(a, "forget", "b");

        Assert.AreEqual((0, "b is forgotten\n"), (run.ExitCode, run.Output));
        Assert.AreEqual(0, a.Tree.Missing.Count);
        Assert.AreEqual("b is not known", await CommandRun.FailureAsync(a, "forget", "b"));
    }
}
