using Dftp.Tests.Scenarios.Support;

namespace Dftp.Tests.Scenarios;

/// <summary>Links that are there but bad: nodes stay together, changes and files come through whole.</summary>
[TestClass]
[TestCategory("Namespaces")]
public sealed class SlowLinkTests
{
    // Slower than the promise for a good link; TCP may need several tries for a packet.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    // The 15 s after which a silent node is gone, and a ping.
    private static readonly TimeSpan LongEnoughToLoseANode = TimeSpan.FromSeconds(20);

    [TestMethod]
    public Task EveryTenthPacketIsLost_NodesStayTogether() => StayTogetherAsync(host => host.SetLossAsync(percent: 10));

    [TestMethod]
    public Task DelayAndLoss_NodesStayTogether() => StayTogetherAsync(host => host.SetDelayAndLossAsync(TimeSpan.FromMilliseconds(200), lossPercent: 5));

    [TestMethod]
    public Task SlowLink_NodesStayTogether() => StayTogetherAsync(host => host.SetRateAsync(kilobitsPerSecond: 256));

    private static async Task StayTogetherAsync(Func<NamespaceHost, Task> makeBad)
    {
        await using var cluster = await HostCluster.CreateAsync("server1", "server2");
        var content = new byte[100_000];
        new Random(1).NextBytes(content);
        await File.WriteAllBytesAsync(Path.Combine(cluster.RootOf("server2"), "bytes"), content);
        foreach (var host in new[] { "server1", "server2" }) await makeBad(cluster.Host(host));

        await cluster.StartAllAsync();
        using var span = new CancellationTokenSource(LongEnoughToLoseANode);
        for (var change = 1; !span.IsCancellationRequested; change++)
        {
            cluster.Write("server1", $"made-on-server1-{change}", "");
            cluster.Write("server2", $"made-on-server2-{change}", "");
            await Task.WhenAll(cluster.SeesAsync("server2", $"made-on-server1-{change}", Limit), cluster.SeesAsync("server1", $"made-on-server2-{change}", Limit));
        }

        var fetched = cluster.Fetched("bytes");
        await cluster.CurlAsync("server1", "--output", fetched, "http://localhost:7040/fs/bytes");
        CollectionAssert.AreEqual(content, await File.ReadAllBytesAsync(fetched));
        foreach (var host in new[] { "server1", "server2" })
        {
            Assert.IsFalse(cluster.Node(host).Log.Contains(" is gone", StringComparison.Ordinal), $"{host} gave its peer up:\n{cluster.Node(host).Log}");
        }
    }
}
