using System.Net;
using System.Net.Sockets;
using Dftp.Cluster.Door;
using Dftp.Tests.Support;

namespace Dftp.Tests.Cluster.Door;

[TestClass]
public sealed class LegacyPeersTests
{
    [TestMethod]
    [DataRow("10.0.0.8", true)]
    [DataRow("::ffff:10.0.0.8", true)]
    [DataRow("10.0.0.9", false)]
    [DataRow("fd00::1", true)]
    public async Task Address_IsComparedWhateverItsForm(string address, bool isOne)
    {
        await using var peers = new LegacyPeers(["10.0.0.8", "fd00::1"]);

        Assert.AreEqual(isOne, peers.Contains(IPAddress.Parse(address)));
    }

    [TestMethod]
    [Timeout(10_000)]
    public async Task Name_IsResolvedEveryMinute_AndKeepsItsAddressWhileItCannotBe()
    {
        var time = new AwaitedTime();
        using var logs = new TestLogs();
        IPAddress[]? now = [IPAddress.Parse("10.0.0.8")];
        await using var peers = new LegacyPeers(
            ["old-nas.home"], (_, _) => now is { } found ? Task.FromResult(found) : throw new SocketException((int)SocketError.HostNotFound));
        peers.Start(time, logs.CreateLogger("Cluster"));
        Assert.IsTrue(peers.Contains(IPAddress.Parse("10.0.0.8")));

        now = null;
        await time.PassAsync(TimeSpan.FromMinutes(1), CancellationToken.None);
        Assert.IsTrue(peers.Contains(IPAddress.Parse("10.0.0.8")));
        Assert.IsTrue(logs.Lines.Any(line => line.Contains("--legacy-peers: the name old-nas.home cannot be resolved", StringComparison.Ordinal)));

        now = [IPAddress.Parse("10.0.0.9")];
        await time.PassAsync(TimeSpan.FromMinutes(1), CancellationToken.None);
        Assert.IsTrue(peers.Contains(IPAddress.Parse("10.0.0.9")));
        Assert.IsFalse(peers.Contains(IPAddress.Parse("10.0.0.8")));
    }
}
