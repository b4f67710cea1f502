using Dftp.Cluster.Events;
using Dftp.Cluster.Index;
using Dftp.FileSystem;
using Dftp.Tests.Cluster.Index;
using Dftp.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Dftp.Tests.Cluster.Events;

[TestClass]
public sealed class TreeEventLoopTests : IAsyncDisposable
{
    private const long Incarnation = 1795208830059;
    private static readonly NodeName A = NodeName.Parse("a"), B = NodeName.Parse("b");

    private readonly TreeWriter _tree = new();
    private readonly TreeEventLoop _loop;
    private volatile NodeName[] _nodes = [A];

    public TreeEventLoopTests()
    {
        _loop = new TreeEventLoop(Incarnation, _tree, () => _nodes, TimeProvider.System, NullLogger.Instance);
        _loop.Start();
    }

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Cancellation => TestContext.CancellationToken;

    [TestMethod]
    public async Task Follower_GetsOnlyLaterEvents()
    {
        Put(A, "/before");
        using var reader = _loop.Follow(null);
        Put(A, "/after");

        Assert.AreEqual("Created /after", await ReadAsync(reader, 1));
        Assert.AreEqual(0, reader.Read(10, out var isCut).Count);
        Assert.IsFalse(isCut);
    }

    [TestMethod]
    public async Task ReturningFollower_ResumesWhereItStopped()
    {
        using var other = _loop.Follow(null);
        TreeEventId place;
        using (var reader = _loop.Follow(null))
        {
            Put(A, "/1");
            await ReadAsync(reader, 1);
            place = reader.Position;
        }

        Put(A, "/2");
        await ReadAsync(other, 2);
        Put(A, "/3");

        using var again = _loop.Follow(TreeEventId.TryParse(place.ToString(), out var parsed) ? parsed : default);
        Assert.AreEqual("Created /2; Created /3", await ReadAsync(again, 2));
    }

    // A place of another start of the process, or one of the future, is none.
    [TestMethod]
    [DataRow("1795208830058-1")]
    [DataRow("1795208830059-999")]
    [DataRow("0-0")]
    public void FollowerAtAPositionOfAnotherStart_IsCut_AndFollowsFromNowOn(string place)
    {
        Assert.IsTrue(TreeEventId.TryParse(place, out var after));
        using var reader = _loop.Follow(after);

        Assert.IsTrue(reader.WaitAsync(Cancellation).IsCompleted);
        Assert.AreEqual(0, reader.Read(10, out var isCut).Count);
        Assert.IsTrue(isCut);
        Assert.AreEqual(0, reader.Read(10, out isCut).Count);
        Assert.IsFalse(isCut);
        Assert.AreEqual(Incarnation, reader.Position.Incarnation);
    }

    [TestMethod]
    public async Task NodesThatJoinAndLeave_AreEvents_EvenWithoutAChangeOfTheTree()
    {
        using var reader = _loop.Follow(null);
        _nodes = [A, B];
        Assert.AreEqual("NodeJoined b", await ReadAsync(reader, 1));
        _nodes = [B];
        Assert.AreEqual("NodeLeft a", await ReadAsync(reader, 1));
    }

    // "a node that joins with a million files must not make a million events be kept"
    [TestMethod]
    public async Task NodeThatJoinsWithManyFiles_IsTwoEvents()
    {
        using var reader = _loop.Follow(null);
        _nodes = [A, B];
        _tree.Apply(B, DirectoryPatch.Replace(TreeModel.Draft(Enumerable.Range(0, 20_000).Select(number => File($"/d{number % 100}/{number}")))));

        Assert.AreEqual("NodeJoined b; Reset /", await ReadAsync(reader, 2));
    }

    [TestMethod]
    public void LogThatIsFull_CutsTheSlowReader_AndNotTheOthers()
    {
        var log = new TreeEventLog(Incarnation, capacity: 4, TimeProvider.System);
        using var slow = log.Follow(null);
        using var quick = log.Follow(null);
        for (var number = 0; number < 5; number++)
        {
            log.Append([new TreeEvent(0, TreeEventKind.Created, VirtualPath.Parse($"/{number}"))]);
            if (number == 0) Assert.AreEqual(1, quick.Read(10, out _).Count);
        }

        CollectionAssert.AreEqual(new long[] { 2, 3 }, quick.Read(2, out var isCut).Select(told => told.Sequence).ToArray());
        CollectionAssert.AreEqual(new[] { "/3", "/4" }, quick.Read(10, out isCut).Select(told => told.Path.Value).ToArray());
        Assert.IsFalse(isCut);
        Assert.AreEqual(0, slow.Read(10, out isCut).Count);
        Assert.IsTrue(isCut);
        Assert.AreEqual("1795208830059-5", slow.Position.ToString());
    }

    // What changed while nobody was told is not to be gone on over.
    [TestMethod]
    public async Task LongAfterTheLastFollowerLeft_NothingIsComparedAnyMore_AndAnOldPlaceIsCut()
    {
        var time = new FakeTimeProvider(WholeRun.Time);
        var tree = new TreeWriter();
        await using var loop = new TreeEventLoop(Incarnation, tree, () => [A], time, NullLogger.Instance);
        loop.Start();
        TreeEventId place;
        using (var reader = loop.Follow(null)) place = reader.Position;

        time.Advance(TimeSpan.FromMinutes(6));
        tree.Apply(A, TreeModel.Patch([File("/x")]));
        await Eventually.TrueAsync(
            () =>
            {
                // The loop gathers for a moment before it looks.
                time.Advance(TimeSpan.FromSeconds(1));
                return !loop.IsTelling;
            },
            "nothing is told any more");

        using var again = loop.Follow(place);
        again.Read(10, out var isCut);
        Assert.IsTrue(isCut);
    }

    [TestMethod]
    public async Task ManyFollowers_AllGetEventsAndLeaveNothingBehind()
    {
        var log = new TreeEventLog(Incarnation, capacity: 16, TimeProvider.System);
        var readers = Enumerable.Range(0, 1000).Select(_ => log.Follow(null)).ToList();
        var waits = readers.Select(reader => reader.WaitAsync(Cancellation)).ToList();
        Assert.IsTrue(waits.TrueForAll(wait => !wait.IsCompleted));
        log.Append([new TreeEvent(0, TreeEventKind.Created, VirtualPath.Parse("/x"))]);

        await Task.WhenAll(waits);
        foreach (var reader in readers) Assert.AreEqual(1, reader.Read(10, out _).Count);
        Assert.IsNull(log.UnfollowedFor);
        foreach (var reader in readers)
        {
            reader.Dispose();
            reader.Dispose();
        }

        Assert.IsNotNull(log.UnfollowedFor);
    }

    [TestMethod]
    [DataRow(null)]
    [DataRow("")]
    [DataRow("7")]
    [DataRow("-")]
    [DataRow("1-")]
    [DataRow("-1-1")]
    [DataRow("1-x")]
    [DataRow("1--1")]
    [DataRow("1-99999999999999999999")]
    public void WhatIsNoPlace_IsNotRead(string? text) => Assert.IsFalse(TreeEventId.TryParse(text, out _));

    public async ValueTask DisposeAsync() => await _loop.DisposeAsync();

    private static EntryChange File(string path) =>
        new(VirtualPath.Parse(path), EntryChangeKind.PutFile, new FileFacts(1, UnixTime.FromSeconds(1), 420, new Stamp(1)));

    private void Put(NodeName node, string path) => _tree.Apply(node, TreeModel.Patch([File(path)]));

    private async Task<string> ReadAsync(TreeEventReader reader, int count)
    {
        var told = new List<TreeEvent>();
        while (told.Count < count)
        {
            await reader.WaitAsync(Cancellation).WaitAsync(TimeSpan.FromSeconds(20), Cancellation);
            told.AddRange(reader.Read(count - told.Count, out var isCut));
            Assert.IsFalse(isCut);
        }

        return string.Join("; ", told.Select(change => change.Node != default && change.Path.IsRoot ? $"{change.Kind} {change.Node}" : $"{change.Kind} {change.Path}"));
    }
}
