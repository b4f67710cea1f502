using Dftp.Cluster.Peers;
using Dftp.Tests.Cluster.Convergence;

namespace Dftp.Tests.Cluster.Peers;

/// <summary>What was sent by an earlier start of a node may come when the next one is known already: it is not to count.</summary>
[TestClass]
public sealed class EarlierStartTests
{
    private readonly SimulatedClock _clock = new();
    private NodeParts _node = null!;

    [TestInitialize]
    public void Start() => _node = Given.Node(_clock);

    [TestCleanup]
    public void Stop() => _node.Dispose();

    [TestMethod]
    public async Task FullUpdateOfAnEarlierStart_AfterOneOfTheLaterThatHasNotGreetedYet_ChangesNothing()
    {
        Given.Meet(_node, Given.State(incarnation: 1));
        await Given.PushFullAsync(_node, incarnation: 2, sequence: 1, Given.File("/new"));

        var (outcome, _) = await Given.PushFullAsync(_node, incarnation: 1, sequence: 7, Given.File("/old"));

        Assert.AreEqual(UpdateOutcome.NeedsFullUpdate, outcome);
        CollectionAssert.AreEqual(new[] { "/new" }, _node.Paths().ToList());
    }

    [TestMethod]
    public async Task UpdateOfAnEarlierStart_AfterTheLaterGreeted_ChangesNothing()
    {
        Given.Meet(_node, Given.State(incarnation: 1));
        await Given.PushFullAsync(_node, incarnation: 1, sequence: 7, Given.File("/old"));
        _node.JoinHandshake.Greeted(Given.Greeting(Given.State(incarnation: 2)));

        var (outcome, _) = await Given.PushChangesAsync(_node, incarnation: 1, since: 7, sequence: 8, Given.File("/older"));

        Assert.AreEqual(UpdateOutcome.NeedsFullUpdate, outcome);
        CollectionAssert.AreEqual(new[] { "/old" }, _node.Paths().ToList());
    }

    [TestMethod]
    public void GreetingOfAnEarlierStart_IsNotTakenForARestart()
    {
        Given.Meet(_node, Given.State(incarnation: 2));

        Assert.IsNull(_node.JoinHandshake.Greeted(Given.Greeting(Given.State(incarnation: 1))));

        Assert.AreEqual(2, _node.Peers.Find(Given.Peer)!.Facts.Incarnation);
    }

    [TestMethod]
    public async Task ClockSetBackBeforeARestart_NodeIsAcceptedAtItsSecondAnswer()
    {
        Given.Meet(_node, Given.State(incarnation: 2));
        await Given.PushFullAsync(_node, incarnation: 2, sequence: 5, Given.File("/old"));
        var facts = () => _node.Peers.Find(Given.Peer)!.Facts;
        var answer = new ClusterAnswer("home", Given.Description(Given.State(incarnation: 1)), []);

        _node.JoinHandshake.Greeted(Given.Greeting(Given.State(incarnation: 1)));
        _node.JoinHandshake.Answered(Given.Address, answer, wasAsked: false);
        Assert.AreEqual(2, facts().Incarnation, "the first answer may have been under way for long");
        Assert.IsTrue(await PingIsWanted());
        _node.JoinHandshake.Answered(Given.Address, answer, wasAsked: false);
        Assert.AreEqual(1, facts().Incarnation);
        Assert.IsTrue(facts().Replication.NeedsFullUpdate);

        Assert.AreEqual(UpdateOutcome.Applied, (await Given.PushFullAsync(_node, incarnation: 1, sequence: 1, Given.File("/new"))).Outcome);
        CollectionAssert.AreEqual(new[] { "/new" }, _node.Paths().ToList());
    }

    [TestMethod]
    public async Task PeerThatIsDead_IsMetByWhateverStartGreets()
    {
        Given.Meet(_node, Given.State(incarnation: 2));
        await Given.PushFullAsync(_node, incarnation: 2, sequence: 5, Given.File("/old"));
        Given.Dies(_node);

        _node.JoinHandshake.Greeted(Given.Greeting(Given.State(incarnation: 1)));

        Assert.AreEqual(1, _node.Peers.Find(Given.Peer)!.Facts.Incarnation);
        Assert.AreEqual(UpdateOutcome.Applied, (await Given.PushFullAsync(_node, incarnation: 1, sequence: 1, Given.File("/new"))).Outcome);
    }

    private async Task<bool> PingIsWanted() =>
        await _node.Peers.Find(Given.Peer)!.PingNow.WaitAsync(TimeSpan.FromSeconds(5), TimeProvider.System, CancellationToken.None);
}
