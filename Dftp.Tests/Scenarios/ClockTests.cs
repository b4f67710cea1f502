using Dftp.Tests.Scenarios.Support;

namespace Dftp.Tests.Scenarios;

/// <summary>The clock of one host is wrong by an hour: nothing may depend on clocks that agree.</summary>
[TestClass]
[TestCategory("Namespaces")]
public sealed class ClockTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    [TestMethod]
    public async Task NodeAnHourAhead_ChangesGoBothWays_AndAllAgreeOnASharedPath()
    {
        await using var cluster = await HostCluster.CreateAsync("server1", "ahead");
        cluster.Write("server1", "shared", "on server1");
        cluster.Write("ahead", "shared", "on the one ahead");
        await StartOneAheadAsync(cluster);

        cluster.Write("server1", "made-on-server1", "");
        cluster.Write("ahead", "made-on-ahead", "");
        await Task.WhenAll(cluster.SeesAsync("ahead", "made-on-server1", Limit), cluster.SeesAsync("server1", "made-on-ahead", Limit));

        foreach (var host in new[] { "server1", "ahead" })
        {
            await Eventually.EqualAsync("on the one ahead", () => cluster.ContentAsync(host, "shared"), Limit,
                $"{host} serves the newest by the clocks");
        }

        File.Delete(Path.Combine(cluster.RootOf("ahead"), "shared"));
        foreach (var host in new[] { "server1", "ahead" })
        {
            await Eventually.EqualAsync("on server1", () => cluster.ContentAsync(host, "shared"), Limit,
                $"{host} serves the copy that is left");
        }
    }

    // By every clock its new start is earlier than its last one; the peers must accept it nevertheless.
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task NodeWhoseClockIsPutRightAtItsRestart_IsBackWithItsChanges(bool crashes)
    {
        await using var cluster = await HostCluster.CreateAsync("server1", "ahead");
        await StartOneAheadAsync(cluster);

        if (crashes) await cluster.Node("ahead").KillAsync();
        else await cluster.Node("ahead").StopAsync();
        cluster.Write("ahead", "made-on-ahead", "");
        await cluster.RestartAsync("ahead");

        await cluster.SeesAsync("server1", "made-on-ahead", Limit);
        cluster.Write("ahead", "made-later", "");
        cluster.Write("server1", "made-on-server1", "");
        await Task.WhenAll(cluster.SeesAsync("server1", "made-later", Limit), cluster.SeesAsync("ahead", "made-on-server1", Limit));
    }

    private static async Task StartOneAheadAsync(HostCluster cluster)
    {
        await cluster.StartAsync("server1");
        await cluster.StartAsync("ahead", FakeTime.Shifted("+1h"));
        await Task.WhenAll(
            cluster.SeesAsync("server1", HostCluster.OwnFile("ahead"), HostCluster.StartLimit),
            cluster.SeesAsync("ahead", HostCluster.OwnFile("server1"), HostCluster.StartLimit));
    }
}
