using System.Net;
using Dftp.Cluster.Index;
using Dftp.Cluster.Peers;
using Dftp.FileSystem;
using Dftp.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Dftp.Tests.Cluster;

[TestClass]
public sealed class ClusterTests
{
    [TestMethod]
    public async Task TwoNodesJoined_BothShowAndServeTheWholeTree()
    {
        await using var cluster = new TestCluster();
        var server1 = await cluster.StartAsync("server1", [("test.txt", "This is a text file\n"), ("somedir/a.txt", "a"), ("somedir/g.gif", "g")]);
        var server2 = await cluster.StartAsync("server2", [("megafile.tar.gz", "m"), ("somedir/c.jpg", "c"), ("somedir/nested/zzz.bak", "z")]);
        await cluster.UniteAsync();

        const string all = "/megafile.tar.gz\n/test.txt\n/somedir/a.txt\n/somedir/c.jpg\n/somedir/g.gif\n/somedir/nested/zzz.bak\n";
        foreach (var node in new[] { server1, server2 })
        {
            Assert.AreEqual(all, await node.GetAsync("/find/"));
            Assert.AreEqual("This is a text file\n", await node.GetAsync("/fs/test.txt"));
            Assert.AreEqual("z", await node.GetAsync("/fs/somedir/nested/zzz.bak"));
        }
    }

    // A new node is told of all others and greets each of them.
    [TestMethod]
    public async Task ThirdNodeJoinsOne_AllThreeKnowEachOther()
    {
        await using var cluster = new TestCluster();
        var nodes = new List<TestNode>();
        for (var index = 0; index < 4; index++) nodes.Add(await cluster.StartAsync($"n{index}", [($"f{index}", "x")]));
        await nodes[1].JoinAsync(nodes[0]);
        await nodes[2].JoinAsync(nodes[1]);
        await nodes[3].JoinAsync(nodes[0]);

        await cluster.ConvergedAsync();
        Assert.AreEqual(4, nodes[3].Paths().Count);
    }

    [TestMethod]
    public async Task AwkwardNames_AreServedThroughTheOtherNode()
    {
        string[] names = ["sp ace", "qu\"ote", "per%cent", "ha#sh", "am&p", "le<ss", "ünï cødé ☃", "que?ry", "pl+us", "back\\slash", "a%20b", "~", "...", new string('n', 255)];
        await using var cluster = new TestCluster();
        await cluster.StartAsync("a", names.Select(name => ("d/" + name, name)));
        var other = await cluster.StartAsync("b", []);
        await cluster.UniteAsync();

        foreach (var name in names) Assert.AreEqual(name, await other.GetAsync("/fs/d/" + Uri.EscapeDataString(name)));
    }

    [TestMethod]
    public async Task RangeThroughTheOtherNode_IsPassedOn()
    {
        await using var cluster = new TestCluster();
        await cluster.StartAsync("a", [("f", "0123456789")]);
        var other = await cluster.StartAsync("b", []);
        await cluster.UniteAsync();

        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(other.Public, "/fs/f"));
        request.Headers.Range = new(null, 3);
        using var answer = await TestCluster.Http.SendAsync(request);

        Assert.AreEqual(HttpStatusCode.PartialContent, answer.StatusCode);
        Assert.AreEqual("bytes 7-9/10", answer.Content.Headers.ContentRange!.ToString());
        Assert.AreEqual("789", await answer.Content.ReadAsStringAsync());
    }

    // A request for the copies of a node is served from its root only, and by no other node.
    [TestMethod]
    public async Task RequestForAHolder_IsServedFromItsRootOnly()
    {
        await using var cluster = new TestCluster();
        await cluster.StartAsync("a", [("mine", "a")]);
        var other = await cluster.StartAsync("b", [("own", "b")]);
        await cluster.UniteAsync();

        using var remote = await TestCluster.Http.GetAsync(new Uri(other.Public, "/fs/mine?holder=b"));
        Assert.AreEqual(HttpStatusCode.NotFound, remote.StatusCode);
        using var misdirected = await TestCluster.Http.GetAsync(new Uri(other.Public, "/fs/mine?holder=a"));
        Assert.AreEqual(HttpStatusCode.MisdirectedRequest, misdirected.StatusCode);
        Assert.AreEqual("b", await other.GetAsync("/fs/own?holder=b"));
    }

    [TestMethod]
    public async Task OwnerCannotBeReached_NextHolderServes()
    {
        await using var cluster = new TestCluster();
        var first = await cluster.StartAsync("a", [("f", "same")]);
        var second = await cluster.StartAsync("b", [("f", "same")]);
        var time = DateTime.UtcNow.AddHours(-1);
        File.SetLastWriteTimeUtc(Path.Combine(first.Root, "f"), time);
        File.SetLastWriteTimeUtc(Path.Combine(second.Root, "f"), time);
        var reader = await cluster.StartAsync("c", []);
        await cluster.UniteAsync();

        await first.KillAsync();
        Assert.AreEqual("same", await reader.GetAsync("/fs/f"));
    }

    [TestMethod]
    public async Task OnlyHolderIsGone_ReadIsAnsweredWithASentenceThatNamesIt()
    {
        await using var cluster = new TestCluster();
        var holder = await cluster.StartAsync("holder", [("f", "x")]);
        var reader = await cluster.StartAsync("reader", []);
        await cluster.UniteAsync();

        await holder.KillAsync();
        using var answer = await TestCluster.Http.GetAsync(new Uri(reader.Public, "/fs/f"));

        Assert.AreEqual(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        StringAssert.Contains(await answer.Content.ReadAsStringAsync(), "holder");
    }

    [TestMethod]
    public async Task NodeKilled_WhatItAloneHeldGoesAndComesBackWithIt()
    {
        await using var cluster = new TestCluster();
        var stays = await cluster.StartAsync("stays", [("here", "x"), ("both", "x")]);
        var port = TestCluster.LastingPort();
        var dies = await cluster.StartAsync("dies", [("there", "x"), ("both", "x")], options => options with { ManagementListen = port });
        await cluster.UniteAsync();

        await dies.KillAsync();
        await Eventually.TrueAsync(() => stays.Paths().SequenceEqual(["/both", "/here"]), "what the dead node alone held is gone");
        Assert.AreEqual("dies", stays.Tree.Missing.Single().Name.Value);

        await dies.StartAsync(options => options with { ManagementListen = port });
        await cluster.ConvergedAsync();
        Assert.AreEqual(0, stays.Tree.Missing.Count);
        CollectionAssert.AreEqual(new[] { "/both", "/here", "/there" }, stays.Paths().ToList());
    }

    [TestMethod]
    public async Task NodeStopped_IsGoneAtOnce()
    {
        await using var cluster = new TestCluster();
        var stays = await cluster.StartAsync("stays", [("here", "x")], options => options with { DeadAfter = TimeSpan.FromHours(1) });
        var stops = await cluster.StartAsync("stops", [("there", "x")]);
        await cluster.UniteAsync();

        await stops.StopAsync();

        Assert.IsTrue(stays.Paths().SequenceEqual(["/here"]));
    }

    // Two nodes of one name: the second is refused with a log line on both sides that says what to do.
    [TestMethod]
    public async Task SecondNodeOfOneName_IsRefusedAndBothSayWhatToDo()
    {
        await using var cluster = new TestCluster { ExpectsErrors = true };
        var first = await cluster.StartAsync("twin", [("a", "x")]);
        var second = await cluster.StartAsync("twin", [("b", "x")]);

        using var form = new FormUrlEncodedContent([new("peer", $"127.0.0.1:{first.Host.ManagementPort}")]);
        using var answer = await TestCluster.Http.PostAsync(new Uri(second.Management, "/join/"), form);

        Assert.AreEqual(HttpStatusCode.BadGateway, answer.StatusCode);
        StringAssert.Contains(await answer.Content.ReadAsStringAsync(), "--node-name");
        Assert.IsTrue(first.Logs.Lines.Any(line => line.Contains("--node-name", StringComparison.Ordinal)));
        Assert.IsTrue(second.Logs.Lines.Any(line => line.Contains("--node-name", StringComparison.Ordinal)));
        CollectionAssert.AreEqual(new[] { "/a" }, first.Paths().ToList());
    }

    [TestMethod]
    public async Task MountPath_PutsTheTreeUnderIt()
    {
        await using var cluster = new TestCluster();
        await cluster.StartAsync("a", [("f", "x")], options => options with { Mount = VirtualPath.Parse("/deep/down") });
        var other = await cluster.StartAsync("b", [("g", "y")], options => options with { Mount = VirtualPath.Parse("/deep") });
        await cluster.UniteAsync();

        CollectionAssert.AreEqual(new[] { "/deep/down/f", "/deep/g" }, other.Paths().ToList());
        Assert.AreEqual("x", await other.GetAsync("/fs/deep/down/f"));
    }

    // A client that leaves stops the upstream read.
    [TestMethod]
    public async Task ClientLeaves_TransferFromTheHolderEnds()
    {
        await using var cluster = new TestCluster();
        var holder = await cluster.StartAsync("a", []);
        await using (var big = File.Create(Path.Combine(holder.Root, "big"))) big.SetLength(1L << 30);
        await holder.KillAsync();
        await holder.StartAsync();
        var reader = await cluster.StartAsync("b", []);
        await cluster.UniteAsync();
        var entry = reader.Tree.Snapshot.TryFind(VirtualPath.Parse("/big"), out var found) ? found : default;

        var opened = await reader.Tree.OpenAsync(VirtualPath.Parse("/big"), entry, RangeSpec.Whole, CancellationToken.None);
        await using (var content = opened.Content!)
        {
            Assert.AreEqual(1000, await content.ReadAsync(new byte[1000], CancellationToken.None));
        }

        var before = GC.GetTotalAllocatedBytes();
        await holder.StopAsync();
        Assert.IsTrue(GC.GetTotalAllocatedBytes() - before < 1L << 29, "the holder went on sending");
    }

    // Each node remembers which nodes it has known; while one of them is away, the tree says so, over a restart too.
    [TestMethod]
    public async Task KnownNodeIsAwayOverARestart_IsMissedUntilItIsForgotten()
    {
        await using var cluster = new TestCluster();
        var state = Directory.CreateTempSubdirectory("dftp-state-").FullName;
        var node = await cluster.StartAsync("a", [("f", "x")], options => options with { StateDirectory = state });
        var other = await cluster.StartAsync("b", [("g", "y")]);
        await cluster.UniteAsync();
        Assert.AreEqual(0, node.Tree.Missing.Count);

        await other.StopAsync();
        await node.StopAsync();
        await node.StartAsync(options => options with { StateDirectory = state });

        await Eventually.TrueAsync(() => node.IsScanned, "its root has been read");
        Assert.AreEqual("b", node.Tree.Missing.Single().Name.Value);
        using (var form = new FormUrlEncodedContent([new("name", "b")]))
        using (var answer = await TestCluster.Http.PostAsync(new Uri(node.Management, "/forget/"), form))
        {
            Assert.AreEqual("ok\n", await answer.Content.ReadAsStringAsync());
        }

        Assert.AreEqual(0, node.Tree.Missing.Count);
        using (var form = new FormUrlEncodedContent([new("name", "b")]))
        using (var answer = await TestCluster.Http.PostAsync(new Uri(node.Management, "/forget/"), form))
        {
            Assert.AreEqual(HttpStatusCode.NotFound, answer.StatusCode);
        }

        Directory.Delete(state, recursive: true);
    }

    [TestMethod]
    public async Task KnownNodesFileIsDamaged_IsIgnoredWithALine()
    {
        await using var cluster = new TestCluster();
        var state = Directory.CreateTempSubdirectory("dftp-state-").FullName;
        await File.WriteAllTextAsync(Path.Combine(state, "known-nodes.json"), "[{");

        var node = await cluster.StartAsync("a", [("f", "x")], options => options with { StateDirectory = state });

        Assert.AreEqual(0, node.Tree.Missing.Count);
        Assert.IsTrue(node.Logs.Lines.Any(line => line.Contains("known-nodes.json", StringComparison.Ordinal)));
        await node.StopAsync();
        Directory.Delete(state, recursive: true);
    }

    [TestMethod]
    public async Task KnownNodesFileHasANull_IsReadWithoutIt()
    {
        await using var cluster = new TestCluster();
        var state = Directory.CreateTempSubdirectory("dftp-state-").FullName;
        await File.WriteAllTextAsync(
            Path.Combine(state, "known-nodes.json"),
            """[null, {"name":"b","publicAddress":"127.0.0.1:1","managementAddress":"127.0.0.1:1","lastAlive":1}]""");

        var node = await cluster.StartAsync("a", [("f", "x")], options => options with { StateDirectory = state });

        Assert.AreEqual("b", node.Tree.Missing.Single(missing => missing.Name.Value != "a").Name.Value);
        await node.StopAsync();
        Directory.Delete(state, recursive: true);
    }

    [TestMethod]
    public void LastKnownNodeIsForgottenAtOnceAfterTheStart_TheListIsEmptyAtTheNext()
    {
        var state = Directory.CreateTempSubdirectory("dftp-state-").FullName;
        var file = Path.Combine(state, "known-nodes.json");
        File.WriteAllText(file, """[{"name":"b","publicAddress":"127.0.0.1:1","managementAddress":"127.0.0.1:1","lastAlive":1}]""");
        var time = new FakeTimeProvider(WholeRun.Time);
        using var peers = new PeerTable(new TreeWriter(), RunningTime.Simulate(time, isNeverLate: true), time);
        using var known = new MembershipStore(file, peers, time, NullLogger.Instance);
        peers.Remember(known.Load().Single());
        known.Start();

        Assert.IsTrue(peers.Forget(NodeName.Parse("b")));
        time.Advance(TimeSpan.FromSeconds(2));

        Assert.AreEqual(0, known.Load().Count);
        Directory.Delete(state, recursive: true);
    }

    [TestMethod]
    public async Task ForgettingANodeThatIsThere_IsRefused()
    {
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync("a", []);
        await cluster.StartAsync("b", []);
        await cluster.UniteAsync();

        using var form = new FormUrlEncodedContent([new("name", "b")]);
        using var answer = await TestCluster.Http.PostAsync(new Uri(node.Management, "/forget/"), form);

        Assert.AreEqual(HttpStatusCode.Conflict, answer.StatusCode);
        Assert.AreEqual(2, node.Tree.Nodes.Count);
    }

    // Peers named by --join are retried indefinitely.
    [TestMethod]
    public async Task JoinOfANodeThatStartsLater_IsMadeWhenItIsThere()
    {
        await using var cluster = new TestCluster();
        var port = TestCluster.LastingPort();
        var node = await cluster.StartAsync("early", [("g", "y")], options => options with { Joins = [new("localhost", port.Port)] });
        await Eventually.TrueAsync(() => node.Logs.Lines.Any(line => line.Contains("cannot join", StringComparison.Ordinal)), "a try has failed");

        var late = await cluster.StartAsync("late", [("f", "x")], options => options with { ManagementListen = port });

        await cluster.ConvergedAsync();
        CollectionAssert.AreEqual(new[] { "/f", "/g" }, late.Paths().ToList());
    }
}
