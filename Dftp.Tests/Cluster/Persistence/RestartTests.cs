using System.Net;
using Dftp.Cluster.LocalFiles.Watching;
using Dftp.FileSystem;
using Dftp.Node;
using Dftp.Tests.Support;

namespace Dftp.Tests.Cluster.Persistence;

/// <summary>Real nodes that start again over the tree that they kept.</summary>
[TestClass]
public sealed class RestartTests
{
    private readonly List<string> _states = [];

    [TestCleanup]
    public void DeleteStates() => _states.ForEach(state => Directory.Delete(state, recursive: true));

    [TestMethod]
    public async Task RestartWhileAPeerIsAway_ShowsItsFilesAtOnceAndReportsItMissingLater()
    {
        await using var cluster = new TestCluster();
        var keeps = KeepsState();
        var node = await cluster.StartAsync("a", [("mine", "x")], keeps);
        var other = await cluster.StartAsync("b", [("theirs", "y")]);
        await cluster.UniteAsync();
        await node.StopAsync();
        await other.KillAsync();

        await node.StartAsync(keeps);

        CollectionAssert.AreEqual(new[] { "/mine", "/theirs" }, node.Paths().ToList());
        var missing = node.Tree.Missing.Single(missing => missing.Name.Value == "b");
        Assert.AreEqual(MissingReason.Unconfirmed, missing.Reason);
        using (var listing = await TestCluster.Http.GetAsync(new Uri(node.Public, "/fs/")))
        {
            StringAssert.Contains(listing.Headers.GetValues("X-Dftp-Missing").Single(), $"b;since={missing.Since.Seconds};unconfirmed");
        }

        using (var read = await TestCluster.Http.GetAsync(new Uri(node.Public, "/fs/theirs")))
        {
            Assert.AreEqual(HttpStatusCode.ServiceUnavailable, read.StatusCode);
        }

        await Eventually.TrueAsync(() => node.Paths().SequenceEqual(["/mine"]), "what the peer alone held has left the tree");
        Assert.AreEqual(MissingReason.Dead, node.Tree.Missing.Single().Reason);
    }

    [TestMethod]
    public async Task BothChangedWhileANodeWasDown_ItsFilesAndThePeersAreUpdated()
    {
        await using var cluster = new TestCluster();
        var keeps = KeepsState();
        var node = await cluster.StartAsync("a", [("goes", "x"), ("stays", "x"), ("changes", "x")], keeps);
        var other = await cluster.StartAsync("b", [("goes-too", "y"), ("stays-too", "y")]);
        await cluster.UniteAsync();
        await node.StopAsync();
        File.Delete(Path.Combine(node.Root, "goes"));
        node.Write("changes", "longer");
        File.Delete(Path.Combine(other.Root, "goes-too"));
        other.Write("comes-too", "y");

        await node.StartAsync(keeps);
        await node.JoinAsync(other);

        var expected = new[] { "/changes", "/comes-too", "/stays", "/stays-too" };
        await Eventually.TrueAsync(
            () => node.Tree.Missing.Count == 0 && node.Paths().SequenceEqual(expected) && other.Paths().SequenceEqual(expected),
            "both show what is there");
        Assert.AreEqual("longer", await other.GetAsync("/fs/changes"));
    }

    // A read looks at the disk: what the kept tree says is never served in its place.
    [TestMethod]
    public async Task FileDeletedBeforeTheScanEnds_ReadIsNotFoundAndNodeIsNotReady()
    {
        await using var cluster = new TestCluster { ExpectsErrors = true };
        var keeps = KeepsState();
        var node = await cluster.StartAsync("a", [("goes", "x"), ("changes", "x")], keeps);
        await cluster.ConvergedAsync();
        await node.StopAsync();
        File.Delete(Path.Combine(node.Root, "goes"));
        node.Write("changes", "longer");

        await node.StartAsync(keeps);

        // Whether the scan has ended by now or not, each answer is the truth.
        using var gone = await TestCluster.Http.GetAsync(new Uri(node.Public, "/fs/goes"));
        Assert.AreEqual(HttpStatusCode.NotFound, gone.StatusCode);
        Assert.AreEqual("longer", await node.GetAsync("/fs/changes"));
    }

    // What is answered without a look into the file is no less the truth: by the tree that was kept it has one byte, and is the one of before.
    [TestMethod]
    public async Task NodeStartsAgain_AnswersWithoutContentAreOfTheFileAsItIs()
    {
        foreach (var (method, field, value, status) in new[] { ("HEAD", "", "", 200), ("GET", "Range", "bytes=3-", 206), ("GET", "If-None-Match", "", 200), ("GET", "If-Match", "", 412) })
        {
            await using var cluster = new TestCluster { ExpectsErrors = true };
            var keeps = KeepsState();
            var node = await cluster.StartAsync("a", [("changes", "x"), ("goes", "x")], keeps);
            await cluster.ConvergedAsync();
            using var before = await TestCluster.Http.GetAsync(new Uri(node.Public, "/fs/changes"));
            await node.StopAsync();
            File.Delete(Path.Combine(node.Root, "goes"));
            node.Write("changes", "longer");

            await node.StartAsync(keeps);

            using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(node.Public, "/fs/changes"));
            if (field.Length > 0) request.Headers.TryAddWithoutValidation(field, value.Length > 0 ? value : before.Headers.ETag!.Tag);
            using var answer = await TestCluster.Http.SendAsync(request);
            Assert.AreEqual(status, (int)answer.StatusCode, $"{method} {field}");
            if (method == "HEAD") Assert.AreEqual(6, answer.Content.Headers.ContentLength);
            using var head = new HttpRequestMessage(HttpMethod.Head, new Uri(node.Public, "/fs/goes"));
            using var gone = await TestCluster.Http.SendAsync(head);
            Assert.AreEqual(HttpStatusCode.NotFound, gone.StatusCode);
        }
    }

    // The owner of a path that two nodes have is the one that saw it change last, and a start is no change.
    [TestMethod]
    public async Task Restart_LeavesTimesOfChange()
    {
        await using var cluster = new TestCluster();
        var keeps = KeepsState();
        var node = await cluster.StartAsync("z", [("both", "x")], keeps);
        var seen = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        await Eventually.TrueAsync(() => DateTimeOffset.UtcNow.ToUnixTimeSeconds() > seen, "a second is over");
        var other = await cluster.StartAsync("a", [("both", "x")]);
        await cluster.UniteAsync();
        Assert.AreEqual("a", Owner(other));
        seen = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        await Eventually.TrueAsync(() => DateTimeOffset.UtcNow.ToUnixTimeSeconds() > seen, "a second is over");

        await node.StopAsync();
        await node.StartAsync(keeps);
        await node.JoinAsync(other);
        await cluster.ConvergedAsync();

        Assert.AreEqual("a", Owner(node));
        Assert.AreEqual("a", Owner(other));

        static string Owner(TestNode node) => node.Tree.Snapshot.List(VirtualPath.Root).Single().Owner.Value;
    }

    [TestMethod]
    public async Task RootNotMountedAtTheStart_FilesAreShownUnconfirmedAndTheSavedTreeStays()
    {
        await using var cluster = new TestCluster { ExpectsErrors = true };
        var keeps = KeepsState();
        var node = await cluster.StartAsync("a", [("f", "x")], keeps);
        await cluster.ConvergedAsync();
        await node.StopAsync();
        File.Delete(Path.Combine(node.Root, "f"));
        // As a directory that was there before: the disk comes over it.
        Directory.SetLastWriteTimeUtc(node.Root, DateTime.UtcNow.AddDays(-1));
        var kept = await File.ReadAllBytesAsync(Path.Combine(_states.Single(), "tree"));

        await node.StartAsync(keeps);

        await Eventually.TrueAsync(() => node.Host.Cluster.ScanStatus.State == ScanState.RootLost, "the empty root is doubted");
        CollectionAssert.AreEqual(new[] { "/f" }, node.Paths().ToList());
        Assert.AreEqual(MissingReason.Unconfirmed, node.Tree.Missing.Single(missing => missing.Name.Value == "a").Reason);
        await node.StopAsync();
        CollectionAssert.AreEqual(kept, await File.ReadAllBytesAsync(Path.Combine(_states.Single(), "tree")));
    }

    [TestMethod]
    public async Task RootEmptiedWhileTheNodeWasDown_FilesAreRemoved()
    {
        await using var cluster = new TestCluster();
        var keeps = KeepsState();
        var node = await cluster.StartAsync("a", [("f", "x")], keeps);
        await cluster.ConvergedAsync();
        await node.StopAsync();
        File.Delete(Path.Combine(node.Root, "f"));

        await node.StartAsync(keeps);

        await Eventually.TrueAsync(() => !node.Paths().Any(), "the deletion is seen");
    }

    [TestMethod]
    public async Task KeptTreeIsDamaged_IsIgnoredWithALine()
    {
        await using var cluster = new TestCluster();
        var keeps = KeepsState();
        await File.WriteAllTextAsync(Path.Combine(_states.Single(), "tree"), "dftptree and then something else");

        var node = await cluster.StartAsync("a", [("f", "x")], keeps);
        await cluster.ConvergedAsync();

        CollectionAssert.AreEqual(new[] { "/f" }, node.Paths().ToList());
        Assert.AreEqual(1, node.Logs.Lines.Count(line => line.Contains("is ignored: it was written by another version", StringComparison.Ordinal)));
    }

    [TestMethod]
    public async Task TreeCannotBeWritten_IsLoggedOnceAndTheNodeStopsInOrder()
    {
        await using var cluster = new TestCluster();
        var keeps = KeepsState();
        Directory.CreateDirectory(Path.Combine(_states.Single(), "tree.new"));
        var node = await cluster.StartAsync("a", [("f", "x")], keeps);
        await cluster.ConvergedAsync();

        await node.StopAsync();

        Assert.AreEqual(1, node.Logs.Lines.Count(line => line.Contains("cannot write", StringComparison.Ordinal) && line.Contains("tree", StringComparison.Ordinal)));
    }

    // A node that is forgotten has no place in the next start either.
    [TestMethod]
    public async Task PeerForgottenAfterTheSave_ItsFilesAreNotShown()
    {
        await using var cluster = new TestCluster();
        var keeps = KeepsState();
        var node = await cluster.StartAsync("a", [("mine", "x")], keeps);
        await cluster.StartAsync("b", [("theirs", "y")]);
        await cluster.UniteAsync();
        await node.StopAsync();
        File.Delete(Path.Combine(_states.Single(), "known-nodes.json"));

        await node.StartAsync(keeps);

        CollectionAssert.AreEqual(new[] { "/mine" }, node.Paths().ToList());
    }

    private Func<NodeOptions, NodeOptions> KeepsState()
    {
        var state = Directory.CreateTempSubdirectory("dftp-state-").FullName;
        _states.Add(state);
        // The peers' addresses change with each start of theirs; those that are asked are the ones of the last start.
        return options => options with { StateDirectory = state };
    }
}
