using System.Globalization;
using Dftp.Tests.Scenarios.Support;

namespace Dftp.Tests.Scenarios;

/// <summary>An update that does not arrive is made good within 10 s of the moment at which it can be, whatever its cause.</summary>
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

    // The sender's kernel doubles the pause after each try: a try that came just before the end of the loss is the last one for long.
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

    // A firewall between the hosts that has started again knows none of the old connections, and lets new ones through.
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

    /// <summary>Changes something on server1 while it cannot tell it, and waits.</summary>
    private static async Task LoseChangeAsync(HostCluster cluster, TimeSpan span)
    {
        cluster.Write("server1", "lost", "");
        await cluster.SeesAsync("server1", "lost", Promise);
        await cluster.Host("server1").RunAsync(span + Promise, "sleep", span.TotalSeconds.ToString(CultureInfo.InvariantCulture));
    }
}
