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
    private NodeDescription? _said;

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
        var (before, after, _) = Meet(Given.Description(Given.State(incarnation: 1, sequence: 4)));

        Assert.AreEqual(PeerState.Unmet, before.State);
        Assert.AreEqual(PeerState.Alive, after.State);
        Assert.AreEqual(Given.Address, after.ManagementAddress);
        Assert.AreEqual(1, after.Incarnation);
        Assert.IsFalse(after.IsLegacy);
        Assert.IsTrue(after.Replication.NeedsFullUpdate);
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
        _peer.Suspect();

        Assert.AreEqual(Elsewhere, Meet(Given.Description(Given.State(1), Elsewhere)).After.ManagementAddress);
    }

    [TestMethod]
    public void StartedAgainElsewhere_TakesTheNewAddressAndForgetsWhatItWasSent()
    {
        Meet(Given.Description(Given.State(1)));
        Meet(Given.Description(Given.State(1)), wasAsked: true);
        _peers.Apply(_peer, new PeerEvent.PushDone(7));

        var (_, after, _) = Meet(Given.Description(Given.State(2), Elsewhere));

        Assert.AreEqual(Elsewhere, after.ManagementAddress);
        Assert.IsNull(after.Replication.PushedSequence);
        Assert.IsNull(after.Replication.AskedAt);
        Assert.IsTrue(after.Replication.NeedsFullUpdate);
    }

    [TestMethod]
    public async Task Restarted_KeepsItsEntriesUntilItsNextFullUpdate()
    {
        Meet(Given.Description(Given.State(1)));
        await Given.PushFullAsync(_node, incarnation: 1, sequence: 1, Given.File("/x"));

        Assert.IsTrue(Meet(Given.Description(Given.State(2))).After.Replication.NeedsFullUpdate);

        CollectionAssert.AreEqual(new[] { "/x" }, _node.Paths().ToList());
    }

    [TestMethod]
    public async Task PeerIsAhead_FullUpdateIsRequestedAfterTheTimeOfAnUpdate()
    {
        Meet(Given.Description(Given.State(1)));
        await Given.PushFullAsync(_node, incarnation: 1, sequence: 1, Given.File("/x"));
        var ahead = Given.Description(Given.State(incarnation: 1, sequence: 2));

        Assert.IsFalse(Meet(ahead).After.Replication.NeedsFullUpdate);
        _clock.Pass(TimeSpan.FromSeconds(1.9));
        Assert.IsFalse(Meet(ahead).After.Replication.NeedsFullUpdate);
        _clock.Pass(TimeSpan.FromSeconds(0.1));
        Assert.IsTrue(Meet(ahead).After.Replication.NeedsFullUpdate);
    }

    [TestMethod]
    public async Task UpdateComesWhileThePeerIsAhead_TheLagIsForgotten()
    {
        Meet(Given.Description(Given.State(1)));
        await Given.PushFullAsync(_node, incarnation: 1, sequence: 1, Given.File("/x"));
        Meet(Given.Description(Given.State(incarnation: 1, sequence: 2)));
        await Given.PushChangesAsync(_node, incarnation: 1, since: 1, sequence: 2, Given.File("/y"));
        var same = Given.Description(new AnnouncedState(1, 2, _node.Tree.Current.HoldingOf(Given.Peer).Digest));

        Assert.IsNull(Meet(same).After.Replication.LagsSince);
        _clock.Pass(TimeSpan.FromSeconds(60));
        Assert.IsFalse(Meet(same).After.Replication.NeedsFullUpdate);
    }

    // The entry digest travels with the pings, so that a difference is noticed within a ping and repaired, whatever its cause.
    [TestMethod]
    public async Task DigestOfTheSameChangeDiffers_AsksForAFullUpdateAtOnce()
    {
        Meet(Given.Description(Given.State(1)));
        await Given.PushFullAsync(_node, incarnation: 1, sequence: 1, Given.File("/x"));
        var digest = _node.Tree.Current.HoldingOf(Given.Peer).Digest;

        Assert.IsFalse(Meet(Given.Description(Given.State(1, 1, digest))).After.Replication.NeedsFullUpdate);
        Assert.IsTrue(Meet(Given.Description(Given.State(1, 1, digest + 1))).After.Replication.NeedsFullUpdate);
    }

    [TestMethod]
    public async Task WordThatIsOlderThanWhatIsKnown_AsksForNothing()
    {
        Meet(Given.Description(Given.State(1)));
        await Given.PushFullAsync(_node, incarnation: 1, sequence: 5, Given.File("/x"));

        Assert.IsFalse(Meet(Given.Description(Given.State(1, 4, digest: 99))).After.Replication.NeedsFullUpdate);
    }

    [TestMethod]
    public void FullUpdateIsNeeded_RequestIsRepeatedAfterAPauseAndNotWhileOneArrives()
    {
        Meet(Given.Description(Given.State(1)));
        Assert.IsTrue(Asks());

        Meet(Given.Description(Given.State(1)), wasAsked: true);
        Assert.IsFalse(Asks());
        _clock.Pass(TimeSpan.FromSeconds(3));
        Assert.IsTrue(Asks());

        _peers.Apply(_peer, new PeerEvent.UpdateBegun());
        Assert.IsFalse(Asks());
    }

    [TestMethod]
    public void NodeWithoutState_IsALegacyNode()
    {
        var (_, after, _) = Meet(Given.Description(null));

        Assert.IsTrue(after.IsLegacy);
        Assert.AreEqual(0, after.Incarnation);
    }

    [TestMethod]
    public void Suspected_ReportsOnceThatItWasAlive()
    {
        Meet(Given.Description(Given.State(1)));

        Assert.IsTrue(_peer.Suspect());
        Assert.IsFalse(_peer.Suspect());
        Assert.AreEqual(PeerState.Suspect, _peer.Facts.State);
        Assert.AreEqual(2, _peer.Facts.Failures);

        _peers.Apply(_peer, new PeerEvent.Heard());
        Assert.AreEqual(PeerState.Alive, _peer.Facts.State);
        Assert.AreEqual(0, _peer.Facts.Failures);
    }

    [TestMethod]
    public async Task Dead_ItsEntriesAreRemovedAndItsOperationsEnd()
    {
        Meet(Given.Description(Given.State(1)));
        await Given.PushFullAsync(_node, incarnation: 1, sequence: 1, Given.File("/x"));
        var presence = _peer.Presence;

        Assert.IsTrue(Given.Dies(_node).Enters(PeerState.Dead));

        Assert.AreEqual(PeerState.Dead, _peer.Facts.State);
        Assert.AreEqual(0, _node.Paths().Count);
        Assert.IsTrue(presence.IsCancellationRequested);
        Assert.IsFalse(_peer.Presence.IsCancellationRequested, "the next presence is a new one");
        Assert.IsFalse(Given.Dies(_node).Has(PeerEffects.Leave), "it is gone already");
    }

    [TestMethod]
    public async Task Dead_ChangesAloneDoNotRestoreItsEntries()
    {
        Meet(Given.Description(Given.State(1)));
        await Given.PushFullAsync(_node, incarnation: 1, sequence: 1, Given.File("/x"));
        Given.Dies(_node);

        await Given.PushChangesAsync(_node, incarnation: 1, since: 1, sequence: 2, Given.File("/y"));

        Assert.AreEqual(0, _node.Paths().Count);
        Assert.IsTrue(_peer.Facts.Replication.NeedsFullUpdate);
    }

    [TestMethod]
    public void AddressFromAnotherNode_IsUsedOnlyIfNoneIsKnown()
    {
        Introduce(Given.Address);
        Assert.AreEqual(Given.Address, _peer.Facts.ManagementAddress);

        Introduce(Elsewhere);
        Assert.AreEqual(Given.Address, _peer.Facts.ManagementAddress);

        _peers.Apply(_peer, new PeerEvent.Announced(Elsewhere));
        Assert.AreEqual(Elsewhere, _peer.Facts.ManagementAddress);
    }

    [TestMethod]
    public void OwnAnnouncementOfAnotherAddress_WhileAlive_ChangesNothing()
    {
        Meet(Given.Description(Given.State(1)));

        _peers.Apply(_peer, new PeerEvent.Announced(Elsewhere));

        Assert.AreEqual(Given.Address, _peer.Facts.ManagementAddress);
    }

    [TestMethod]
    public async Task Missing_AreJoiningAndDeadNodes_SinceTheirLastSignOfLife()
    {
        Meet(Given.Description(Given.State(1)));
        Assert.AreEqual(Given.Peer, _peers.Missing(TimeSpan.FromSeconds(15)).Single().Name, "it is there, and its entries are not");
        await Given.PushFullAsync(_node, incarnation: 1, sequence: 1, Given.File("/x"));
        Answer();
        var heard = _clock.GetUtcNow().ToUnixTimeSeconds();
        Assert.AreEqual(0, _peers.Missing(TimeSpan.FromSeconds(15)).Count);

        _clock.Pass(TimeSpan.FromMinutes(5));
        Given.Dies(_node);

        Assert.AreEqual(new MissingNode(Given.Peer, UnixTime.FromSeconds(heard)), _peers.Missing(TimeSpan.FromSeconds(15)).Single());
    }

    // A node is heard of before it is asked, and an update takes its time: meanwhile the tree is not complete.
    [TestMethod]
    public void IntroducedNode_IsJoiningUntilItAnnouncesItsEntries()
    {
        var since = _clock.GetUtcNow().ToUnixTimeSeconds();
        Introduce(Given.Address);
        Assert.AreEqual(new MissingNode(Given.Peer, UnixTime.FromSeconds(since), MissingReason.Joining), Missing());
        _peer.Suspect();
        Assert.AreEqual(MissingReason.Joining, Missing()?.Reason, "one try says little");

        Meet(Given.Description(Given.State(1)));
        Assert.AreEqual(MissingReason.Joining, Missing()?.Reason, "it is met, and its entries have not come");
        _peer.Suspect();
        Assert.AreEqual(MissingReason.Joining, Missing()?.Reason);
    }

    [TestMethod]
    public async Task NodeWithEntriesThatHasNotNamedItsPeers_IsJoining()
    {
        Meet(Given.Description(Given.State(1)));
        await Given.PushFullAsync(_node, incarnation: 1, sequence: 1, Given.File("/x"));

        Meet(Given.Description(Given.State(1, 1, _node.Tree.Current.HoldingOf(Given.Peer).Digest)));
        Assert.AreEqual(MissingReason.Joining, Missing()?.Reason, "it has not said whom it knows");
        Answer();
        Assert.IsNull(Missing());
    }

    [TestMethod]
    public async Task UnreadablePlacesOfAPeer_AreMissingUntilItReadsThem_ThenTheWholePeerWhenItIsDead()
    {
        var description = Given.Description(Given.State(1)) with { Unconfirmed = UnconfirmedField.Read("1477224426 /bad dir\n1477224427 /x") };
        Meet(description);
        await Given.PushFullAsync(_node, incarnation: 1, sequence: 1, Given.File("/x"));
        Answer();
        Meet(description);
        CollectionAssert.AreEqual(
            new[]
            {
                new MissingNode(Given.Peer, UnixTime.FromSeconds(1477224426), MissingReason.Unconfirmed, VirtualPath.Parse("/bad dir")),
                new MissingNode(Given.Peer, UnixTime.FromSeconds(1477224427), MissingReason.Unconfirmed, VirtualPath.Parse("/x")),
            },
            _peers.Missing(TimeSpan.FromSeconds(15)).ToArray());

        Given.Dies(_node);
        Assert.IsNull(_peers.Missing(TimeSpan.FromSeconds(15)).Single().Path, "the whole of it");

        Meet(Given.Description(Given.State(1)));
        await Given.PushFullAsync(_node, incarnation: 1, sequence: 2, Given.File("/x"));
        Answer();
        Assert.AreEqual(0, _peers.Missing(TimeSpan.FromSeconds(15)).Count);
    }

    [TestMethod]
    public void NodeThatOthersSeeAndThatCannotBeReached_IsMissingAsLongAsTheySeeIt()
    {
        var since = _clock.GetUtcNow().ToUnixTimeSeconds();
        Introduce(Given.Address);
        _peer.Suspect();
        Given.Dies(_node);

        Assert.AreEqual(new MissingNode(Given.Peer, UnixTime.FromSeconds(since)), Missing());
        _clock.Pass(TimeSpan.FromSeconds(10));
        Introduce(Given.Address);
        _clock.Pass(TimeSpan.FromSeconds(10));
        Assert.AreEqual(MissingReason.Dead, Missing()?.Reason);
        _clock.Pass(TimeSpan.FromSeconds(5));
        Assert.IsNull(Missing(), "nobody sees it any more, and it never answered");
    }

    [TestMethod]
    public void Forgotten_OnlyWhileDead()
    {
        Meet(Given.Description(Given.State(1)));
        Assert.AreEqual(false, _peers.Forget(Given.Peer));

        Given.Dies(_node);
        Assert.AreEqual(true, _peers.Forget(Given.Peer));

        Assert.IsNull(_peers.Find(Given.Peer));
        Assert.AreEqual(PeerState.Forgotten, _peer.Facts.State);
        Assert.IsNull(_peers.Forget(Given.Peer));
        Assert.AreEqual(0, _peers.Missing(TimeSpan.FromSeconds(15)).Count);
    }

    /// <summary>The peer answers a greeting and names the nodes that it knows.</summary>
    private void Answer() => _peers.Apply(_peer, new PeerEvent.Answered(Given.Address, _said!, null, WasAsked: false, NamesAll: true, Digest));

    private void Introduce(HostPort address) => _peers.Apply(_peer, new PeerEvent.Introduced(Given.Description(null, address)));

    private bool Asks() => _peer.Facts.Replication.AsksForFullUpdate(_peers.Now.Clock);

    private ulong Digest => _peers.DigestInTree(Given.Peer);

    private MissingNode? Missing() => _peers.Missing(TimeSpan.FromSeconds(15)).SingleOrDefault();

    /// <summary>The peer answers a greeting and does not name yet whom it knows.</summary>
    private Transition Meet(NodeDescription description, bool wasAsked = false)
    {
        _said = description;
        return _peers.Apply(
            _peer, new PeerEvent.Answered(description.ManagementAddress, description, null, wasAsked, NamesAll: false, Digest));
    }
}
