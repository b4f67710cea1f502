using System.Text.Json;
using Dftp.Tests.Support;

namespace Dftp.Tests.Node.Commands;

[TestClass]
public sealed class StatusCommandTests
{
    [TestMethod]
    public async Task Status_OfTwoNodes_TellsTreeNodesAndScan()
    {
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", [("x/one", "1"), ("two", "22")]);
        await cluster.StartAsync("b", [("three", "333")]);
        await cluster.UniteAsync();

        var run = await CommandRun.OfAsync(a, "status");

        Assert.AreEqual((0, ""), (run.ExitCode, run.Error));
        StringAssert.StartsWith(run.Output, "node       a in cluster dftp, version ", StringComparison.Ordinal);
        StringAssert.Contains(run.Output, "\ntree       3 files in 1 directory, 6 B\nnodes      2 there\nscan       2 files read in ", StringComparison.Ordinal);
        StringAssert.EndsWith(run.Output, "\ndiscovery  switched off\n", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Status_NodeThatLeft_IsMissing()
    {
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", []);
        var b = await cluster.StartAsync("b", []);
        await cluster.UniteAsync();
        var address = b.Management.Authority;
        await b.StopAsync();
        await Eventually.TrueAsync(() => a.Tree.Missing.Count == 1, "a misses b");

        var run = await CommandRun.OfAsync(a, "status");

        StringAssert.Contains(run.Output, "\nnodes      1 there, 1 missing\nmissing    b since ", StringComparison.Ordinal);
        StringAssert.Contains(run.Output, $", last at {address}\n", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task StatusJson_IsTheAnswerOfTheNode()
    {
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", [("one", "1")]);

        using var answer = JsonDocument.Parse((await CommandRun.OfAsync(a, "status", "--json")).Output);

        Assert.AreEqual("a", answer.RootElement.GetProperty("node").GetString());
        Assert.AreEqual(JsonValueKind.Object, answer.RootElement.GetProperty("scan").ValueKind);
    }

    [TestMethod]
    public async Task Status_ControlCharactersInTheReport_AreEscaped()
    {
        const string report = """
            { "node": "a\u001b[31m", "cluster": "c\nd", "scan": { "skipped": [{ "reason": "name(s)", "count": 2000, "examples": ["x\ty"] }] },
              "discovery": { "failure": "no\u009bway" }, "later": 1 }
            """;
        await using var node = FakeNode.With(FakeNode.Ok(report));

        var run = await CommandRun.OfAsync(node.Address, TimeSpan.FromSeconds(20), "status");
        var json = await CommandRun.OfAsync(node.Address, TimeSpan.FromSeconds(20), "status", "--json");

        StringAssert.StartsWith(run.Output, @"node       a\x1b[31m in cluster c\nd, version", StringComparison.Ordinal);
        StringAssert.Contains(run.Output, "\nleft out   2,000 name(s), such as x\\ty\n", StringComparison.Ordinal);
        StringAssert.Contains(run.Output, "\ndiscovery  fails: no\\x9bway\n", StringComparison.Ordinal);
        Assert.IsFalse((run.Output + json.Output).Any(c => char.IsControl(c) && c != '\n'));
    }

    [TestMethod]
    [DataRow("{ \"node\": 1 }")]
    [DataRow("{ \"node\": \"a\", \"nodes\": null }")]
    [DataRow("{ \"node\": \"a\", \"missing\": [null] }")]
    [DataRow("{")]
    [DataRow("hello")]
    public async Task Status_AnswerThatIsNoReport_IsSaid(string report)
    {
        await using var node = FakeNode.With(FakeNode.Ok(report));
        StringAssert.Contains(await CommandRun.FailureAsync(node.Address, "status"), "gives no report of itself", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Status_NobodyListens_SaysWhereAndWhatToDo()
    {
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", []);
        var address = a.Management.Authority;
        await a.StopAsync();

        Assert.AreEqual(
            $"no node answers at {address} (connection refused): start one by dftp --dfsroot DIR, or name another by --node HOST:PORT",
            await CommandRun.FailureAsync(address, "status"));
    }

    [TestMethod]
    public async Task Status_PublicPortInPlaceOfTheManagementPort_SaysThatItIsNot()
    {
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", []);
        StringAssert.Contains(await CommandRun.FailureAsync(a.Public.Authority, "status"), "is not the management interface", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Status_NodeWithoutPublicInterface_SaysSo()
    {
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", [], options => options with { HttpListen = null });
        StringAssert.StartsWith(await CommandRun.FailureAsync(a, "status"), "a has no public interface to ask", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Status_NothingSaid_EndsAfterTheLimit()
    {
        await using var node = new FakeNode((_, _) => null);
        var failure = await Assert.ThrowsExceptionAsync<Dftp.Node.Commands.CommandException>(
            () => CommandRun.OfAsync(node.Address, TimeSpan.FromMilliseconds(200), "status"));
        StringAssert.Contains(failure.Message, "(no answer within 0.2 s)", StringComparison.Ordinal);
    }
}
