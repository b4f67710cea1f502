using Dftp.Tests.Scenarios.Support;

namespace Dftp.Tests.Scenarios;

/// <summary>The example of the original program's README on two hosts, with the built program and common clients.</summary>
[TestClass]
[TestCategory("Namespaces")]
public sealed class TwoHostsTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(10);

    // Nodes find each other by multicast within 5 s of the second one's start.
    private static readonly TimeSpan DiscoveryPromise = TimeSpan.FromSeconds(5);

    [TestMethod]
    [DataRow(ProgramForm.Built, ProgramForm.Built, ClusterForm.Open)]
    [DataRow(ProgramForm.Managed, ProgramForm.Built, ClusterForm.Open)]
    [DataRow(ProgramForm.Built, ProgramForm.Managed, ClusterForm.Open)]
    [DataRow(ProgramForm.Built, ProgramForm.Managed, ClusterForm.Locked)]
    public async Task TwoNodes_FindEachOtherByMulticast_AndEachServesTheWholeTree(
        ProgramForm first, ProgramForm second, ClusterForm form)
    {
        using var trees = new ExampleTrees();
        string[] secret = form == ClusterForm.Open ? []
            : [$"--cluster-secret-file={HostCluster.WriteSecret(trees.Fetched("secret"))}"];
        await using var network = await NamespaceNetwork.CreateAsync("server1", "server2");
        await using var server1 = network["server1"].StartNode([], [$"--dfsroot={trees.Storage}", .. secret], first);
        await Eventually.EqualAsync(ExampleTrees.StoragePaths, () => FindAsync(server1), StartLimit, "/find/ of server1 alone");

        await using var server2 = network["server2"].StartNode([], [$"--dfsroot={trees.Data}", .. secret], second);
        await Eventually.EqualAsync(true, async () => await FindAsync(server2) is not "", StartLimit, "/find/ of server2 is answered");
        await Task.WhenAll(new[] { server1, server2 }.Select(node =>
            Eventually.EqualAsync(ExampleTrees.AllPaths, () => FindAsync(node), DiscoveryPromise,
                $"/find/ of {node.Host.Name} has all paths")));

        await AssertHttpServesTheOtherNodesFileAsync(network["server1"], trees);
        await AssertFtpServesTheOtherNodesFileAsync(network["server2"], trees);
        await AssertNothingIsNotFoundAsync(network["server1"]);
        await Task.WhenAll(server1.StopAsync(), server2.StopAsync());
    }

    [TestMethod]
    public async Task TwoNodesWithoutMulticast_AreJoinedByHand_AndEachServesTheWholeTree()
    {
        using var trees = new ExampleTrees();
        await using var network = await NamespaceNetwork.CreateAsync("server1", "server2");
        await using var server1 = network["server1"].StartNode($"--dfsroot={trees.Storage}", "--multicast-discovery-addr=");
        await using var server2 = network["server2"].StartNode($"--dfsroot={trees.Data}", "--multicast-discovery-addr=");
        await Eventually.EqualAsync(ExampleTrees.StoragePaths, () => FindAsync(server1), StartLimit, "/find/ of server1 alone");
        await Eventually.EqualAsync(ExampleTrees.DataPaths, () => FindAsync(server2), StartLimit, "/find/ of server2 alone");

        await CurlAsync(network["server1"], "--data", "peer=server2:7041", "http://server1:7041/join/");

        await Task.WhenAll(new[] { server1, server2 }.Select(node =>
            Eventually.EqualAsync(ExampleTrees.AllPaths, () => FindAsync(node), DiscoveryPromise,
                $"/find/ of {node.Host.Name} has all paths")));
        await AssertHttpServesTheOtherNodesFileAsync(network["server1"], trees);
        await Task.WhenAll(server1.StopAsync(), server2.StopAsync());
    }

    private static async Task AssertHttpServesTheOtherNodesFileAsync(NamespaceHost server1, ExampleTrees trees)
    {
        var whole = trees.Fetched("whole");
        await CurlAsync(server1, "--output", whole, "http://server1:7040/fs/megafile.tar.gz");
        CollectionAssert.AreEqual(trees.MegaFile, await File.ReadAllBytesAsync(whole));

        var part = trees.Fetched("part");
        var status = await CurlAsync(server1, "--range", "1000000-1000999", "--output", part, "--write-out", "%{http_code}",
            "http://server1:7040/fs/megafile.tar.gz");
        Assert.AreEqual("206", status.Trim());
        CollectionAssert.AreEqual(trees.MegaFile[1_000_000..1_001_000], await File.ReadAllBytesAsync(part));
    }

    private static async Task AssertFtpServesTheOtherNodesFileAsync(NamespaceHost server2, ExampleTrees trees)
    {
        var names = await LftpAsync(server2, "cd /somedir; cls -1");
        Assert.AreEqual("a.txt c.jpg g.gif nested/", Sorted(names));

        var fetched = trees.Fetched("test.txt");
        await LftpAsync(server2, $"get /test.txt -o {fetched}");
        Assert.AreEqual("This is a text file\n", await File.ReadAllTextAsync(fetched));
    }

    private static async Task AssertNothingIsNotFoundAsync(NamespaceHost server1)
    {
        var status = await server1.RunAsync(Limit, "curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}",
            "http://server1:7040/fs/nothing");
        Assert.AreEqual("404", status.OutputIfDone().Trim());
    }

    private static async Task<string> FindAsync(DftpNode node) => Sorted(await CurlAsync(node.Host, $"http://{node.Host.Name}:7040/find/"));

    private static async Task<string> CurlAsync(NamespaceHost host, params string[] arguments) =>
        (await host.RunAsync(Limit, ["curl", "--silent", "--show-error", "--fail", "--max-time", "15", .. arguments])).OutputIfDone();

    private static async Task<string> LftpAsync(NamespaceHost host, string commands) =>
        (await host.RunAsync(
            Limit, "lftp", "--norc", "-c",
                $"set cmd:fail-exit yes; set net:max-retries 1; set net:timeout 5; open -p 2121 {host.Name}; {commands}"))
        .OutputIfDone();

    private static string Sorted(string lines) =>
        string.Join(' ', lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
}
