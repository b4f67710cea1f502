using Dftp.Cluster;
using Dftp.Cluster.Index;
using Dftp.Cluster.Peers;
using Dftp.FileSystem;
using Dftp.Tests.Cluster.Convergence;

namespace Dftp.Tests.Cluster.Peers;

[TestClass]
public sealed class PeerTableTests
{
    private static readonly HostPort Elsewhere = new("10.9.9.9", 7000);

    private readonly SimulatedClock _clock = new();
    private NodeParts _node = null!;
    private PeerTable _peers = null!;
    private Peer _peer = null!;

    [TestInitialize]
    public void Start()
    {
        _node = Given.Node(_clock);
        _peers = _node.Peers;
        _peer = _peers.GetOrAdd(Given.Peer)!;
    }

    [TestCleanup]
    public void Stop() => _node.Dispose();

    [TestMethod]
    public void NewPeer_IsReportedOnce()
    {
        var added = new List<Peer>();
        _peers.Added += added.Add;

        var first = _peers.GetOrAdd(NodeName.Parse("q"));
        var second = _peers.GetOrAdd(NodeName.Parse("q"));

        Assert.AreSame(first, second);
        CollectionAssert.AreEqual(new[] { first }, added);
    }

    [TestMethod]
    public void Flood_OfNames_IsBounded()
    {
        for (var number = 1; number < 10_000; number++) Assert.IsNotNull(_peers.GetOrAdd(NodeName.Parse($"n{number}")));

        Assert.IsNull(_peers.GetOrAdd(NodeName.Parse("one-too-many")));
        Assert.AreSame(_peer, _peers.GetOrAdd(Given.Peer), "those that are known are found");
    }

    [TestMethod]
    public void Met_IsAliveWithItsAddressAndAFullUpdateIsNeeded()
    {
        var (before, after) = Meet(Given.Description(Given.State(epoch: 1, sequence: 4)));

        Assert.AreEqual(PeerState.Unmet, before.State);
        Assert.AreEqual(PeerState.Alive, after.State);
        Assert.AreEqual(Given.Address, after.ManagementAddress);
        Assert.AreEqual(1, after.Epoch);
        Assert.IsFalse(after.IsLegacy);
        Assert.IsTrue(after.NeedsFullUpdate);
    }

    // A node with several interfaces is heard from several addresses: the one that works is kept.
    [TestMethod]
    public void MetAgainFromAnotherAddress_WhileAlive_KeepsTheFirst()
    {
        Meet(Given.Description(Given.State(1)));

        Assert.AreEqual(Given.Address, Meet(Given.Description(Given.State(1), Elsewhere)).After.ManagementAddress);
    }

    [TestMethod]
    public void MetAgainFromAnotherAddress_WhileSuspect_TakesTheNewOne()
    {
        Meet(Given.Description(Given.State(1)));
        PeerTable.Suspect(_peer);

        Assert.AreEqual(Elsewhere, Meet(Given.Description(Given.State(1), Elsewhere)).After.ManagementAddress);
    }

    [TestMethod]
    public void StartedAgainElsewhere_TakesTheNewAddressAndForgetsWhatItWasSent()
    {
        Meet(Given.Description(Given.State(1)));
        Meet(Given.Description(Given.State(1)), wasAsked: true);
        _peer.Change(facts => facts with { PushedSequence = 7 });

        var (_, after) = Meet(Given.Description(Given.State(2), Elsewhere));

        Assert.AreEqual(Elsewhere, after.ManagementAddress);
        Assert.IsNull(after.PushedSequence);
        Assert.IsNull(after.AskedAt);
        Assert.IsTrue(after.NeedsFullUpdate);
    }

    [TestMethod]
    public async Task Restarted_KeepsItsEntriesUntilItsNextFullUpdate()
    {
        Meet(Given.Description(Given.State(1)));
        await Given.PushFullAsync(_node, epoch: 1, sequence: 1, Given.File("/x"));

        Assert.IsTrue(Meet(Given.Description(Given.State(2))).After.NeedsFullUpdate);

        CollectionAssert.AreEqual(new[] { "/x" }, _node.Paths().ToList());
    }

    [TestMethod]
    public async Task PeerIsAhead_FullUpdateIsRequestedAfterTheTimeOfAnUpdate()
    {
        await Given.PushFullAsync(_node, epoch: 1, sequence: 1, Given.File("/x"));
        var ahead = Given.Description(Given.State(epoch: 1, sequence: 2));

        Assert.IsFalse(Meet(ahead).After.NeedsFullUpdate);
        _clock.Pass(TimeSpan.FromSeconds(1.9));
        Assert.IsFalse(Meet(ahead).After.NeedsFullUpdate);
        _clock.Pass(TimeSpan.FromSeconds(0.1));
        Assert.IsTrue(Meet(ahead).After.NeedsFullUpdate);
    }

    [TestMethod]
    public async Task UpdateComesWhileThePeerIsAhead_TheLagIsForgotten()
    {
        await Given.PushFullAsync(_node, epoch: 1, sequence: 1, Given.File("/x"));
        Meet(Given.Description(Given.State(epoch: 1, sequence: 2)));
        await Given.PushChangesAsync(_node, epoch: 1, since: 1, sequence: 2, Given.File("/y"));
        var same = Given.Description(new AnnouncedState(1, 2, _node.Tree.Current.HoldingOf(Given.Peer).Digest));

        Assert.IsNull(Meet(same).After.LagsSince);
        _clock.Pass(TimeSpan.FromSeconds(60));
        Assert.IsFalse(Meet(same).After.NeedsFullUpdate);
    }

    // The entry digest travels with the pings, so that a difference is noticed within a ping and repaired, whatever its cause.
    [TestMethod]
    public async Task DigestOfTheSameChangeDiffers_AsksForAFullUpdateAtOnce()
    {
        await Given.PushFullAsync(_node, epoch: 1, sequence: 1, Given.File("/x"));
        var digest = _node.Tree.Current.HoldingOf(Given.Peer).Digest;

        Assert.IsFalse(Meet(Given.Description(Given.State(1, 1, digest))).After.NeedsFullUpdate);
        Assert.IsTrue(Meet(Given.Description(Given.State(1, 1, digest + 1))).After.NeedsFullUpdate);
    }

    [TestMethod]
    public async Task WordThatIsOlderThanWhatIsKnown_AsksForNothing()
    {
        await Given.PushFullAsync(_node, epoch: 1, sequence: 5, Given.File("/x"));

        Assert.IsFalse(Meet(Given.Description(Given.State(1, 4, digest: 99))).After.NeedsFullUpdate);
    }

    [TestMethod]
    public void FullUpdateIsNeeded_RequestIsRepeatedAfterAPauseAndNotWhileOneArrives()
    {
        Meet(Given.Description(Given.State(1)));
        Assert.IsTrue(_peers.AsksForFullUpdate(_peer.Facts));

        Meet(Given.Description(Given.State(1)), wasAsked: true);
        Assert.IsFalse(_peers.AsksForFullUpdate(_peer.Facts));
        _clock.Pass(TimeSpan.FromSeconds(3));
        Assert.IsTrue(_peers.AsksForFullUpdate(_peer.Facts));

        Assert.IsFalse(_peers.AsksForFullUpdate(_peer.Facts with { Receiving = 1 }));
    }

    [TestMethod]
    public void NodeWithoutState_IsALegacyNode()
    {
        var (_, after) = Meet(Given.Description(null));

        Assert.IsTrue(after.IsLegacy);
        Assert.AreEqual(0, after.Epoch);
    }

    [TestMethod]
    public void Suspected_ReportsOnceThatItWasAlive()
    {
        Meet(Given.Description(Given.State(1)));

        Assert.IsTrue(PeerTable.Suspect(_peer));
        Assert.IsFalse(PeerTable.Suspect(_peer));
        Assert.AreEqual(PeerState.Suspect, _peer.Facts.State);
        Assert.AreEqual(2, _peer.Facts.Failures);

        _peers.Heard(_peer);
        Assert.AreEqual(PeerState.Alive, _peer.Facts.State);
        Assert.AreEqual(0, _peer.Facts.Failures);
    }

    [TestMethod]
    public async Task Away_ItsEntriesAreRemovedAndItsOperationsEnd()
    {
        Meet(Given.Description(Given.State(1)));
        await Given.PushFullAsync(_node, epoch: 1, sequence: 1, Given.File("/x"));
        var presence = _peer.Presence;

        Assert.IsTrue(_peers.Leave(_peer));

        Assert.AreEqual(PeerState.Away, _peer.Facts.State);
        Assert.AreEqual(0, _node.Paths().Count);
        Assert.IsTrue(presence.IsCancellationRequested);
        Assert.IsFalse(_peer.Presence.IsCancellationRequested, "the next presence is a new one");
        Assert.IsFalse(_peers.Leave(_peer), "it is gone already");
    }

    [TestMethod]
    public async Task Away_ChangesAloneDoNotRestoreItsEntries()
    {
        Meet(Given.Description(Given.State(1)));
        await Given.PushFullAsync(_node, epoch: 1, sequence: 1, Given.File("/x"));
        _peers.Leave(_peer);

        await Given.PushChangesAsync(_node, epoch: 1, since: 1, sequence: 2, Given.File("/y"));

        Assert.AreEqual(0, _node.Paths().Count);
        Assert.IsTrue(_peer.Facts.NeedsFullUpdate);
    }

    [TestMethod]
    public void AddressFromAnotherNode_IsUsedOnlyIfNoneIsKnown()
    {
        _peers.Introduce(_peer, Given.Description(null), isOwnWord: false);
        Assert.AreEqual(Given.Address, _peer.Facts.ManagementAddress);

        _peers.Introduce(_peer, Given.Description(null, Elsewhere), isOwnWord: false);
        Assert.AreEqual(Given.Address, _peer.Facts.ManagementAddress);

        _peers.Introduce(_peer, Given.Description(null, Elsewhere), isOwnWord: true);
        Assert.AreEqual(Elsewhere, _peer.Facts.ManagementAddress);
    }

    [TestMethod]
    public void OwnAnnouncementOfAnotherAddress_WhileAlive_ChangesNothing()
    {
        Meet(Given.Description(Given.State(1)));

        _peers.Introduce(_peer, Given.Description(null, Elsewhere), isOwnWord: true);

        Assert.AreEqual(Given.Address, _peer.Facts.ManagementAddress);
    }

    [TestMethod]
    public async Task Missing_AreJoiningAndAwayNodes_SinceTheirLastSignOfLife()
    {
        Meet(Given.Description(Given.State(1)));
        Assert.AreEqual(Given.Peer, _peers.Missing(TimeSpan.FromSeconds(15)).Single().Name, "it is there, and its entries are not");
        await Given.PushFullAsync(_node, epoch: 1, sequence: 1, Given.File("/x"));
        Answer();
        var heard = _clock.GetUtcNow().ToUnixTimeSeconds();
        Assert.AreEqual(0, _peers.Missing(TimeSpan.FromSeconds(15)).Count);

        _clock.Pass(TimeSpan.FromMinutes(5));
        _peers.Leave(_peer);

        Assert.AreEqual(new MissingNode(Given.Peer, UnixTime.FromSeconds(heard)), _peers.Missing(TimeSpan.FromSeconds(15)).Single());
    }

    // A node is heard of before it is asked, and an update takes its time: meanwhile the tree is not complete.
    [TestMethod]
    public void IntroducedNode_IsJoiningUntilItAnnouncesItsEntries()
    {
        var since = _clock.GetUtcNow().ToUnixTimeSeconds();
        _peers.Introduce(_peer, Given.Description(null), isOwnWord: false);
        Assert.AreEqual(new MissingNode(Given.Peer, UnixTime.FromSeconds(since), MissingReason.Joining), Missing());
        PeerTable.Suspect(_peer);
        Assert.AreEqual(MissingReason.Joining, Missing()?.Reason, "one try says little");

        Meet(Given.Description(Given.State(1)));
        Assert.AreEqual(MissingReason.Joining, Missing()?.Reason, "it is met, and its entries have not come");
        PeerTable.Suspect(_peer);
        Assert.AreEqual(MissingReason.Joining, Missing()?.Reason);
    }

    [TestMethod]
    public async Task NodeWithEntriesButWithoutAddress_IsJoining()
    {
        await Given.PushFullAsync(_node, epoch: 1, sequence: 1, Given.File("/x"));
        Assert.AreEqual(MissingReason.Joining, Missing()?.Reason);

        Meet(Given.Description(Given.State(1, 1, _node.Tree.Current.HoldingOf(Given.Peer).Digest)));
        Assert.AreEqual(MissingReason.Joining, Missing()?.Reason, "it has not said whom it knows");
        Answer();
        Assert.IsNull(Missing());
    }

    [TestMethod]
    public async Task UnreadablePlacesOfAPeer_AreMissingUntilItReadsThem_ThenTheWholePeerWhenItIsAway()
    {
        var description = Given.Description(Given.State(1)) with { Unconfirmed = UnconfirmedField.Read("1477224426 /bad dir\n1477224427 /x") };
        Meet(description);
        await Given.PushFullAsync(_node, epoch: 1, sequence: 1, Given.File("/x"));
        Answer();
        Meet(description);
        CollectionAssert.AreEqual(
            new[]
            {
                new MissingNode(Given.Peer, UnixTime.FromSeconds(1477224426), MissingReason.Unconfirmed, VirtualPath.Parse("/bad dir")),
                new MissingNode(Given.Peer, UnixTime.FromSeconds(1477224427), MissingReason.Unconfirmed, VirtualPath.Parse("/x")),
            },
            _peers.Missing(TimeSpan.FromSeconds(15)).ToArray());

        _peers.Leave(_peer);
        Assert.IsNull(_peers.Missing(TimeSpan.FromSeconds(15)).Single().Path, "the whole of it");

        Meet(Given.Description(Given.State(1)));
        await Given.PushFullAsync(_node, epoch: 1, sequence: 2, Given.File("/x"));
        Answer();
        Assert.AreEqual(0, _peers.Missing(TimeSpan.FromSeconds(15)).Count);
    }

    [TestMethod]
    public void NodeThatOthersSeeAndThatCannotBeReached_IsMissingAsLongAsTheySeeIt()
    {
        var since = _clock.GetUtcNow().ToUnixTimeSeconds();
        _peers.Introduce(_peer, Given.Description(null), isOwnWord: false);
        PeerTable.Suspect(_peer);
        _peers.Leave(_peer);

        Assert.AreEqual(new MissingNode(Given.Peer, UnixTime.FromSeconds(since)), Missing());
        _clock.Pass(TimeSpan.FromSeconds(10));
        _peers.Introduce(_peer, Given.Description(null), isOwnWord: false);
        _clock.Pass(TimeSpan.FromSeconds(10));
        Assert.AreEqual(MissingReason.Away, Missing()?.Reason);
        _clock.Pass(TimeSpan.FromSeconds(5));
        Assert.IsNull(Missing(), "nobody sees it any more, and it never answered");
    }

    [TestMethod]
    public void Forgotten_OnlyWhileAway()
    {
        Meet(Given.Description(Given.State(1)));
        Assert.AreEqual(false, _peers.Forget(Given.Peer));

        _peers.Leave(_peer);
        Assert.AreEqual(true, _peers.Forget(Given.Peer));

        Assert.IsNull(_peers.Find(Given.Peer));
        Assert.IsTrue(_peer.Facts.IsForgotten);
        Assert.IsNull(_peers.Forget(Given.Peer));
        Assert.AreEqual(0, _peers.Missing(TimeSpan.FromSeconds(15)).Count);
    }

    /// <summary>The peer answers a greeting.</summary>
    private void Answer() => _peer.Change(facts => facts with { HasAnsweredGreeting = true });

    private MissingNode? Missing() => _peers.Missing(TimeSpan.FromSeconds(15)).SingleOrDefault();

    private (PeerFacts Before, PeerFacts After) Meet(NodeDescription description, bool wasAsked = false) =>
        _peers.Meet(_peer, description, knownDigest: null, wasAsked);
}
