using Dftp.Cluster;
using Dftp.Cluster.Index;
using Dftp.Cluster.Peers;
using Dftp.FileSystem;
using Dftp.Tests.Cluster.Convergence;

namespace Dftp.Tests.Cluster.Peers;

[TestClass]
public sealed class JoinHandshakeTests
{
    private static readonly HostPort Elsewhere = new("10.9.9.9", 7000);

    private readonly SimulatedClock _clock = new();
    private NodeParts _node = null!;

    private PeerFacts? Facts => _node.Peers.Find(Given.Peer)?.Facts;

    [TestInitialize]
    public void Start() => _node = Given.Node(_clock);

    [TestCleanup]
    public void Stop() => _node.Dispose();

    [TestMethod]
    public void OtherCluster_IsRefusedWithBothNamesAndNotAdded()
    {
        var refusal = _node.JoinHandshake.Greeted(Given.Greeting(Given.State(1)) with { ClusterName = "office" })?.Sentence;

        StringAssert.Contains(refusal, "office");
        StringAssert.Contains(refusal, "home");
        Assert.IsNull(Facts);
    }

    [TestMethod]
    public void OtherClusterAnswers_IsNotMetNorAreThoseThatItKnows()
    {
        var other = Given.Description(Given.State(1)) with { Name = NodeName.Parse("q") };
        _node.JoinHandshake.Answered(Given.Address, new ClusterAnswer("office", Given.Description(Given.State(1)), [other]), wasAsked: false);

        Assert.AreEqual(0, _node.Peers.All.Count());
    }

    // A legacy node does not send its cluster's name.
    [TestMethod]
    public void NoClusterName_IsAccepted()
    {
        Assert.IsNull(_node.JoinHandshake.Greeted(Given.Greeting(null) with { ClusterName = null }));
        Given.Answers(_node, null);
        Assert.AreEqual(PeerState.Alive, Facts!.State);
    }

    [TestMethod]
    public void NodeOfThisNodesName_IsRefusedWithWhatToDo()
    {
        var namesake = Given.Description(Given.State(1)) with { Name = _node.Context.Options.NodeName };

        var refusal = _node.JoinHandshake.Greeted(Given.Greeting(Given.State(1)) with { Caller = namesake })?.Sentence;

        StringAssert.Contains(refusal, "--node-name");
        Assert.AreEqual(0, _node.Peers.All.Count());
    }

    // Its own announcement comes back to it over another interface.
    [TestMethod]
    public void ThisNodeItself_IsAcceptedAndNotAdded()
    {
        Assert.IsNull(_node.JoinHandshake.Greeted(Given.Greeting(null) with { Caller = _node.Context.Me() }));
        Assert.AreEqual(0, _node.Peers.All.Count());
    }

    [TestMethod]
    public void NameOfAPeerThatAnswersElsewhere_IsRefused()
    {
        Given.Meet(_node, Given.State(1));

        StringAssert.Contains(_node.JoinHandshake.Greeted(Given.Greeting(Given.State(2), Elsewhere))?.Sentence, "--node-name");

        Assert.AreEqual(Given.Address, Facts!.ManagementAddress);
        Assert.AreEqual(1, Facts.Incarnation);
    }

    [TestMethod]
    public void NameOfAPeerThatHasNotAnsweredLately_HasMoved()
    {
        Given.Meet(_node, Given.State(1));
        _clock.Pass(TimeSpan.FromSeconds(10));

        Assert.IsNull(_node.JoinHandshake.Greeted(Given.Greeting(Given.State(2), Elsewhere)));

        Assert.AreEqual(Elsewhere, Facts!.ManagementAddress);
    }

    [TestMethod]
    public void RestartedPeerAtTheSameAddress_IsAccepted()
    {
        Given.Meet(_node, Given.State(1));

        Assert.IsNull(_node.JoinHandshake.Greeted(Given.Greeting(Given.State(2))));

        Assert.AreEqual(2, Facts!.Incarnation);
    }

    [TestMethod]
    public void Request_ForAFullUpdate_IsNoted()
    {
        Given.Meet(_node, Given.State(1));
        Assert.IsFalse(Facts!.Replication.WantsFullUpdate);

        _node.JoinHandshake.Greeted(Given.Greeting(Given.State(1), requests: true));
        Assert.IsTrue(Facts!.Replication.WantsFullUpdate);
    }

    [TestMethod]
    public async Task Goodbye_RemovesThePeersEntries()
    {
        Given.Meet(_node, Given.State(1));
        await Given.PushFullAsync(_node, incarnation: 1, sequence: 1, Given.File("/x"));

        Assert.IsNull(_node.JoinHandshake.Greeted(Given.Greeting(Given.State(1), isLeaving: true)));

        Assert.AreEqual(PeerState.Left, Facts!.State);
        Assert.AreEqual(0, _node.Paths().Count);
    }

    [TestMethod]
    public void GoodbyeOfAnEarlierStart_IsPassedOver()
    {
        Given.Meet(_node, Given.State(2));

        _node.JoinHandshake.Greeted(Given.Greeting(Given.State(1), isLeaving: true));

        Assert.AreEqual(PeerState.Alive, Facts!.State);
    }

    [TestMethod]
    public void GoodbyeOfAnUnknownNode_AddsNoPeer()
    {
        Assert.IsNull(_node.JoinHandshake.Greeted(Given.Greeting(Given.State(2), isLeaving: true)));
        Assert.IsNull(Facts);
    }

    // Its entries may come before its answer: as long as nobody knows whom it knows, the tree cannot be whole.
    [TestMethod]
    public async Task PeerThatCameBackWithoutNamedPeers_IsMissing_ThenItsPeersAre()
    {
        Given.Meet(_node, Given.State(1));
        Given.Dies(_node);
        _node.JoinHandshake.Greeted(Given.Greeting(Given.State(1)));
        await Given.PushFullAsync(_node, incarnation: 1, sequence: 1, Given.File("/x"));
        Assert.AreEqual("p", Missing());

        var seen = new List<string>();
        _node.Peers.Added += added => seen.Add($"{added.Name}: {Missing()}");
        var known = Given.Description(Given.State(3), Elsewhere) with { Name = NodeName.Parse("q") };
        var state = new AnnouncedState(1, 1, _node.Tree.Current.HoldingOf(Given.Peer).Digest);
        _node.JoinHandshake.Answered(Given.Address, new ClusterAnswer("home", Given.Description(state), [known]), wasAsked: false);

        CollectionAssert.AreEqual(new[] { "q: p q" }, seen, "at no moment is nobody missing");
        Assert.AreEqual("q", Missing());
    }

    [TestMethod]
    public async Task PeersOfAPeer_AreIntroducedWithTheirAddresses_AndGreeted()
    {
        var known = Given.Description(Given.State(3), Elsewhere) with { Name = NodeName.Parse("q") };
        var silent = known with { Name = NodeName.Parse("silent"), ManagementAddress = new HostPort("10.0.0.9", 0) };
        var me = known with { Name = _node.Context.Options.NodeName };

        _node.JoinHandshake.Answered(Given.Address, new ClusterAnswer("home", Given.Description(Given.State(1)), [known, silent, me]), wasAsked: false);

        CollectionAssert.AreEqual(new[] { "p", "q" }, _node.Peers.All.Select(peer => peer.Name.Value).Order().ToList());
        var introduced = _node.Peers.Find(known.Name)!;
        Assert.AreEqual(PeerState.Unmet, introduced.Facts.State);
        Assert.AreEqual(Elsewhere, introduced.Facts.ManagementAddress);
        Assert.IsTrue(await introduced.PingNow.WaitAsync(TimeSpan.FromSeconds(5), TimeProvider.System, CancellationToken.None));
    }

    private string Missing() => string.Join(' ', _node.Peers.Missing(TimeSpan.FromSeconds(15)).Select(missing => missing.Name.Value));
}
