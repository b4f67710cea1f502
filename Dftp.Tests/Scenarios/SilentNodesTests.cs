using Dftp.Tests.Scenarios.Support;

namespace Dftp.Tests.Scenarios;

/// <summary>Nodes that stop, and nodes that run but are silent, are detected within the promised times.</summary>
[TestClass]
[TestCategory("Namespaces")]
public sealed class SilentNodesTests
{
    private static readonly TimeSpan ChangePromise = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan GonePromise = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan StoppedPromise = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan BackPromise = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan HealPromise = TimeSpan.FromSeconds(15);

    /// <summary>
    /// The three faults have separate hosts and happen at once: each takes the 15 s after which a silent node is declared dead.
    /// </summary>
    [TestMethod]
    [DataRow(ClusterForm.Open)]
    [DataRow(ClusterForm.Locked)]
    public async Task NodesCutOffKilledAndFrozen_AreGone_AndComeBackWithTheChangesOfAllSides(ClusterForm form)
    {
        await using var cluster = await HostCluster.CreateAsync(form, "server1", "cut", "killed", "frozen");
        await cluster.StartAllAsync();

        await cluster.Host("cut").CutAsync();
        cluster.Node("frozen").Send(ProcessSignal.Stop);
        await cluster.Node("killed").KillAsync();
        await Task.WhenAll(new[] { "cut", "killed", "frozen" }
            .Select(gone => cluster.MissesAsync("server1", HostCluster.OwnFile(gone), GonePromise))
            .Append(cluster.MissesAsync("cut", HostCluster.OwnFile("server1"), GonePromise)));

        cluster.Write("server1", "made-on-server1", "while the others were away");
        foreach (var away in new[] { "cut", "killed", "frozen" })
        {
            cluster.Write(away, $"made-on-{away}", "while it was away");
            File.Delete(Path.Combine(cluster.RootOf(away), HostCluster.OwnFile(away)));
        }

        await Task.WhenAll(
            cluster.SeesAsync("server1", "made-on-server1", ChangePromise + BackPromise),
            cluster.SeesAsync("cut", "made-on-cut", ChangePromise + BackPromise));
        await Task.WhenAll(
            SeeEachOtherAsync(cluster, "cut", HealPromise, cluster.Host("cut").HealAsync),
            SeeEachOtherAsync(cluster, "killed", BackPromise, () => cluster.RestartAsync("killed")),
            SeeEachOtherAsync(cluster, "frozen", HealPromise, () => Thaw(cluster)));

        const string Whole = "/made-on-cut /made-on-frozen /made-on-killed /made-on-server1 /of-server1";
        await Task.WhenAll(new[] { "server1", "cut", "killed", "frozen" }.Select(host => cluster.ServesAsync(host, Whole, HealPromise)));
    }

    [TestMethod]
    public async Task StoppedNode_IsGoneAtOnce_AndBackSoonAfterItsRestart()
    {
        await using var cluster = await HostCluster.CreateAsync("server1", "server2");
        await cluster.StartAllAsync();

        cluster.Node("server2").Send(ProcessSignal.Terminate);
        await cluster.MissesAsync("server1", HostCluster.OwnFile("server2"), StoppedPromise);
        await cluster.Node("server2").StopAsync();

        cluster.Write("server2", "made-on-server2", "while it was away");
        cluster.Write("server1", "made-on-server1", "while the other was away");
        await SeeEachOtherAsync(cluster, "server2", BackPromise, () => cluster.RestartAsync("server2"));
    }

    private static Task Thaw(HostCluster cluster)
    {
        cluster.Node("frozen").Send(ProcessSignal.Continue);
        return Task.CompletedTask;
    }

    /// <summary>Ends a fault of a host, and waits until it and server1 have each other's new files.</summary>
    private static async Task SeeEachOtherAsync(HostCluster cluster, string host, TimeSpan within, Func<Task> endFault)
    {
        await endFault();
        await Task.WhenAll(cluster.SeesAsync("server1", $"made-on-{host}", within), cluster.SeesAsync(host, "made-on-server1", within));
    }
}
