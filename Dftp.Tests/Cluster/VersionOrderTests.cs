using Dftp.FileSystem;
using Dftp.Tests.Support;

namespace Dftp.Tests.Cluster;

[TestClass]
public sealed class VersionOrderTests
{
    // By whole seconds and names, a would stay the owner.
    [TestMethod]
    public async Task PathChangedAtTwoNodesWithinASecond_EveryNodeShowsTheLaterVersion()
    {
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", []);
        var b = await cluster.StartAsync("b", []);
        await cluster.UniteAsync();
        for (var round = 0; round < 3; round++)
        {
            var path = VirtualPath.Parse($"/f{round}");
            a.Write(path.Name, "first");
            await Eventually.TrueAsync(() => OwnerOf(b, path) == "a", "b knows the version of a");

            b.Write(path.Name, "second");

            await Eventually.TrueAsync(() => OwnerOf(a, path) == "b" && OwnerOf(b, path) == "b", "both show the version of b");
        }
    }

    private static string? OwnerOf(TestNode node, VirtualPath path) =>
        node.Tree.Snapshot.TryFind(path, out var entry) ? entry.Owner.Value : null;
}
