using Dftp.Tests.Scenarios.Support;

namespace Dftp.Tests.Scenarios;

/// <summary>
/// A node joins a cluster in which it cannot reach one host: packets are dropped, so a connection fails only after a timeout.
/// </summary>
[TestClass]
[TestCategory("Namespaces")]
public sealed class JoiningNodeTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    // "What was heard of is missing until it has said what it holds or is known to be gone."
    [TestMethod]
    public async Task NodeThatCannotReachOneHost_NeverGivesItsTreeOutAsComplete()
    {
        await using var cluster = await HostCluster.CreateAsync("host0", "host1", "host2");
        await cluster.StartAsync("host0");
        await cluster.StartAsync("host2");
        await cluster.SeesAsync("host0", HostCluster.OwnFile("host2"), HostCluster.StartLimit);
        await cluster.Host("host1").LosePacketsToAsync(cluster.Host("host2"));
        await cluster.StartAsync("host1");

        // As soon as it shows host0's files, it knows of host2. The test polls it continuously from its start, and for a while after.
        var answers = new List<string>();
        for (var until = DateTime.MaxValue; DateTime.UtcNow < until;)
        {
            var answer = await cluster.Host("host1").RunAsync(
                Limit, "curl", "--silent", "--max-time", "5", "--write-out", "\n%{http_code}",
                    "http://localhost:7040/find/?require=complete");
            answers.Add(answer.Output);
            if (until == DateTime.MaxValue && (await PathsAsync(cluster))
                .Contains("/of-host0", StringComparison.Ordinal)) until = DateTime.UtcNow.AddSeconds(4);
        }

        Assert.IsFalse(
            answers.Exists(answer => answer.EndsWith("\n200", StringComparison.Ordinal)
                && answer.Contains("/of-host0", StringComparison.Ordinal)),
            string.Join("\n--\n", answers));
        Assert.IsTrue(answers.Exists(answer => answer.Contains("host2", StringComparison.Ordinal)
            && answer.EndsWith("\n503", StringComparison.Ordinal)));
        Assert.AreEqual("/of-host0 /of-host1", await cluster.PathsAsync("host1"));
    }

    private static async Task<string> PathsAsync(HostCluster cluster) =>
        (await cluster.Host("host1").RunAsync(Limit, "curl", "--silent", "--max-time", "5", "http://localhost:7040/find/")).Output;
}
