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
        StringAssert.Contains(run.Output, "\ntree       3 files in 1 directory, 6 B\nnodes      2 there\nscan       2 files read in ",
            StringComparison.Ordinal);
        StringAssert.Matches(run.Output, new("\nwatch      [0-9]+ director(y|ies), [0-9]+ events?\ndiscovery  switched off\n"
            + "secret     none; only this machine reaches the management interface\n$"));
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

        StringAssert.Contains(run.Output, "\nnodes      1 there, 1 left\nleft       b since ", StringComparison.Ordinal);
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
    [DataRow("{ \"node\": \"a\", \"watch\": { \"polled\": [null] } }")]
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
    public async Task Status_NodeWithoutPublicInterface_IsToldByTheManagementOne()
    {
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", [], options => options with { HttpListen = null });
        StringAssert.StartsWith((await CommandRun.OfAsync(a, "status")).Output, "node       a in cluster dftp", StringComparison.Ordinal);
        var failure = await CommandRun.FailureAsync(a, "find", "x");
        StringAssert.StartsWith(failure, "a has no public interface to ask", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Status_NodeWithoutManagementInterface_IsToldByThePublicOne()
    {
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", [], options => options with { ManagementListen = null });
        var run = await CommandRun.OfAsync(a.Public.Authority, TimeSpan.FromSeconds(20), "status");
        StringAssert.StartsWith(run.Output, "node       a in cluster dftp", StringComparison.Ordinal);
    }

    [TestMethod]
    [DataRow("\"state\":\"scanning\"", "the first one is under way: the node's files are not all in the tree yet")]
    [DataRow("\"state\":\"rootLost\",\"failure\":\"gone\"", "the directory cannot be read (gone); the last scan: none has finished")]
    [DataRow("\"state\":\"failed\",\"finished\":1,\"files\":2,\"durationSeconds\":0.5", "failed; the last scan: 2 files read in 0.5 s, ")]
    public async Task Status_ScanThatDoesNotFollowTheDisk_IsSaid(string scan, string line)
    {
        await using var node = FakeNode.With(FakeNode.Ok($$"""{ "node": "a", "scan": { {{scan}} } }"""));
        var run = await CommandRun.OfAsync(node.Address, TimeSpan.FromSeconds(20), "status");
        StringAssert.Contains(run.Output, $"\nscan       {line}", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Status_PlacesThatArePolled_AreShownSafely()
    {
        const string polled = """{ "reason": "network mount(s)", "count": 1, "example": "/n\u001b" }""";
        const string watch = $$"""{ "directories": 2, "events": 1, "overflows": 1, "polled": [{{polled}}] }""";
        await using var node = FakeNode.With(FakeNode.Ok($$"""{ "node": "a", "hiddenFiles": 1, "watch": {{watch}} }"""));

        var run = await CommandRun.OfAsync(node.Address, TimeSpan.FromSeconds(20), "status");

        StringAssert.Contains(
            run.Output,
            "\nwatch      2 directories, 1 event, 1 overflow\npolled     1 network mount(s), such as /n\\x1b\n",
            StringComparison.Ordinal);
        StringAssert.Contains(run.Output, "; 1 copy behind directories of the same name\n", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Status_NothingSaid_EndsAfterTheLimit()
    {
        await using var node = new FakeNode((_, _) => null);
        var failure = await Assert.ThrowsExactlyAsync<Dftp.Node.Commands.CommandException>(
            () => CommandRun.OfAsync(node.Address, TimeSpan.FromMilliseconds(200), "status"));
        StringAssert.Contains(failure.Message, "(no answer within 0.2 s)", StringComparison.Ordinal);
    }
}
