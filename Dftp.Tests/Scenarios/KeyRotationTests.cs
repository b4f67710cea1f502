using Dftp.Tests.Cluster.Door;
using Dftp.Tests.Scenarios.Support;

namespace Dftp.Tests.Scenarios;

/// <summary>The key of a cluster is replaced while its nodes read from each other.</summary>
[TestClass]
[TestCategory("Namespaces")]
public sealed class KeyRotationTests
{
    private const int ReadsAtOnce = 200;

    private static readonly string[] Hosts = ["server1", "server2"];

    private static readonly TimeSpan CurlLimit = TimeSpan.FromSeconds(30);

    [TestMethod]
    public async Task KeyReplacedUnderLoad_NoReadFails()
    {
        await using var cluster = await HostCluster.CreateAsync(Hosts);
        using var secret1 = new SecretOfTest(SecretOfTest.KeyA);
        using var secret2 = new SecretOfTest(SecretOfTest.KeyA);
        var secrets = new Dictionary<string, SecretOfTest> { ["server1"] = secret1, ["server2"] = secret2 };
        foreach (var host in Hosts) await cluster.StartAsync(host, $"DFTP_CLUSTER_SECRET_FILE={secrets[host].Path}");
        foreach (var host in Hosts) await cluster.ServesAsync(host, "/of-server1 /of-server2", HostCluster.StartLimit);
        using var stop = new CancellationTokenSource();
        var readers = Hosts.Select(host => ReadOtherUntilAsync(cluster, host, stop.Token)).ToList();

        // The new key second, then first, then alone; each step on one host after the other.
        string[][] steps = [[SecretOfTest.KeyA, SecretOfTest.KeyB], [SecretOfTest.KeyB, SecretOfTest.KeyA], [SecretOfTest.KeyB]];
        foreach (var keys in steps)
        {
            foreach (var host in Hosts)
            {
                secrets[host].Write(string.Join('\n', keys) + "\n");
                await cluster.Node(host).WaitForLogAsync(
                    $"cluster secret: key {SecretOfTest.IdOf(keys[0])} signs; {keys.Length} key(s) verify", TimeSpan.FromSeconds(10));
            }
        }

        // Also changes arrive with the new key.
        cluster.Write("server1", "later", "x");
        await cluster.SeesAsync("server2", "later", TimeSpan.FromSeconds(10));
        await stop.CancelAsync();
        foreach (var count in await Task.WhenAll(readers)) Assert.IsTrue(count > 0);
        foreach (var host in Hosts)
        {
            var log = cluster.Node(host).Log;
            Assert.IsFalse(log.Contains("refused", StringComparison.Ordinal) || log.Contains("suspected", StringComparison.Ordinal), log);
        }
    }

    /// <summary>Reads the other host's file through this one's node.</summary>
    /// <returns>How often.</returns>
    private static async Task<int> ReadOtherUntilAsync(HostCluster cluster, string host, CancellationToken stop)
    {
        var other = Hosts.Single(candidate => candidate != host);
        var count = 0;
        for (; !stop.IsCancellationRequested; count += ReadsAtOnce)
        {
            var reads = await cluster.Host(host).RunAsync(
                CurlLimit, "curl", "--silent", "--show-error", "--fail", "--fail-early",
                $"http://localhost:7040/fs/{HostCluster.OwnFile(other)}#[1-{ReadsAtOnce}]");
            Assert.AreEqual(string.Concat(Enumerable.Repeat($"of {other}", ReadsAtOnce)), reads.OutputIfDone());
        }

        return count;
    }
}
