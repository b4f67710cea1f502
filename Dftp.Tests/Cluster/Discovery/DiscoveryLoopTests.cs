using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using Dftp.Cluster.Discovery;
using Dftp.Cluster.Door;
using Dftp.FileSystem;
using Dftp.Tests.Cluster.Door;
using Dftp.Tests.Support;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dftp.Tests.Cluster.Discovery;

[TestClass]
public sealed class DiscoveryLoopTests : IDisposable
{
    private static readonly IPEndPoint Group = new(IPAddress.Parse("239.1.2.3"), 7041);
    private static readonly Announcement Self = new("c", NodeName.Parse("self"), "", 7041);

    private readonly AwaitedTime _clock = new();
    private readonly ScriptedChannel _channel = new();
    private readonly Channel<PeerSighting> _sightings = Channel.CreateUnbounded<PeerSighting>();

    public TestContext TestContext { get; set; } = null!;

    public void Dispose() => _channel.Dispose();

    private CancellationToken Stop => TestContext.CancellationToken;

    // At start, after about 1 s and 5 s (nodes that start together), then every minute.
    [TestMethod]
    [Timeout(10_000)]
    public async Task Announcements_GoOutAtStartSoonAfterAndEveryMinute()
    {
        await using var loop = Start();
        foreach (var pause in new double[] { 0, 1, 4, 60, 60 })
        {
            if (pause > 0) await _clock.PassAsync(TimeSpan.FromSeconds(pause), Stop);
            CollectionAssert.AreEqual(Self.ToBytes(), await _channel.NextSentAsync(Stop));
        }

        Assert.AreEqual(TimeSpan.FromSeconds(125), _clock.GetUtcNow() - DateTimeOffset.UnixEpoch);
        // The next pause begins after the announcement was counted.
        await _clock.PassAsync(DiscoveryLoop.Period, Stop);
        Assert.IsTrue(loop.Status.Sent >= 5);
        Assert.IsNull(loop.Status.Failure);
    }

    // Two reconnected nodes each look for new interfaces once a minute; the node that looks first cannot be received yet.
    [TestMethod]
    [Timeout(10_000)]
    public async Task NewInterface_IsAnnouncedToAgainSoon()
    {
        await using var loop = Start();
        foreach (var pause in DiscoveryLoop.FirstPauses) await _clock.PassAsync(pause, Stop);
        _channel.HasNewWay = true;
        await _clock.PassAsync(DiscoveryLoop.Period, Stop);
        for (var count = 0; count < 4; count++) await _channel.NextSentAsync(Stop);
        _channel.HasNewWay = false;
        foreach (var pause in DiscoveryLoop.FirstPauses)
        {
            await _clock.PassAsync(pause, Stop);
            await _channel.NextSentAsync(Stop);
        }
    }

    // The management host is the datagram's source address. A node of this machine may name another address of this machine.
    [TestMethod]
    [Timeout(10_000)]
    [DataRow("", "10.0.0.7", "10.0.0.7")]
    [DataRow("", "::ffff:10.0.0.7", "10.0.0.7")]
    [DataRow("", "fe80::7%3", "fe80::7%3")]
    [DataRow("", "10.0.0.1", "10.0.0.1", DisplayName = "an address of this machine")]
    [DataRow("10.9.9.9", "10.0.0.7", "10.0.0.7", DisplayName = "a third host")]
    [DataRow("127.0.0.1", "10.0.0.7", "10.0.0.7", DisplayName = "this machine, named by another one")]
    [DataRow("other.example", "10.0.0.7", "10.0.0.7", DisplayName = "a host name")]
    [DataRow("10.9.9.9", "10.0.0.1", "10.0.0.1", DisplayName = "a third host, named by this machine")]
    [DataRow("127.0.0.1", "10.0.0.1", "127.0.0.1", DisplayName = "loopback, named by this machine")]
    public async Task OtherNodeOfTheCluster_IsSighted(string host, string source, string expected)
    {
        await using var loop = Start();
        _channel.Hear(new Announcement("c", NodeName.Parse("peer"), host, 7042).ToBytes(), source);
        Assert.AreEqual(new PeerSighting(NodeName.Parse("peer"), expected, 7042), await _sightings.Reader.ReadAsync(Stop));
        Assert.AreEqual(1, loop.Status.Sightings);
    }

    [TestMethod]
    [Timeout(10_000)]
    [DataRow("self", "127.0.0.1")]
    [DataRow("self", "10.0.0.1")]
    [DataRow("former-name", "10.0.0.1")]
    public async Task OwnAnnouncement_IsIgnored(string name, string source)
    {
        await using var loop = Start();
        _channel.Hear(new Announcement("c", NodeName.Parse(name), "", 7041).ToBytes(), source);
        await HearPeerAsync();
        Assert.AreEqual((0, 0, 1), (loop.Status.NamesakesHeard, loop.Status.Malformed, loop.Status.Sightings));
    }

    [TestMethod]
    [Timeout(10_000)]
    public async Task NodeElsewhereOfTheSameName_IsNoPeerAndIsNamedOnce()
    {
        var log = new LogOfLines();
        await using var loop = Start(log: log);
        for (var count = 0; count < 3; count++) _channel.Hear(Self.ToBytes(), "10.0.0.9");
        await HearPeerAsync();
        Assert.AreEqual(3, loop.Status.NamesakesHeard);
        Assert.AreEqual(1, log.Count("another node has the name of this one, self, at 10.0.0.9:7041"));
    }

    // The original does not check ClusterName; ours must.
    [TestMethod]
    [Timeout(10_000)]
    public async Task OtherCluster_IsCountedAndItsNameRecorded()
    {
        await using var loop = Start();
        _channel.Hear(new Announcement("C", NodeName.Parse("x"), "", 7041).ToBytes(), "10.0.0.7");
        _channel.Hear(new Announcement("other", NodeName.Parse("x"), "", 7041).ToBytes(), "10.0.0.7");
        await HearPeerAsync();
        Assert.AreEqual((2, "other"), (loop.Status.OtherClusters, loop.Status.LastOtherCluster));
    }

    [TestMethod]
    [Timeout(10_000)]
    public async Task MalformedAndOversizedDatagrams_AreCounted()
    {
        await using var loop = Start();
        _channel.Hear("{", "10.0.0.7");
        _channel.Hear(Encoding.UTF8.GetString(Self.ToBytes()).PadRight(5000), "10.0.0.7");
        await HearPeerAsync();
        Assert.AreEqual(2, loop.Status.Malformed);
    }

    [TestMethod]
    [Timeout(10_000)]
    public async Task HandlerThatThrows_IsLoggedAndTheNextIsHeard()
    {
        var log = new LogOfLines();
        var calls = 0;
        await using var loop = Start(log: log, onSighting: (sighting, token) =>
            ++calls == 1 ? throw new InvalidOperationException("a bug") : _sightings.Writer.WriteAsync(sighting, token));
        _channel.Hear(new Announcement("c", NodeName.Parse("first"), "", 7042).ToBytes(), "10.0.0.7");
        await HearPeerAsync();
        Assert.AreEqual(1, log.Count("the announcement of first at 10.0.0.7:7042 could not be handled"));
    }

    [TestMethod]
    [Timeout(10_000)]
    public async Task ReceivingThatFails_IsVisibleAndTriedAgain()
    {
        var log = new LogOfLines();
        await using var loop = Start(log: log);
        for (var count = 0; count < 3; count++)
        {
            _channel.Fail(new SocketException((int)SocketError.NetworkDown));
            await _clock.PassAsync(DiscoveryLoop.RetryPause, Stop);
        }

        Assert.IsNotNull(loop.Status.ReceiveFailure);
        await HearPeerAsync();
        Assert.IsNull(loop.Status.Failure);
        Assert.AreEqual(1, log.Count("discovery by 239.1.2.3:7041 does not work now"));
        Assert.AreEqual(1, log.Count("discovery by 239.1.2.3:7041 works again"));
    }

    [TestMethod]
    [Timeout(10_000)]
    public async Task SendingThatFails_IsVisibleAndTriedAgain()
    {
        _channel.Ways = 0;
        await using var loop = Start();
        await _channel.NextSentAsync(Stop);
        Assert.AreEqual("no interface took the announcement", loop.Status.Failure);
        _channel.Ways = 1;
        await _clock.PassAsync(DiscoveryLoop.FirstPauses[0], Stop);
        await _channel.NextSentAsync(Stop);
        await _clock.PassAsync(DiscoveryLoop.FirstPauses[1], Stop);
        Assert.IsNull(loop.Status.Failure);
    }

    [TestMethod]
    [Timeout(10_000)]
    public async Task GroupThatCannotBeOpened_IsTriedAgain()
    {
        var attempts = 0;
        await using var loop = Start(() => ++attempts < 3 ? throw new SocketException((int)SocketError.AddressAlreadyInUse) : _channel);
        Assert.IsNotNull(loop.Status.Failure);
        for (var count = 0; count < 2; count++) await _clock.PassAsync(DiscoveryLoop.RetryPause, Stop);
        await _channel.NextSentAsync(Stop);
        await HearPeerAsync();
        Assert.IsNull(loop.Status.Failure);
    }

    [TestMethod]
    [Timeout(10_000)]
    public async Task Stop_EndsBothLoopsAndClosesTheChannel()
    {
        var log = new LogOfLines();
        var loop = Start(log: log);
        await loop.StopAsync();
        Assert.IsTrue(_channel.IsDisposed);
        Assert.AreEqual(1, log.Count("discovery by 239.1.2.3:7041 ended"));
        await loop.DisposeAsync();
        await loop.DisposeAsync();
    }

    [TestMethod]
    [Timeout(10_000)]
    public async Task BugInOneLoop_EndsTheOtherAndIsVisible()
    {
        var log = new LogOfLines();
        var loop = Start(log: log);
        _channel.Fail(new InvalidOperationException("a bug"));
        await Assert.ThrowsExactlyAsync<InvalidOperationException>(async () =>
        {
            await log.WaitForAsync("discovery by 239.1.2.3:7041 ended", Stop);
            await loop.StopAsync();
        });
        Assert.AreEqual("a bug", loop.Status.Failure);
        Assert.AreEqual(1, log.Count("discovery by 239.1.2.3:7041 failed: other nodes are no longer found"));
        Assert.IsTrue(_channel.IsDisposed);
    }

    [TestMethod]
    [Timeout(10_000)]
    public async Task SealedAnnouncement_IsAcceptedOnceAndThatOfAStrangerNever()
    {
        using var file = new SecretOfTest(SecretOfTest.KeyA);
        using var strangers = new SecretOfTest(SecretOfTest.KeyB);
        using var logs = new TestLogs();
        await using var door = new ClusterDoor(file.Open(), "c", ["10.0.0.99"], _clock, logs.CreateLogger("Cluster"));
        await using var stranger = new ClusterDoor(strangers.Open(), "c", [], _clock, NullLogger.Instance);
        await using var loop = Start(door: door);
        var peer = new Announcement("c", NodeName.Parse("peer"), "", 7042);
        var right = peer.SealedBy(door.Announcements);

        // 1. refused: no seal, another key, another port than was sealed, ten minutes old
        _channel.Hear(peer.ToBytes(), "10.0.0.7");
        _channel.Hear(peer.SealedBy(stranger.Announcements).ToBytes(), "10.0.0.7");
        _channel.Hear((right with { ManagementPort = 7043 }).ToBytes(), "10.0.0.7");
        _channel.Hear((peer with { Seal = new AnnouncementSeal(-600, right.Seal!.Value.Key, right.Seal.Value.Mac) }).ToBytes(), "10.0.0.7");
        // 2. accepted, and by a second network ignored without a complaint
        _channel.Hear(right.ToBytes(), "10.0.0.7");
        _channel.Hear(right.ToBytes(), "10.0.0.66");
        // 3. accepted without a seal from the machine of a legacy node
        _channel.Hear(new Announcement("c", NodeName.Parse("old"), "", 7041).ToBytes(), "10.0.0.99");

        Assert.AreEqual(new PeerSighting(NodeName.Parse("peer"), "10.0.0.7", 7042), await _sightings.Reader.ReadAsync(Stop));
        Assert.AreEqual(new PeerSighting(NodeName.Parse("old"), "10.0.0.99", 7041), await _sightings.Reader.ReadAsync(Stop));
        Assert.AreEqual((4L, 2L), (loop.Status.Refused, loop.Status.Sightings));
        CollectionAssert.AreEqual(
            new[] { (RefusalCause.NoSignature, 1L), (RefusalCause.UnknownKey, 1L), (RefusalCause.WrongSignature, 2L) },
            door.Refusals.Counts.Select(count => (count.Cause, count.Count)).ToList());
        Assert.IsTrue(logs.Lines.Any(line => line.Contains("refused the announcement of peer from 10.0.0.7: no signature", StringComparison.Ordinal)));
    }

    // A clock that is off, and an announcement that was recorded: the seal is right.
    [TestMethod]
    [Timeout(10_000)]
    public async Task SealedAnnouncementOfAnHourAgo_IsRefused()
    {
        using var file = new SecretOfTest(SecretOfTest.KeyA);
        await using var door = new ClusterDoor(file.Open(), "c", [], _clock, NullLogger.Instance);
        var old = new Announcement("c", NodeName.Parse("peer"), "", 7042).SealedBy(door.Announcements);
        _clock.Advance(TimeSpan.FromHours(1));
        await using var loop = Start(door: door);

        _channel.Hear(old.ToBytes(), "10.0.0.7");
        _channel.Hear(old.SealedBy(door.Announcements).ToBytes(), "10.0.0.7");

        await _sightings.Reader.ReadAsync(Stop);
        Assert.AreEqual(RefusalCause.ClockOff, door.Refusals.Counts.Single().Cause);
        StringAssert.StartsWith(door.Refusals.Counts.Single().Sentence, "clock off by 3600 s: ");
    }

    private DiscoveryLoop Start(
        Func<DatagramChannel>? open = null,
        ILogger<DiscoveryLoop>? log = null,
        Func<PeerSighting, CancellationToken, ValueTask>? onSighting = null,
        ClusterDoor? door = null)
    {
        var loop = new DiscoveryLoop(
            Self, door ?? OpenDoor.Of("c", _clock), Group, open ?? (() => _channel), onSighting ?? _sightings.Writer.WriteAsync, _clock,
            log ?? NullLogger<DiscoveryLoop>.Instance);
        loop.Start();
        return loop;
    }

    /// <summary>Everything heard before has been handled by then.</summary>
    private async Task HearPeerAsync()
    {
        _channel.Hear(new Announcement("c", NodeName.Parse("peer"), "", 7042).ToBytes(), "10.0.0.7");
        Assert.AreEqual("peer", (await _sightings.Reader.ReadAsync(Stop)).NodeName.Value);
    }

    private sealed class LogOfLines : ILogger<DiscoveryLoop>
    {
        private readonly List<string> _lines = [];
        private readonly Channel<string> _written = Channel.CreateUnbounded<string>();

        public int Count(string start)
        {
            lock (_lines) return _lines.Count(line => line.StartsWith(start, StringComparison.Ordinal));
        }

        public async Task WaitForAsync(string start, CancellationToken cancellationToken)
        {
            while (!(await _written.Reader.ReadAsync(cancellationToken)).StartsWith(start, StringComparison.Ordinal))
            {
            }
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var line = formatter(state, exception);
            lock (_lines) _lines.Add(line);
            _written.Writer.TryWrite(line);
        }
    }
}
