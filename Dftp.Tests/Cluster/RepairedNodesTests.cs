using Dftp.Cluster;
using Dftp.Node;
using Dftp.Tests.Cluster.Door;
using Dftp.Tests.Support;

namespace Dftp.Tests.Cluster;

/// <summary>Real nodes that find and repair a few differences.</summary>
[TestClass]
public sealed class RepairedNodesTests
{
    private readonly string _state = Directory.CreateTempSubdirectory("dftp-state-").FullName;

    [TestCleanup]
    public void DeleteState() => Directory.Delete(_state, recursive: true);

    // A machine crashes after changes that its peer got, and starts with the tree that it saved before them.
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task NodeStartsWithAnOlderTreeThanItsPeerKnows_OnlyTheDifferencesAreSent(bool hasSecret)
    {
        await using var cluster = new TestCluster();
        var (port, otherPort) = (TestCluster.LastingPort(), TestCluster.LastingPort());
        using var secret = new SecretOfTest(SecretOfTest.KeyA);
        NodeOptions Options(NodeOptions options, ListenAddress own, ListenAddress other) => options with
        {
            ClusterSecretFile = hasSecret ? secret.Path : null,
            ManagementListen = own,
            Joins = [new HostPort("127.0.0.1", other.Port)],
        };
        NodeOptions Keeps(NodeOptions options) => Options(options, port, otherPort) with { StateDirectory = _state };
        var node = await cluster.StartAsync(
            "a", Enumerable.Range(0, 1200).Select(number => ($"d{number % 40}/f{number}", "x")), Keeps);
        var other = await cluster.StartAsync("b", [], options => Options(options, otherPort, port));
        await cluster.ConvergedAsync();
        await node.StopAsync();
        var saved = await File.ReadAllBytesAsync(Path.Combine(_state, "tree"));
        await node.StartAsync(Keeps);
        await cluster.ConvergedAsync();
        node.Write("d1/new", "x");
        await Eventually.TrueAsync(() => other.Paths().Contains("/d1/new"), "the peer knows the change");
        await node.KillAsync();
        await File.WriteAllBytesAsync(Path.Combine(_state, "tree"), saved);
        File.Delete(Path.Combine(node.Root, "d7", "f7"));
        node.Write("d9/f9", "longer");

        await node.StartAsync(Keeps);

        await Eventually.TrueAsync(
            () => node.Tree.Missing.Count == 0 && other.Tree.Missing.Count == 0 && node.Paths().Count == 1200 && node.Paths().SequenceEqual(other.Paths()),
            "both show what is there");
        Assert.AreEqual("longer", await other.GetAsync("/fs/d9/f9"));
        // A request that came meanwhile is answered by a second repair without entries.
        await Eventually.TrueAsync(
            () => Lines(node, "repaired what b knows of this node") > 0 && Lines(other, "repaired the known entries of a") > 0, "both log the repair");
        Assert.AreEqual(1, Lines(node, "sent a full update to b"), "the first one only");
    }

    private static int Lines(TestNode node, string part) => node.Logs.Lines.Count(line => line.Contains(part, StringComparison.Ordinal));
}
