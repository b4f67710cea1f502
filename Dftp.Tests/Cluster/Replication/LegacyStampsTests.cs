using System.IO.Pipelines;
using System.Text.Json;
using Dftp.Cluster.Index;
using Dftp.Cluster.Peers;
using Dftp.Tests.Cluster.Convergence;
using Dftp.Tests.Cluster.Peers;
using Dftp.Tests.Support;

namespace Dftp.Tests.Cluster.Replication;

/// <summary>
/// wire.md: "The original applies an entry only when its LastInfoUpdated is strictly newer than what it has." The time is in seconds.
/// </summary>
[TestClass]
public sealed class LegacyStampsTests
{
    private static readonly PeerReply Done = new(PeerOutcome.Done, null, "");

    private readonly SimulatedClock _clock = new();
    private readonly LegacyTree _legacy = new();
    private NodeParts _node = null!;
    private Peer _peer = null!;
    private PeerUpdates _updates = null!;

    [TestInitialize]
    public void Start()
    {
        _node = Given.Node(_clock);
        Given.Meet(_node, state: null, requests: true);
        _peer = _node.Peers.Find(Given.Peer)!;
        _updates = new PeerUpdates(_peer, _node.Context);
    }

    [TestCleanup]
    public void Stop() => _node.Dispose();

    [TestMethod]
    public async Task DeletionInTheSecondOfTheLastAnnouncement_IsApplied()
    {
        await ScanAndPushAsync(Given.File("/x"), Given.File("/y"));

        await ScanAndPushAsync(Given.File("/y"));

        CollectionAssert.AreEqual(new[] { "y" }, _legacy.Paths.ToList());
    }

    [TestMethod]
    public async Task ChangeInTheSecondOfTheLastAnnouncement_IsApplied()
    {
        await ScanAndPushAsync(Given.File("/x", size: 1));

        await ScanAndPushAsync(Given.File("/x", size: 2));
        await ScanAndPushAsync(Given.File("/x", size: 3));

        Assert.AreEqual(3, _legacy.SizeOf("x"));
    }

    [TestMethod]
    public async Task FileRecreatedInTheSecondOfItsDeletion_IsApplied()
    {
        await ScanAndPushAsync(Given.File("/x", size: 1));
        await ScanAndPushAsync();

        await ScanAndPushAsync(Given.File("/x", size: 2));

        Assert.AreEqual(2, _legacy.SizeOf("x"));
    }

    // Changes that are sent in one message have one time, and the first of them would be the one that counts.
    [TestMethod]
    public async Task SeveralChangesOfAPathInOneUpdate_TheLastOneIsApplied()
    {
        await ScanAndPushAsync(Given.File("/y"));
        _node.Scan(Given.File("/y"), Given.File("/x", size: 1), Given.File("/z"));
        _node.Scan(Given.File("/y"), Given.File("/x", size: 2));

        await PushAsync();

        CollectionAssert.AreEqual(new[] { "x", "y" }, _legacy.Paths.ToList());
        Assert.AreEqual(2, _legacy.SizeOf("x"));
    }

    // A clock that ran ahead and was set right: changes of the file keep the time that was announced before.
    [TestMethod]
    public async Task ChangeOfAFileWhoseTimeIsYetToCome_IsApplied()
    {
        await ScanAndPushAsync(Given.File("/x", size: 1));
        _clock.Pass(-TimeSpan.FromHours(1));
        await ScanAndPushAsync(Given.File("/x", size: 2));
        await ScanAndPushAsync();

        CollectionAssert.AreEqual(Array.Empty<string>(), _legacy.Paths.ToList());
    }

    // After a push that was lost, or where the log does not reach back, a full update tells the change.
    [TestMethod]
    public async Task ChangeInAFullUpdate_InTheSecondOfTheLastAnnouncement_IsApplied()
    {
        await ScanAndPushAsync(Given.File("/x", size: 1));
        _node.Scan(Given.File("/x", size: 2));
        Given.Meet(_node, state: null, requests: true);

        Assert.IsTrue((await PushAsync()).Header.IsFull);
        Assert.AreEqual(2, _legacy.SizeOf("x"));
        await ScanAndPushAsync(Given.File("/x", size: 3));
        Assert.AreEqual(3, _legacy.SizeOf("x"));
    }

    // Restarts forget what was announced: the entries of the next start must not look older than those of this one.
    [TestMethod]
    public async Task FileThatChangesAllTheTime_IsNotAnnouncedAheadOfTheClock()
    {
        await ScanAndPushAsync(Given.File("/x", size: 0));
        for (var size = 1; size < 50; size++)
        {
            _clock.Pass(TimeSpan.FromSeconds(1));
            await ScanAndPushAsync(Given.File("/x", size));
            Assert.AreEqual(size, _legacy.SizeOf("x"));
            Assert.IsTrue(_legacy.LastInfoUpdatedOf("x") <= _clock.GetUtcNow().ToUnixTimeSeconds());
        }
    }

    [TestMethod]
    public async Task TreeOfOurNodes_KeepsTheTimes()
    {
        var now = _clock.GetUtcNow().ToUnixTimeSeconds();
        await ScanAndPushAsync(Given.File("/x"), Given.File("/y"));
        await ScanAndPushAsync(Given.File("/x", size: 2), Given.File("/y"));

        Assert.AreEqual(now + 1, _legacy.LastInfoUpdatedOf("x"));
        Assert.AreEqual(now, _legacy.LastInfoUpdatedOf("y"));
        Assert.AreEqual(now, _node.Own.Since(1).Changes!.Single().Facts.Stamp.Seconds);
    }

    private async Task ScanAndPushAsync(params EntryChange[] entries)
    {
        _node.Scan(entries);
        await PushAsync();
    }

    private async Task<OutgoingUpdate> PushAsync()
    {
        var update = _updates.Next()!;
        using var message = new MemoryStream();
        var writer = PipeWriter.Create(message, new StreamPipeWriterOptions(leaveOpen: true));
        await update.WriteAsync(writer, default);
        await writer.CompleteAsync();
        using var json = JsonDocument.Parse(message.ToArray());
        _legacy.Apply(json.RootElement);
        _updates.Answered(update, Done);
        return update;
    }
}
