using System.Globalization;
using Dftp.Tests.Node;
using Dftp.Tests.Scenarios.Support;

namespace Dftp.Tests.Scenarios;

/// <summary>Nodes that start at the same moment, on two hosts and on one host.</summary>
[TestClass]
[TestCategory("Namespaces")]
public sealed class ManyNodesTests
{
    private const int Nodes = 20;

    // Nodes find each other by multicast within 5 s of the second one's start; starting takes a second more.
    private static readonly TimeSpan TogetherLimit = TimeSpan.FromSeconds(8);

    // Twenty runtimes start at once, perhaps on two cores.
    private static readonly TimeSpan ManyLimit = TimeSpan.FromSeconds(90);

    [TestMethod]
    public async Task TwoNodesThatStartAtTheSameMoment_FindEachOther()
    {
        await using var cluster = await HostCluster.CreateAsync("server1", "server2");

        await Task.WhenAll(cluster.StartAsync("server1"), cluster.StartAsync("server2"));

        await Task.WhenAll(
            cluster.SeesAsync("server1", HostCluster.OwnFile("server2"), TogetherLimit),
            cluster.SeesAsync("server2", HostCluster.OwnFile("server1"), TogetherLimit));
    }

    [TestMethod]
    public async Task TwentyNodesOnOneMachine_AllServeTheFilesOfAll()
    {
        using var folder = new TemporaryDirectory();
        await using var network = await NamespaceNetwork.CreateAsync("machine");
        var machine = network["machine"];
        var nodes = new List<DftpNode>();
        try
        {
            for (var number = 1; number <= Nodes; number++) nodes.Add(Start(machine, folder, number));

            var whole = string.Join(' ', Enumerable.Range(1, Nodes).Select(number => $"/of-node{number}").Order(StringComparer.Ordinal));
            using var limit = new CancellationTokenSource(ManyLimit);
            await Parallel.ForEachAsync(
                Enumerable.Range(1, Nodes),
                new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = limit.Token },
                async (number, _) => await Eventually.EqualAsync(whole, () => FindAsync(machine, number), ManyLimit,
                    $"all that node {number} serves"));

            // No node was declared dead or mistaken for another meanwhile.
            foreach (var node in nodes) AssertHasNoWarning(node);
        }
        finally
        {
            foreach (var node in nodes) await node.DisposeAsync();
        }
    }

    /// <summary>Three groups of ports: from 8000 for HTTP, from 8100 for management, from 8200 for FTP.</summary>
    private static DftpNode Start(NamespaceHost machine, TemporaryDirectory folder, int number)
    {
        var root = Path.Combine(folder.Path, $"root{number}");
        Directory.CreateDirectory(root);
        File.WriteAllText(Path.Combine(root, $"of-node{number}"), "");
        return machine.StartNode(
            $"--dfsroot={root}", $"--node-name=node{number}", $"--http-listen=:{8000 + number}", $"--http-mgmt-listen=:{8100 + number}",
                $"--ftp-listen=:{8200 + number}");
    }

    private static async Task<string> FindAsync(NamespaceHost machine, int number)
    {
        var address = string.Create(CultureInfo.InvariantCulture, $"http://localhost:{8000 + number}/find/");
        var answer = await machine.RunAsync(HostCluster.StartLimit, "curl", "--silent", "--show-error", "--fail", "--max-time",
            "15", address);
        return string.Join(' ', answer.OutputIfDone().Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
    }

    private static void AssertHasNoWarning(DftpNode node)
    {
        foreach (var word in new[] { "declared dead", "too: start one of the two", "stopped by an unexpected error" })
        {
            Assert.IsFalse(node.Log.Contains(word, StringComparison.Ordinal), node.Log);
        }
    }
}
