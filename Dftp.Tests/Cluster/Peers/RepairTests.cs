using System.Buffers;
using System.IO.Pipelines;
using Dftp.Cluster.Index;
using Dftp.Cluster.Peers;
using Dftp.Cluster.Replication;
using Dftp.FileSystem;
using Dftp.Tests.Cluster.Convergence;

namespace Dftp.Tests.Cluster.Peers;

/// <summary>A node called n, whose peer p knows most of its entries, repairs what p knows; and as a receiver, what it knows of p.</summary>
[TestClass]
public sealed class RepairTests
{
    private static readonly PeerReply Done = new(PeerOutcome.Done, null, ""), NeedsFull = new(PeerOutcome.NeedsFullUpdate, null, "it answers 409"),
        Unreachable = new(PeerOutcome.Unreachable, null, "connection refused");

    private readonly SimulatedClock _clock = new();
    private NodeParts _node = null!;
    private TreeSnapshot _known = TreeSnapshot.Empty;

    [TestInitialize]
    public void Start()
    {
        _node = Given.Node(_clock, smallestRepair: 0);
        Given.Meet(_node, Given.State(incarnation: 1));
        _node.Scan(Given.File("/same"), Given.File("/gone"));
        _known = _node.Tree.Current;
        _clock.Pass(TimeSpan.FromSeconds(1));
        // More changes than the log keeps: the state that the peer knows is not in it any more.
        _node.Scan([Given.File("/same"), .. Enumerable.Range(0, 50_001).Select(number => Given.File($"/f{number}"))]);
        _node.Scan(Given.File("/same"), Given.File("/new"));
    }

    [TestCleanup]
    public void Stop() => _node.Dispose();

    [TestMethod]
    public void PeerThatKnowsAStateThatIsNotInTheLog_GetsOnlyWhatDiffers()
    {
        var updates = Asks(known: Digest(_known));
        var update = updates.Next()!;

        Search(update);
        var repair = updates.Searched(update);

        Assert.IsFalse(repair.Header.IsFull);
        Assert.AreEqual(Digest(_known), repair.Header.SinceDigest);
        Assert.AreEqual(_node.Own.State.Digest, repair.Header.Repair!.Digest);
        CollectionAssert.AreEqual(new[] { "/new" }, repair.Changes.Select(change => change.Path.Value).ToList());
        Assert.IsTrue(updates.Answered(repair, Done));
        Assert.IsNull(updates.Next());
    }

    // The changes of the meantime follow the state that the repair led to.
    [TestMethod]
    public void NodeChangesDuringTheSearch_TheChangesFollowTheRepair()
    {
        var updates = Asks(known: Digest(_known));
        var update = updates.Next()!;
        Search(update);
        _node.Scan(Given.File("/same"), Given.File("/new"), Given.File("/newer"));

        var repair = updates.Searched(update);
        updates.Answered(repair, Done);
        var changes = updates.Next()!;

        CollectionAssert.AreEqual(new[] { "/new" }, repair.Changes.Select(change => change.Path.Value).ToList());
        CollectionAssert.AreEqual(new[] { "/newer" }, changes.Changes.Select(change => change.Path.Value).ToList());
        Assert.AreEqual(repair.Header.Position!.Value.Sequence, changes.Header.Position!.Value.Since);
    }

    // A gap in the updates: the receiver says that it cannot use an update, and not what it knows.
    [TestMethod]
    public void PeerThatWasSentAllAndMissedAnUpdate_IsAskedWhatItKnows()
    {
        var updates = Asks(known: null);
        updates.Answered(updates.Next()!, Done);
        _node.Scan(Given.File("/same"), Given.File("/new"), Given.File("/newer"));
        Assert.IsTrue(updates.Answered(updates.Next()!, NeedsFull));

        Assert.IsNotNull(updates.Next()!.Search);
    }

    [TestMethod]
    public void PeerThatKnowsNothing_GetsAFullUpdateUnasked() => Assert.IsNull(Asks(known: null).Next()!.Search);

    [TestMethod]
    public void LegacyNode_IsNeverAsked()
    {
        Given.Meet(_node, null);
        var peer = _node.Peers.Find(Given.Peer)!;
        _node.Peers.Apply(peer, new PeerEvent.PushDone(1));
        _node.JoinHandshake.Greeted(Given.Greeting(null, requests: true, knownDigest: 1));

        var update = new PeerUpdates(peer, _node.Context).Next()!;

        Assert.IsTrue(update is { ToLegacy: true, Search: null, Header.IsFull: true });
    }

    [TestMethod]
    public void NodeWithFewEntries_SendsThemAllWithoutAsking()
    {
        using var small = Given.Node(_clock);
        small.Scan(Given.File("/x"));
        Given.Meet(small, Given.State(incarnation: 1), requests: true, knownDigest: 12345);

        Assert.IsNull(new PeerUpdates(small.Peers.Find(Given.Peer)!, small.Context).Next()!.Search);
    }

    // An older node has no such route.
    [TestMethod]
    public void PeerThatCannotAnswer_GetsAFullUpdate()
    {
        var updates = Asks(known: Digest(_known));
        var update = updates.Next()!;

        update.Search!.Take(null);

        var full = updates.Searched(update);
        Assert.IsTrue(full.Header.IsFull);
        Assert.AreEqual(1 + 1, full.Files);
    }

    [TestMethod]
    public void RepairThatIsRefused_IsFollowedByAFullUpdateAtOnce_AndLaterOnesAreTriedAgain()
    {
        var updates = Asks(known: Digest(_known));
        var update = updates.Next()!;
        Search(update);

        Assert.IsTrue(updates.Answered(updates.Searched(update), NeedsFull));

        var full = updates.Next()!;
        Assert.IsTrue(full is { Search: null, Header.IsFull: true });
        updates.Answered(full, Done);
        _clock.Pass(_node.Context.Options.FullUpdateInterval);
        Assert.IsNotNull(updates.Next()!.Search);
    }

    [TestMethod]
    public void QuestionThatDoesNotArrive_IsAskedAgainLater()
    {
        var updates = Asks(known: Digest(_known));
        var update = updates.Next()!;

        Assert.IsFalse(updates.Answered(update, Unreachable));

        Asks(known: Digest(_known));
        Assert.IsNotNull(updates.Next()!.Search);
    }

    [TestMethod]
    public async Task ReceivedRepair_ReplacesTheRangesAndConfirmsTheRest()
    {
        await Given.PushFullAsync(_node, incarnation: 1, sequence: 4, Given.File("/a"), Given.File("/b"));
        Given.Answers(_node, Given.State(incarnation: 2));

        var outcome = await RepairAsync(incarnation: 2, sequence: 1, EntryRanges.All, Given.File("/a"), Given.File("/c"));

        Assert.AreEqual(UpdateOutcome.Applied, outcome);
        CollectionAssert.AreEqual(new[] { "/a", "/c" }, PathsOfPeer());
        var facts = _node.Peers.Find(Given.Peer)!.Facts;
        Assert.AreEqual(new UpdatePosition(2, 1, 1), facts.Replication.Applied);
        Assert.IsTrue(facts.Replication is { NeedsFullUpdate: false, IsInTree: true });
    }

    [TestMethod]
    public async Task ReceivedRepairThatLeadsToAnotherDigest_ChangesNothing()
    {
        await Given.PushFullAsync(_node, incarnation: 1, sequence: 4, Given.File("/a"), Given.File("/b"));
        var before = _node.Tree.Current;

        var outcome = await RepairAsync(incarnation: 1, sequence: 5, new EntryRanges(9, []), Given.File("/c"));

        Assert.AreEqual(UpdateOutcome.NeedsFullUpdate, outcome);
        Assert.AreSame(before, _node.Tree.Current);
        Assert.AreEqual(new UpdatePosition(1, 4, 4), _node.Peers.Find(Given.Peer)!.Facts.Replication.Applied);
    }

    [TestMethod]
    public async Task ReceivedRepairOfAnotherState_IsNotApplied()
    {
        await Given.PushFullAsync(_node, incarnation: 1, sequence: 4, Given.File("/a"));

        Assert.AreEqual(UpdateOutcome.NeedsFullUpdate, await RepairAsync(incarnation: 1, sequence: 5, EntryRanges.All, since: 12345, Given.File("/c")));

        CollectionAssert.AreEqual(new[] { "/a" }, PathsOfPeer());
    }

    // A repair is a state in the order of its sender's updates: a later update is not undone by it.
    [TestMethod]
    public async Task ReceivedRepairOfAnEarlierState_UndoesNothing()
    {
        await Given.PushFullAsync(_node, incarnation: 1, sequence: 4, Given.File("/a"));

        Assert.AreEqual(UpdateOutcome.Applied, await RepairAsync(incarnation: 1, sequence: 3, EntryRanges.All, Given.File("/c")));

        CollectionAssert.AreEqual(new[] { "/a" }, PathsOfPeer());
    }

    [TestMethod]
    public async Task PeerReturnsAfterAGoodbyeWithAFewOtherEntries_RetainedOnesAreRepaired()
    {
        await Given.PushFullAsync(_node, incarnation: 1, sequence: 4, Given.File("/a"), Given.File("/d/b"));
        var peer = _node.Peers.Find(Given.Peer)!;
        Given.Dies(_node);

        var (answer, _, _) = await _node.RangeAnswers.AnswerAsync(new RangeQuestion(Given.Peer, EntryRanges.All, 8), default);
        Assert.AreEqual(peer.Retained!.Digest, answer!.KnownDigest);
        Assert.AreEqual(UpdateOutcome.NeedsFullUpdate, await RepairAsync(incarnation: 2, sequence: 1, new EntryRanges(9, []), answer.KnownDigest, Given.File("/c")));
        Assert.AreEqual(0, PathsOfPeer().Count, "what is retained is not shown");
        Assert.AreEqual(UpdateOutcome.Applied, await RepairAsync(incarnation: 2, sequence: 1, EntryRanges.All, answer.KnownDigest, Given.File("/a"), Given.File("/c")));

        CollectionAssert.AreEqual(new[] { "/a", "/c" }, PathsOfPeer());
        Assert.IsNull(peer.Retained);
    }

    [TestMethod]
    public async Task SecondQuestionOfAPeerWhileOneIsAnswered_IsRefusedForNow()
    {
        await Given.PushFullAsync(_node, incarnation: 1, sequence: 4, Given.File("/a"));
        var peer = _node.Peers.Find(Given.Peer)!;
        Given.Dies(_node);
        var question = new RangeQuestion(Given.Peer, EntryRanges.All, 8);
        var (first, second) = AskTwice();

        Assert.IsTrue((await second).IsBusy);
        Assert.IsNotNull((await first).Answer);
        Assert.IsNotNull((await _node.RangeAnswers.AnswerAsync(question, default)).Answer);

        // Its retained entries are read under this lock.
        (Task<(RangeAnswer? Answer, string, bool)>, Task<(RangeAnswer?, string, bool IsBusy)>) AskTwice()
        {
            lock (peer.Applying) return (_node.RangeAnswers.AnswerAsync(question, default), _node.RangeAnswers.AnswerAsync(question, default));
        }
    }

    [TestMethod]
    public async Task QuestionAboutANodeThatIsUnknownOrOfWhichNothingIsKnown_HasNoAnswer()
    {
        _node.JoinHandshake.Greeted(Given.Greeting(Given.State(incarnation: 1)));
        foreach (var name in new[] { Given.Peer, NodeName.Parse("stranger") })
        {
            var (answer, reason, isBusy) = await _node.RangeAnswers.AnswerAsync(new RangeQuestion(name, EntryRanges.All, 8), default);
            Assert.IsNull(answer);
            Assert.IsFalse(isBusy);
            StringAssert.Contains(reason, name.Value);
        }
    }

    /// <summary>The peer requests an update and says what it knows.</summary>
    private PeerUpdates Asks(ulong? known)
    {
        Given.Meet(_node, Given.State(incarnation: 1), requests: true, knownDigest: known);
        return new PeerUpdates(_node.Peers.Find(Given.Peer)!, _node.Context);
    }

    /// <summary>The peer answers all questions.</summary>
    private void Search(OutgoingUpdate update)
    {
        var node = _node.Context.Options.NodeName;
        while (update.Search!.Question is { } question)
            update.Search.Take(new RangeAnswer(Digest(_known), RangeEntries.Digests(_known, node, question.Ranges, question.Split)));
    }

    /// <summary>The peer sends all its entries in ranges, of which the last one is new; by default of the state that is known.</summary>
    private Task<UpdateOutcome> RepairAsync(long incarnation, long sequence, EntryRanges ranges, params EntryChange[] entries) =>
        RepairAsync(incarnation, sequence, ranges, _node.Peers.DigestOf(Given.Peer)!.Value, entries);

    private async Task<UpdateOutcome> RepairAsync(long incarnation, long sequence, EntryRanges ranges, ulong since, params EntryChange[] entries)
    {
        var held = new TreeWriter();
        held.Apply(Given.Peer, Index.TreeModel.Patch(entries));
        var repair = new RangeRepair(ranges, held.Current.HoldingOf(Given.Peer).Digest);
        using var message = new MemoryStream();
        var writer = PipeWriter.Create(message, new StreamPipeWriterOptions(leaveOpen: true));
        await UpdateWriter.WriteChangesAsync(
            writer, new UpdateHeader(Given.Peer, false, 1, new UpdatePosition(incarnation, sequence, sequence), since, repair), entries, toLegacy: false, default);
        await writer.CompleteAsync();
        var (outcome, _) = await _node.Receiver.ReceiveAsync(
            PipeReader.Create(new ReadOnlySequence<byte>(message.ToArray())), _node.Peers.Find(Given.Peer), () => Task.CompletedTask, default);
        return outcome;
    }

    private List<string> PathsOfPeer() =>
        [.. new NodeSnapshot(_node.Tree.Current, Given.Peer).Walk(VirtualPath.Root).Select(step => step.Path.Value)];

    private ulong Digest(TreeSnapshot tree) => tree.HoldingOf(_node.Context.Options.NodeName).Digest;
}
