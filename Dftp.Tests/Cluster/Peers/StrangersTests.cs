using System.Net;
using Dftp.Cluster.Peers;
using Dftp.FileSystem;
using Dftp.Tests.Cluster.Convergence;

namespace Dftp.Tests.Cluster.Peers;

/// <summary>How many names strangers can make a node remember, and which of them make room for others.</summary>
[TestClass]
public sealed class StrangersTests
{
    private static readonly IPAddress Here = IPAddress.Parse("10.0.0.7");

    private readonly Strangers _strangers = new();
    private readonly List<Peer> _peers = [];

    [TestCleanup]
    public void Stop() => _peers.ForEach(peer => peer.Dispose());

    [TestMethod]
    public void SourceWithTooManyNames_ReplacesItsOldest()
    {
        for (var number = 0; number < Strangers.MaxPerSource; number++) Assert.IsNull(Add($"n{number}", IntroducerKind.Announcement, Here));

        Assert.AreEqual("n0", Add("more", IntroducerKind.Announcement, Here));
        Assert.AreEqual("n1", Add("direct", IntroducerKind.Greeting, Here));
        Assert.IsNull(Add("elsewhere", IntroducerKind.Announcement, IPAddress.Parse("10.0.0.8")));
        Assert.AreEqual(Strangers.MaxPerSource + 1, _strangers.Count);
    }

    // A real node may be behind the address of a flood, and only announce itself.
    [TestMethod]
    public void SourceWithTooManyGreetings_HasRoomForItsAnnouncements()
    {
        for (var number = 0; number < Strangers.MaxPerSource; number++) Add($"n{number}", IntroducerKind.Greeting, Here);

        Assert.AreEqual("n0", Add("announced", IntroducerKind.Announcement, Here));
    }

    // A node that a member names is missing from the tree: no stranger's word may hide that.
    [TestMethod]
    public void Gossip_GivesWayToNobody_AndHasNoRoomBeyondItsLimit()
    {
        for (var number = 0; number < Strangers.MaxPerSource; number++) Add($"n{number}", IntroducerKind.Gossip, Here);

        foreach (var kind in Enum.GetValues<IntroducerKind>()) Assert.IsFalse(_strangers.HasRoom(new(kind, Here), out _), $"{kind}");
    }

    [TestMethod]
    public void MemberThatAnswers_StopsCounting()
    {
        for (var number = 0; number < Strangers.MaxPerSource; number++) Add($"n{number}", IntroducerKind.Gossip, Here);

        _strangers.Remove(NodeName.Parse("n5"));

        Assert.IsTrue(_strangers.HasRoom(new(IntroducerKind.Gossip, Here), out var replaced));
        Assert.IsNull(replaced);
    }

    [TestMethod]
    public void TooManyInAll_TheOldestOfTheLeastTrustedGoes()
    {
        Add("gossiped", IntroducerKind.Gossip, Source(1));
        Add("greeted", IntroducerKind.Greeting, Source(2));
        for (var number = 2; number < Strangers.Max; number++) Add($"n{number}", IntroducerKind.Announcement, Source(10 + (number / 60)));
        Assert.AreEqual(Strangers.Max, _strangers.Count);

        Assert.AreEqual("n2", Add("announced", IntroducerKind.Announcement, Source(1000)));
        Assert.AreEqual("n3", Add("direct", IntroducerKind.Greeting, Source(1001)));
        Assert.AreEqual("n4", Add("named", IntroducerKind.Gossip, Source(1002)));
        Assert.AreEqual(Strangers.Max, _strangers.Count);
    }

    [TestMethod]
    public void StrangerThatAMemberNamesToo_IsAsSafeAsGossip()
    {
        Add("first", IntroducerKind.Announcement, Here);
        for (var number = 1; number < Strangers.MaxPerSource; number++) Add($"n{number}", IntroducerKind.Announcement, Here);

        _strangers.Put(_peers[0], new(IntroducerKind.Gossip, Source(1)));

        Assert.AreEqual("n1", Add("more", IntroducerKind.Greeting, Here));
    }

    // RFC 4291, section 2.5.4: a host's addresses of a network differ in the last 64 bits.
    [TestMethod]
    [DataRow("2001:db8::1", "2001:db8::2", true)]
    [DataRow("2001:db8::1", "2001:db8:0:1::1", false)]
    [DataRow("fe80::1%2", "fe80::2%2", false)]
    [DataRow("::ffff:10.0.0.1", "10.0.0.1", true)]
    [DataRow("10.0.0.1", "10.0.0.2", false)]
    public void AddressesOfOneHost_AreOneSource(string one, string other, bool same) =>
        Assert.AreEqual(same, Strangers.SourceOf(IPAddress.Parse(one)).Equals(Strangers.SourceOf(IPAddress.Parse(other))));

    [TestMethod]
    public void Bucket_GivesItsBurst_ThenTheRate_ForEachSource()
    {
        var clock = new SimulatedClock();
        var buckets = new TokenBuckets(burst: 3, perSecond: 2, clock);
        for (var count = 0; count < 3; count++) Assert.IsNull(buckets.Take(Here));

        Assert.AreEqual(TimeSpan.FromSeconds(0.5), buckets.Take(Here));
        Assert.IsNull(buckets.Take(Source(1)), "another address has its own");
        clock.Pass(TimeSpan.FromSeconds(0.5));
        Assert.IsNull(buckets.Take(Here));
        Assert.IsNotNull(buckets.Take(Here));
        clock.Pass(TimeSpan.FromSeconds(60));
        Assert.IsNull(buckets.Take(Here, 3));
        Assert.IsNotNull(buckets.Take(Here), "it does not hold more than its burst");
    }

    [TestMethod]
    public void MoreSourcesThanBuckets_ShareOne_UntilTheOthersAreFullAgain()
    {
        var clock = new SimulatedClock();
        var buckets = new TokenBuckets(burst: 1, perSecond: 1, clock);
        for (var number = 0; number < TokenBuckets.MaxSources; number++) Assert.IsNull(buckets.Take(Source(number)));

        Assert.IsNull(buckets.Take(Source(100_000)));
        Assert.IsNotNull(buckets.Take(Source(100_001)));
        clock.Pass(TimeSpan.FromSeconds(1));
        Assert.IsNull(buckets.Take(Source(100_002)));
        Assert.IsNull(buckets.Take(Source(100_003)));
    }

    [TestMethod]
    public async Task Slots_AreLimitedForAHostAndForAnnouncedOnes_AndTheLatestWaiterIsNext()
    {
        var slots = new StrangerSlots();
        var taken = new List<IDisposable>();
        for (var count = 0; count < StrangerSlots.MaxToHost; count++) taken.Add(await slots.EnterAsync("h", false, CancellationToken.None));
        var earlier = slots.EnterAsync("h", false, CancellationToken.None);
        var later = slots.EnterAsync("h", false, CancellationToken.None);
        Assert.IsFalse(earlier.IsCompleted || later.IsCompleted);

        taken[0].Dispose();
        (await later).Dispose();
        (await earlier).Dispose();

        for (var count = 0; count < StrangerSlots.MaxToAnnounced; count++) taken.Add(await slots.EnterAsync($"a{count}", true, CancellationToken.None));
        using var stop = new CancellationTokenSource();
        var tooMany = slots.EnterAsync("b", isAnnounced: true, stop.Token);
        Assert.IsFalse(tooMany.IsCompleted);
        (await slots.EnterAsync("b", isAnnounced: false, CancellationToken.None)).Dispose();
        await stop.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => tooMany);
        taken[^1].Dispose();
        (await slots.EnterAsync("b", isAnnounced: true, CancellationToken.None)).Dispose();
    }

    [TestMethod]
    public void Log_HasOneLineAMinute_WithTheNumberOfTheOthers()
    {
        var clock = new SimulatedClock();
        var throttle = new LogThrottle(clock);
        Assert.IsTrue(throttle.Passes(out var more));
        Assert.AreEqual("", more);
        for (var count = 0; count < 10_000; count++) Assert.IsFalse(throttle.Passes(out _));
        clock.Pass(TimeSpan.FromMinutes(1));

        Assert.IsTrue(throttle.Passes(out more));

        Assert.AreEqual(" (10000 more since the last such line)", more);
    }

    private static IPAddress Source(int number) => new([10, (byte)(1 + (number >> 16)), (byte)(number >> 8), (byte)number]);

    /// <returns>The stranger that had to go; null if none had.</returns>
    private string? Add(string name, IntroducerKind kind, IPAddress source)
    {
        var by = new Introducer(kind, source);
        Assert.IsTrue(_strangers.HasRoom(by, out var replaced), name);
        if (replaced is not null) _strangers.Remove(replaced.Name);
        var peer = new Peer(new PeerFacts { Name = NodeName.Parse(name) });
        _peers.Add(peer);
        _strangers.Put(peer, by);
        return replaced?.Name.Value;
    }
}
