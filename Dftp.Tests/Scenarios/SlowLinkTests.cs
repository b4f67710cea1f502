using Dftp.Tests.Scenarios.Support;

namespace Dftp.Tests.Scenarios;

/// <summary>Bad links: nodes stay connected, changes and files arrive complete.</summary>
[TestClass]
[TestCategory("Namespaces")]
public sealed class SlowLinkTests
{
    // Slower than the promise for a good link: TCP may need several retransmissions.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    // The 15 s after which a silent node is declared dead, plus a ping.
    private static readonly TimeSpan LongEnoughToLoseANode = TimeSpan.FromSeconds(20);

    // Some kernels have no netem, which is needed for delay: loss and low rate are also tested separately.
    [TestMethod]
    public Task DelayAndLoss_NodesStayTogether() =>
        StayTogetherAsync(("server2", host => host.SetDelayAndLossAsync(TimeSpan.FromMilliseconds(200), lossPercent: 5)));

    [TestMethod]
    public Task ALinkThatLosesEveryTenthPacket_AndASlowOne_NodesStayTogether() =>
        StayTogetherAsync(("lossy", host => host.SetLossAsync(percent: 10)), ("slow", host => host.SetRateAsync(kilobitsPerSecond: 256)));

    private static async Task StayTogetherAsync(params (string Host, Func<NamespaceHost, Task> MakeBad)[] links)
    {
        var bad = links.Select(link => link.Host).ToArray();
        await using var cluster = await HostCluster.CreateAsync(["server1", .. bad]);
        var content = new byte[100_000];
        new Random(1).NextBytes(content);
        foreach (var host in bad) await File.WriteAllBytesAsync(Path.Combine(cluster.RootOf(host), $"bytes-of-{host}"), content);
        foreach (var (host, makeBad) in links) await makeBad(cluster.Host(host));

        await cluster.StartAllAsync();
        using var span = new CancellationTokenSource(LongEnoughToLoseANode);
        for (var change = 1; !span.IsCancellationRequested; change++)
        {
            cluster.Write("server1", $"made-on-server1-{change}", "");
            foreach (var host in bad) cluster.Write(host, $"made-on-{host}-{change}", "");
            await Task.WhenAll(bad.SelectMany(host => new[]
            {
                cluster.SeesAsync(host, $"made-on-server1-{change}", Limit),
                cluster.SeesAsync("server1", $"made-on-{host}-{change}", Limit),
            }));
        }

        foreach (var host in bad)
        {
            var fetched = cluster.Fetched(host);
            await cluster.CurlAsync("server1", "--output", fetched, $"http://localhost:7040/fs/bytes-of-{host}");
            CollectionAssert.AreEqual(content, await File.ReadAllBytesAsync(fetched), host);
        }

        foreach (var host in bad.Prepend("server1"))
        {
            Assert.IsFalse(cluster.Node(host).Log.Contains(" declared dead", StringComparison.Ordinal),
                $"{host} gave a peer up:\n{cluster.Node(host).Log}");
        }
    }
}
