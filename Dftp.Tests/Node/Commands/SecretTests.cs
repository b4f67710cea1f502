using Dftp.Node;
using Dftp.Node.CommandLine;
using Dftp.Node.Commands;
using Dftp.Tests.Cluster.Door;
using Dftp.Tests.Node.CommandLine;
using Dftp.Tests.Support;

namespace Dftp.Tests.Node.Commands;

/// <summary>Commands in a cluster with a secret, and what is said of one without.</summary>
[TestClass]
public sealed class SecretTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly SecretOfTest _file = new(SecretOfTest.KeyA);

    public void Dispose() => _file.Dispose();

    [TestMethod]
    public async Task CommandWithTheSecret_IsAnswered()
    {
        await using var cluster = new TestCluster();
        var node = await StartAsync(cluster, "a");
        var other = await StartAsync(cluster, "b");

        var joined = await RunAsync(node, "join", other.Management.Authority);
        StringAssert.StartsWith(joined.Output, $"a has joined {other.Management.Authority} and knows b");
        await cluster.ConvergedAsync();
        var status = await RunAsync(node, "status");
        StringAssert.Contains(status.Output, $"\nsecret     key {SecretOfTest.IdOf(SecretOfTest.KeyA)} signs, 1 key verifies\n");
        StringAssert.Contains((await RunAsync(node, "nodes")).Output, "\nb ");
        var doctor = await RunAsync(node, "doctor");
        Assert.AreEqual(0, doctor.ExitCode, doctor.Output);
        StringAssert.Contains(doctor.Output, $"ok       its secret: key {SecretOfTest.IdOf(SecretOfTest.KeyA)} signs");
        Assert.AreEqual(0, (await RunAsync(node, "find", "of-a")).ExitCode);
        await other.StopAsync();
        await Eventually.TrueAsync(() => node.Tree.Missing.Count == 1, "b is away");
        Assert.AreEqual("b is forgotten\n", (await RunAsync(node, "forget", "b")).Output);
    }

    [TestMethod]
    public async Task CommandWithoutTheSecret_SaysWhy()
    {
        await using var cluster = new TestCluster();
        var node = await StartAsync(cluster, "a");

        foreach (var command in new[] { "status", "nodes" })
        {
            StringAssert.StartsWith(
                await CommandRun.FailureAsync(node, command), $"the node at {node.Management.Authority} refuses this command: no TLS: ");
        }

        var doctor = await CommandRun.OfAsync(node, "doctor");
        Assert.AreEqual(1, doctor.ExitCode);
        StringAssert.Contains(doctor.Output, $"problem  the node at {node.Management.Authority} refuses this command: no TLS: ");
    }

    [TestMethod]
    public async Task Doctor_NamesAnUnknownKeyOnBothSides()
    {
        await using var cluster = new TestCluster();
        using var otherFile = new SecretOfTest(SecretOfTest.KeyB);
        var node = await StartAsync(cluster, "a");
        var other = await cluster.StartAsync("b", [], options => options with { ClusterSecretFile = otherFile.Path });
        var join = CommandRun.OfAsync(
            other.Management.Authority, Patience, "join", node.Management.Authority, "--cluster-secret-file", otherFile.Path);
        await Assert.ThrowsExactlyAsync<CommandException>(() => join);

        var doctor = await RunAsync(node, "doctor", other.Management.Authority);

        Assert.AreEqual(1, doctor.ExitCode);
        StringAssert.Contains(
            doctor.Output, $"problem  {other.Management.Authority}: it refuses this command: unknown key {SecretOfTest.IdOf(SecretOfTest.KeyA)}: ");
        StringAssert.Contains(doctor.Output, "problem  refused 1 message, the last from 127.0.0.1 ");
        StringAssert.Contains(doctor.Output, $": unknown key {SecretOfTest.IdOf(SecretOfTest.KeyB)}: ");
        Assert.IsFalse(doctor.Output.Contains(SecretOfTest.KeyA, StringComparison.Ordinal) || doctor.Output.Contains(SecretOfTest.KeyB, StringComparison.Ordinal));
    }

    [TestMethod]
    public async Task Doctor_NamesAnotherCluster()
    {
        await using var cluster = new TestCluster();
        var node = await StartAsync(cluster, "a");
        var other = await cluster.StartAsync(
            "b", [], options => options with { ClusterSecretFile = _file.Path, ClusterName = "archive" });

        var doctor = await RunAsync(node, "doctor", other.Management.Authority);

        StringAssert.Contains(
            doctor.Output,
            $"problem  {other.Management.Authority}: it refuses this command: wrong cluster: the request is for dftp, and this node is in archive");
    }

    [TestMethod]
    public async Task Doctor_NamesAClockThatIsOff()
    {
        await using var cluster = new TestCluster();
        var node = await StartAsync(cluster, "a");

        var doctor = await CommandRun.OfAsync(
            node.Management.Authority, Patience, new ShiftedTime(TimeSpan.FromMinutes(10)), "doctor", "--cluster-secret-file", _file.Path);

        StringAssert.Matches(doctor.Output, new("problem  the node at .* refuses this command: clock off by (599|600) s: the sender's clock is ahead"));
    }

    [TestMethod]
    [DataRow(":0", "none: any machine of the network can join this cluster and show files at any path")]
    [DataRow("127.0.0.1:0", "none; only this machine reaches the management interface")]
    public async Task NodeWithoutASecret_SaysWhoCanJoin(string listen, string sentence)
    {
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync("a", [], options => options with { ManagementListen = ListenAddress.Parse(listen) });

        StringAssert.Contains((await CommandRun.OfAsync(node, "status")).Output, $"\nsecret     {sentence}\n");
        StringAssert.Contains((await CommandRun.OfAsync(node, "doctor")).Output, $"ok       its secret: {sentence}\n");
        Assert.AreEqual(listen == ":0", node.Logs.Lines.Any(
            line => line.Contains("no cluster secret: any machine of the network can join this cluster", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void SecretAndCluster_AreFoundAsTheNodeFindsThem()
    {
        using var config = new TemporaryFile("""{ "dfsroot": "/", "cluster-secret-file": "/from/file", "cluster-name": "archive" }""");

        Assert.AreEqual(("/from/file", "archive"), Of([], "status", "--config", config.Path));
        Assert.AreEqual(("/from/file", "archive"), Of(new() { ["DFTP_CONFIG"] = config.Path }, "status"));
        Assert.AreEqual(("/variable", "dftp"), Of(new() { ["DFTP_CLUSTER_SECRET_FILE"] = "/variable" }, "find", "x"));
        Assert.AreEqual(("/argument", "dftp"), Of(new() { ["DFTP_CLUSTER_SECRET_FILE"] = "/variable" }, "--cluster-secret-file=/argument", "nodes"));
        Assert.AreEqual((null, "dftp"), Of([], "status"));

        static (string?, string) Of(Dictionary<string, string> environment, params string[] arguments)
        {
            var surroundings = new Surroundings(environment.GetValueOrDefault, () => "host1");
            var run = (CommandLineRequest.RunCommand)CommandLineParser.Parse(arguments, surroundings);
            return (run.Request.SecretFile, run.Request.ClusterName);
        }
    }

    [TestMethod]
    public async Task SecretNew_PrintsAKeyAndNothingElse()
    {
        var run = await CommandRun.OfAsync("127.0.0.1:1", Patience, "secret", "new");

        StringAssert.Matches(run.Output, new("^[A-Za-z0-9_-]{43}\n$"));
        Assert.AreEqual((0, ""), (run.ExitCode, run.Error));
        Assert.AreEqual(
            "secret: \"old\" is not new: dftp secret new prints a key",
            (await Assert.ThrowsExactlyAsync<UsageException>(() => CommandRun.OfAsync("127.0.0.1:1", Patience, "secret", "old"))).Message);
    }

    [TestMethod]
    [DataRow("short\n", UnixFileMode.UserRead, "line 1 has 5 bytes; a key has at least 32")]
    [DataRow("", UnixFileMode.UserRead, "it has no key: make one by dftp secret new")]
    [DataRow(SecretOfTest.KeyA, UnixFileMode.UserRead | UnixFileMode.OtherRead, "other users have access to it (mode 0404): chmod 600")]
    public async Task NodeWithAnUnusableSecret_DoesNotStart(string content, UnixFileMode mode, string problem)
    {
        await using var cluster = new TestCluster();
        _file.Write(content, mode);

        var failure = await Assert.ThrowsExactlyAsync<StartException>(() => StartAsync(cluster, "a"));

        Assert.AreEqual($"--cluster-secret-file: {_file.Path}: {problem}", failure.Message);
    }

    private Task<TestNode> StartAsync(TestCluster cluster, string name) =>
        cluster.StartAsync(name, [($"of-{name}", "x")], options => options with { ClusterSecretFile = _file.Path });

    private Task<CommandRun> RunAsync(TestNode node, params string[] arguments) =>
        CommandRun.OfAsync(node, [.. arguments, "--cluster-secret-file", _file.Path]);
}
