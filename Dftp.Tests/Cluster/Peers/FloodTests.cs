using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Dftp.Cluster;
using Dftp.Cluster.Discovery;
using Dftp.Cluster.Door;
using Dftp.Cluster.Peers;
using Dftp.FileSystem;
using Dftp.Tests.Cluster.Discovery;
using Dftp.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dftp.Tests.Cluster.Peers;

/// <summary>Whatever strangers send, a node remembers little of it, opens few connections, and real nodes get in.</summary>
[TestClass]
public sealed class FloodTests
{
    private const int Flood = 10_000;

    private const long MaxBytes = 20 << 20;

    /// <summary>Nothing listens there: a connection is refused at once.</summary>
    private const int DeadPort = 1;

    private static ClusterOptions Options => new() { NodeName = NodeName.Parse("n"), ClusterName = "home" };

    // The real loops run: each name that is kept is pinged.
    [TestMethod]
    [DataRow(1, Strangers.MaxPerSource)]
    [DataRow(Flood / 50, Strangers.Max)]
    public async Task ForgedAnnouncements_TakeLittleMemory_AndNoMoreNamesThanAllowed(int sources, int kept)
    {
        using var node = new NodeParts(Options, new HostPort("127.0.0.1", 7000), TimeProvider.System);
        using var links = new PeerLinks(node.Context);
        links.Begin();
        var before = GC.GetTotalMemory(forceFullCollection: true);

        for (var number = 0; number < Flood; number++)
        {
            var source = new IPAddress([127, 1, (byte)(number % sources / 256), (byte)(number % sources)]);
            node.JoinHandshake.Announced(Name(number), HostPort.From(source, DeadPort));
        }

        Assert.AreEqual(kept, node.Peers.All.Count());
        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.IsTrue(grown < MaxBytes, $"{grown} bytes");
        Assert.IsTrue(node.Peers.Missing(TimeSpan.FromSeconds(15)).Count <= 16, "a response can name them all");
        await links.StopAsync();
    }

    // The cause of 2,788 connections: 200 announcements that named one host.
    [TestMethod]
    public async Task AnnouncementsThatNameAThirdHost_CauseNoConnectionToIt()
    {
        // TEST-NET-3 of RFC 5737: nobody is there.
        const string Source = "203.0.113.7";
        using var third = new TcpListener(IPAddress.Loopback, 0);
        third.Start();
        var port = ((IPEndPoint)third.LocalEndpoint).Port;
        using var node = new NodeParts(Options, new HostPort("127.0.0.1", 7000), TimeProvider.System);
        using var links = new PeerLinks(node.Context);
        links.Begin();
        using var channel = new ScriptedChannel();
        await using var door = new ClusterDoor(null, "home", [], TimeProvider.System, NullLogger.Instance);
        await using var loop = new DiscoveryLoop(
            new Announcement("home", NodeName.Parse("n"), "", 7000),
            door,
            new IPEndPoint(IPAddress.Parse("224.0.0.9"), 7041),
            () => channel,
            (sighting, _) =>
            {
                node.JoinHandshake.Announced(sighting.NodeName, new HostPort(sighting.ManagementHost, sighting.ManagementPort));
                return ValueTask.CompletedTask;
            },
            TimeProvider.System,
            NullLogger<DiscoveryLoop>.Instance);
        loop.Start();

        for (var number = 0; number < 200; number++)
            channel.Hear(new Announcement("home", Name(number), "127.0.0.1", port).ToBytes(), Source);
        await Eventually.TrueAsync(() => node.Peers.All.Count() == Strangers.MaxPerSource, "they are taken");
        await Eventually.TrueAsync(() => node.Peers.All.Any(peer => peer.Facts.Failures > 0), "one is pinged");

        Assert.IsTrue(node.Peers.All.All(peer => peer.Facts.ManagementAddress!.Host == Source));
        Assert.IsFalse(third.Pending());
        await links.StopAsync();
    }

    // A cluster of hundreds may be behind one member that names them: those that answer stop counting, and the next ones have room.
    [TestMethod]
    public void GossipOfMoreNamesThanALimitForOneAddress_AllAreMetInTheEnd_AndTheTreeIsNotWholeBefore()
    {
        const int nodes = 200;
        using var node = new NodeParts(Options, new HostPort("10.0.0.1", 7000), TimeProvider.System);
        var known = Enumerable.Range(0, nodes).Select(number => new NodeDescription(Name(number), At(number), At(number), Given.State(1))).ToList();
        var seed = new ClusterAnswer("home", Given.Description(Given.State(1)), known);

        var rounds = 0;
        for (; node.Peers.Find(Given.Peer)?.Facts.HasGossiped != true; rounds++)
        {
            Assert.IsTrue(rounds < 10, "it does not end");
            node.JoinHandshake.Answered(Given.Address, seed, wasAsked: true);
            foreach (var stranger in node.Peers.All.Where(peer => peer.Facts.IsStranger).ToList())
            {
                var me = known.Find(description => description.Name == stranger.Name)!;
                node.JoinHandshake.Answered(me.ManagementAddress, new ClusterAnswer("home", me, []), wasAsked: true);
            }
        }

        Assert.AreEqual(nodes + 1, node.Peers.All.Count());
        Assert.IsTrue(rounds > 1);

        static HostPort At(int number) => new($"10.0.1.{number}", 7000);
    }

    // Two strangers of one address, and room for none: the one that answers is a member whatever happens to the other.
    [TestMethod]
    public void StrangerThatWasReplacedWhileItAnswered_IsAMember()
    {
        using var node = new NodeParts(Options, new HostPort("10.0.0.1", 7000), TimeProvider.System);
        node.JoinHandshake.Greeted(Given.Greeting(Given.State(1)));
        var peer = node.Peers.Find(Given.Peer)!;
        node.Peers.Apply(peer, new PeerEvent.Expired());
        Assert.IsNull(node.Peers.Find(Given.Peer));

        Given.Answers(node, Given.State(1));

        Assert.AreEqual(PeerState.Alive, node.Peers.Find(Given.Peer)!.Facts.State);
    }

    [TestMethod]
    public async Task ForgedGreetings_AreLimitedWith429_AndARealNodeOfTheSameAddressJoinsWithinSeconds()
    {
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync("a", [("f", "x")]);
        var greeting = new Uri(node.Management, "/cluster/");
        var answers = new int[600];
        TimeSpan? retryAfter = null;
        await Parallel.ForAsync(0, Flood, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (number, _) =>
        {
            using var form = new FormUrlEncodedContent([new("name", $"n{number}"), new("public-addr", ":1"), new("mgmt-addr", $":{DeadPort}")]);
            using var answer = await TestCluster.Http.PostAsync(greeting, form, CancellationToken.None);
            Interlocked.Increment(ref answers[(int)answer.StatusCode]);
            if (answer.StatusCode == HttpStatusCode.TooManyRequests) retryAfter = answer.Headers.RetryAfter!.Delta;
        });

        await cluster.StartAsync("b", [("g", "y")], options => options with { Joins = [new HostPort("127.0.0.1", node.Host.ManagementPort)] });
        await cluster.ConvergedAsync();

        Assert.AreEqual(Flood, answers[200] + answers[429]);
        Assert.IsTrue(answers[200] < 1000, string.Create(CultureInfo.InvariantCulture, $"{answers[200]} were accepted"));
        Assert.IsTrue(retryAfter > TimeSpan.Zero);
        var refused = node.Logs.Lines.Count(line => line.Contains("refused", StringComparison.Ordinal) || line.Contains("never reach", StringComparison.Ordinal));
        Assert.IsTrue(refused is > 0 and <= 4, string.Join('\n', node.Logs.Lines));
    }

    [TestMethod]
    public async Task TooManyJoins_AreRefusedWith429()
    {
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync("a", []);
        var peers = string.Join(',', Enumerable.Repeat("127.0.0.1:1", 40));
        using var first = await TestCluster.Http.PostAsync(new Uri(node.Management, $"/join/?peer={peers}"), null);
        using var second = await TestCluster.Http.PostAsync(new Uri(node.Management, $"/join/?peer={peers}"), null);

        Assert.AreEqual((HttpStatusCode.BadGateway, HttpStatusCode.TooManyRequests), (first.StatusCode, second.StatusCode));
        Assert.IsTrue(second.Headers.RetryAfter!.Delta > TimeSpan.Zero);
        Assert.AreEqual("too many joins from this address\n", await second.Content.ReadAsStringAsync());
    }

    private static NodeName Name(int number) => NodeName.Parse($"forged{number}");
}
