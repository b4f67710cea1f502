using System.IO.Pipelines;
using System.Text;
using Dftp.Cluster;
using Dftp.Cluster.Index;
using Dftp.Cluster.Peers;
using Dftp.FileSystem;
using Dftp.Tests.Cluster.Convergence;
using Dftp.Tests.Cluster.Peers;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dftp.Tests.Cluster.Index;

/// <summary>The index in memory.</summary>
[TestClass]
public sealed class TreeWriterContractTests : TreeIndexContract
{
    private protected override ITreeIndex Create() => new TreeWriter();

    private protected override Task SettledAsync(ITreeIndex index) => Task.CompletedTask;

    // What is built for the index in memory relies on this: nothing waits for it.
    [TestMethod]
    public void EveryCall_CompletesSynchronously()
    {
        ITreeIndex index = new TreeWriter();
        Assert.IsTrue(index.ApplyAsync(NodeName.Parse("b"), TreeModel.Patch([File("/d/x", 5, 1)])).AsTask().IsCompletedSuccessfully);
        Assert.IsTrue(index.Current.FileHoldersAsync(VirtualPath.Parse("/d/x")).AsTask().IsCompletedSuccessfully);
        Assert.IsTrue(index.Current.FindAsync(VirtualPath.Parse("/d/x")).AsTask().IsCompletedSuccessfully);
        Assert.AreSame(index, index.InMemory);
    }
}

/// <summary>An index that is remote, as far as its callers can see.</summary>
[TestClass]
public sealed class DictionaryIndexContractTests : TreeIndexContract
{
    private const string Update = """{"SenderNodeName":"p","Full":true,"Epoch":1,"Sequence":1,"Since":1,"Files":[{"FullName":"d/f","SizeInBytes":3,"LastInfoUpdated":5}]}""";

    private static readonly NodeName Peer = NodeName.Parse("p");

    private protected override ITreeIndex Create() => new DictionaryIndex();

    private protected override Task SettledAsync(ITreeIndex index) => ((DictionaryIndex)index).SettledAsync();

    [TestMethod]
    public async Task ReceivedUpdate_IsInTheTreeWhenItIsAnswered_AndLeavesWithItsPeer()
    {
        var index = new DictionaryIndex();
        var clock = new SimulatedClock();
        using var peers = Peers(index, clock);
        var receiver = Receiver(index, peers, clock);

        Assert.AreEqual(UpdateOutcome.Applied, await ReceiveAsync(receiver));

        Assert.AreEqual(3L, (await index.Current.FindAsync(VirtualPath.Parse("/d/f"), default))!.Value.Size);
        Assert.AreEqual(index.Current.HoldingOf(Peer).Digest, peers.DigestOf(Peer));
        peers.Apply(peers.Find(Peer)!, new PeerEvent.SaidGoodbye(1));
        await index.SettledAsync();
        Assert.IsNull(await index.Current.FindAsync(VirtualPath.Parse("/d"), default));
        Assert.IsNull(peers.Find(Peer)!.Retained, "entries are retained in memory only");
    }

    // A position that was recorded for entries that are not there would hide the loss until the next full update.
    [TestMethod]
    public async Task UpdateThatTheIndexCannotTake_IsAskedForAgain()
    {
        var index = new DictionaryIndex { FailsFor = Peer };
        var clock = new SimulatedClock();
        using var peers = Peers(index, clock);
        var receiver = Receiver(index, peers, clock);

        await Assert.ThrowsAsync<IOException>(() => ReceiveAsync(receiver));

        Assert.IsTrue(peers.Find(Peer)!.Facts.Replication is { NeedsFullUpdate: true, Applied: null });
        index.FailsFor = null;
        Assert.AreEqual(UpdateOutcome.Applied, await ReceiveAsync(receiver));
        Assert.AreEqual(1L, index.Current.HoldingOf(Peer).Files);
    }

    /// <summary>With the peer as a member.</summary>
    private static PeerTable Peers(DictionaryIndex index, SimulatedClock clock)
    {
        var peers = new PeerTable(index, RunningTime.Simulate(clock, isNeverLate: true), clock);
        peers.Apply(
            peers.GetOrAdd(Peer)!,
            new PeerEvent.Answered(Given.Address, Given.Description(Given.State(1)), null, WasAsked: true, NamesAll: true, DigestHere: 0));
        return peers;
    }

    private static UpdateReceiver Receiver(DictionaryIndex index, PeerTable peers, SimulatedClock clock)
    {
        var options = new ClusterOptions { NodeName = NodeName.Parse("n") };
        return new UpdateReceiver(options, peers, index, new StampClock(options.NodeName, clock), clock, NullLogger.Instance);
    }

    private static async Task<UpdateOutcome> ReceiveAsync(UpdateReceiver receiver) =>
        (await receiver.ReceiveAsync(
            PipeReader.Create(new MemoryStream(Encoding.UTF8.GetBytes(Update))), null, () => Task.CompletedTask, default)).Outcome;
}
