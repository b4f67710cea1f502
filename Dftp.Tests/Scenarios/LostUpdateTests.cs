using System.Globalization;
using Dftp.Tests.Scenarios.Support;

namespace Dftp.Tests.Scenarios;

/// <summary>A lost update is recovered within 10 s after the cause of the loss ends, whatever the cause.</summary>
[TestClass]
[TestCategory("Namespaces")]
public sealed class LostUpdateTests
{
    private static readonly TimeSpan Promise = TimeSpan.FromSeconds(10);

    [TestMethod]
    public async Task ShortCut_IsMadeGood()
    {
        await using var cluster = await HostCluster.CreateAsync("server1", "server2");
        await cluster.StartAllAsync();

        await cluster.Host("server2").CutAsync();
        await LoseChangeAsync(cluster, TimeSpan.FromSeconds(3));
        await cluster.Host("server2").HealAsync();

        await cluster.SeesAsync("server2", "lost", Promise);
    }

    // The sender's kernel doubles the pause after each retransmission: after one just before the end of the loss, the next is far away.
    [TestMethod]
    public async Task LossThatNobodyNotices_AlmostUntilThePeerIsGivenUp_IsMadeGood()
    {
        await using var cluster = await HostCluster.CreateAsync("server1", "server2");
        await cluster.StartAllAsync();

        await cluster.Host("server2").SetLossAsync(percent: 100);
        await LoseChangeAsync(cluster, TimeSpan.FromSeconds(14));
        await cluster.Host("server2").SetLossAsync(percent: 0);

        await cluster.SeesAsync("server2", "lost", Promise);
    }

    // A restarted firewall between the hosts drops the old connections' packets and accepts new connections.
    [TestMethod]
    public async Task ConnectionsThatAreForgottenOnTheWay_AreGivenUpForNewOnes()
    {
        await using var cluster = await HostCluster.CreateAsync("server1", "server2");
        await cluster.StartAllAsync();

        await cluster.Host("server2").ForgetConnectionsAsync();
        cluster.Write("server1", "lost", "");
        cluster.Write("server2", "lost-too", "");

        await Task.WhenAll(cluster.SeesAsync("server2", "lost", Promise), cluster.SeesAsync("server1", "lost-too", Promise));
    }

    /// <summary>Changes a file on server1 while its updates are lost, and waits.</summary>
    private static async Task LoseChangeAsync(HostCluster cluster, TimeSpan span)
    {
        cluster.Write("server1", "lost", "");
        await cluster.SeesAsync("server1", "lost", Promise);
        await cluster.Host("server1").RunAsync(span + Promise, "sleep", span.TotalSeconds.ToString(CultureInfo.InvariantCulture));
    }
}
