using Dftp.Cluster.Access;
using Dftp.Cluster.Events;
using Dftp.Cluster.Index;
using Dftp.FileSystem;
using Dftp.Tests.Cluster.Index;
using Dftp.Tests.Support;

namespace Dftp.Tests.Cluster.Access;

[TestClass]
public sealed class RestrictedEventsTests
{
    private const int Seeds = 300;

    [TestMethod]
    public async Task RandomChanges_KeepAListingOfTheVisibleTreeUpToDate()
    {
        for (var seed = 0; seed < Seeds; seed++)
        {
            var random = new Random(seed);
            var principal = AccessModel.RandomPrincipal(random);
            var tree = new ChangingTree();
            Change(tree, random);
            using var reader = new GuardedTree(tree).For(principal).Follow(null)!;
            var listing = Listing(tree, principal);
            for (var round = 0; round < 6; round++)
            {
                Change(tree, random);
                foreach (var change in await ReadAsync(reader)) Apply(listing, change);

                CollectionAssert.AreEqual(
                    Listing(tree, principal).Order().ToList(), listing.Order().ToList(),
                    $"seed {seed}, round {round}: {string.Join(", ", principal.Places)}");
            }
        }
    }

    [TestMethod]
    public async Task HiddenEvents_LeaveNoGapInTheNumbers()
    {
        var tree = new ChangingTree();
        using var reader = Follow(tree, ("/", Right.Read), ("/secret", Right.None));
        Assert.AreEqual(0, reader.Position.Sequence);

        tree.Add(TreeEventKind.Created, "/secret/1");
        tree.Add(TreeEventKind.Created, "/open");
        tree.Add(TreeEventKind.Reset, "/secret/deep");
        tree.Add(TreeEventKind.Deleted, "/secret");
        tree.Add(TreeEventKind.Created, "/other");
        tree.Add(TreeEventKind.NodeJoined, "/");

        Assert.AreEqual("1 Created /open, 2 Created /other, 3 NodeJoined /", Text(await ReadAsync(reader)));
        Assert.AreEqual(3, reader.Position.Sequence);
    }

    [TestMethod]
    public async Task HiddenEvents_DoNotWakeTheReader()
    {
        var tree = new ChangingTree();
        using var reader = Follow(tree, ("/", Right.Read), ("/secret", Right.None));
        using var stop = new CancellationTokenSource();

        var news = reader.WaitAsync(stop.Token);
        tree.Add(TreeEventKind.Created, "/secret/1");

        Assert.IsFalse(news.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => news);
    }

    [TestMethod]
    public async Task DirectoriesAboveAHiddenPlace_HaveNeitherTimesNorSizes()
    {
        var tree = new ChangingTree();
        using var reader = Follow(tree, ("/", Right.Read), ("/a/secret", Right.None));

        tree.Add(TreeEventKind.Created, "/a", size: 5);
        tree.Add(TreeEventKind.Changed, "/a", size: 6);
        tree.Add(TreeEventKind.Changed, "/a/open", size: 7);

        var events = await ReadAsync(reader);
        Assert.AreEqual("1 Created /a, 2 Changed /a/open", Text(events));
        Assert.AreEqual((0L, default, 7L), (events[0].Size, events[0].Modified, events[1].Size));
    }

    [TestMethod]
    public async Task AReset_OfAVisibleDirectory_OrAboveAVisiblePlace_IsPassedOn()
    {
        var tree = new ChangingTree();
        using var reader = Follow(tree, ("/", Right.Read), ("/a", Right.None), ("/a/mine", Right.Read));

        tree.Add(TreeEventKind.Reset, "/b");
        tree.Add(TreeEventKind.Reset, "/a");
        tree.Add(TreeEventKind.Reset, "/a/yours");
        tree.Add(TreeEventKind.Reset, "/");

        Assert.AreEqual("1 Reset /b, 2 Reset /a, 3 Reset /", Text(await ReadAsync(reader)));
    }

    [TestMethod]
    public void AReader_ThatResumes_IsToldToReadAgain()
    {
        var tree = new ChangingTree();
        using var reader = new GuardedTree(tree).For(User(("/a", Right.Read))).Follow(new TreeEventId(ChangingTree.Incarnation, 7))!;

        Assert.AreEqual(0, reader.Read(10, out var isCut).Count);
        Assert.IsTrue(isCut);
        _ = reader.Read(10, out isCut);
        Assert.IsFalse(isCut);
    }

    [TestMethod]
    public async Task LostEvents_AreReported()
    {
        var tree = new ChangingTree();
        using var reader = Follow(tree, ("/", Right.Read), ("/a", Right.None));
        tree.Lose();

        await reader.WaitAsync(CancellationToken.None);

        _ = reader.Read(10, out var isCut);
        Assert.IsTrue(isCut);
    }

    private static TreeEventReader Follow(ChangingTree tree, params (string Path, Right Right)[] places) =>
        new GuardedTree(tree).For(User(places)).Follow(null)!;

    private static Principal User(params (string Path, Right Right)[] places) =>
        new("user", places.Select(place => new PlaceRight(VirtualPath.Parse(place.Path), place.Right)));

    private static async Task<List<TreeEvent>> ReadAsync(TreeEventReader reader)
    {
        var read = new List<TreeEvent>();
        using var stop = new CancellationTokenSource();
        while (reader.WaitAsync(stop.Token) is { IsCompleted: true } news)
        {
            await news;
            read.AddRange(reader.Read(3, out var isCut));
            Assert.IsFalse(isCut);
        }

        await stop.CancelAsync();
        return read;
    }

    private static string Text(IEnumerable<TreeEvent> events) =>
        string.Join(", ", events.Select(change => $"{change.Sequence} {change.Kind} {change.Path}"));

    private static void Change(ChangingTree tree, Random random) => tree.Change(writer =>
    {
        for (var change = random.Next(4); change >= 0; change--)
        {
            var node = AccessModel.Nodes[random.Next(3)];
            if (random.Next(3) == 0) writer.Apply(node, TreeModel.Patch([EntryChange.Delete(AccessModel.RandomPath(random), new Stamp(9))]));
            else writer.Apply(node, TreeModel.Patch(AccessModel.RandomEntries(random, 1)));
        }
    });

    /// <summary>Paths with kinds, and the size and time of a file.</summary>
    private static HashSet<string> Listing(ChangingTree tree, Principal principal) =>
    [
        .. new GuardedTree(tree).For(principal).Snapshot.Walk(VirtualPath.Root).Select(
            step => Line(step.Path, step.Entry.IsDirectory, step.Entry.Size, step.Entry.Modified)),
    ];

    private static string Line(VirtualPath path, bool isDirectory, long size, UnixTime modified) =>
        isDirectory ? $"{path} dir" : $"{path} {size} {modified.Nanoseconds}";

    private static void Apply(HashSet<string> listing, TreeEvent change)
    {
        var line = Line(change.Path, change.IsDirectory, change.Size, change.Modified);
        switch (change.Kind)
        {
            case TreeEventKind.Created:
                Assert.IsTrue(listing.Add(line), $"{line} was there before");
                break;
            case TreeEventKind.Changed when !change.IsDirectory:
                Assert.AreEqual(1, listing.RemoveWhere(IsAt), $"{line} was not there");
                listing.Add(line);
                break;
            case TreeEventKind.Deleted:
                Assert.AreEqual(1, listing.RemoveWhere(IsAt), $"{line} was not there");
                listing.RemoveWhere(other => other.StartsWith($"{change.Path}/", StringComparison.Ordinal));
                break;
        }

        bool IsAt(string other) => other.StartsWith($"{change.Path} ", StringComparison.Ordinal);
    }

    /// <summary>A tree whose events are told at once.</summary>
    private sealed class ChangingTree : ITestTree
    {
        public const long Incarnation = 5;

        private readonly TreeWriter _writer = new();
        private readonly List<Reader> _readers = [];

        public ITreeSnapshot Snapshot => _writer.Current;

        public IReadOnlyList<NodeSummary> Nodes => [];

        public ValueTask<OpenResult> OpenAsync(VirtualPath path, Entry file, RangeSpec part, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public TreeEventReader Follow(TreeEventId? after)
        {
            _readers.Add(new Reader());
            return _readers[^1];
        }

        public void Change(Action<TreeWriter> change)
        {
            var before = _writer.Current;
            change(_writer);
            foreach (var one in TreeDiff.Of(before.Root, _writer.Current.Root, int.MaxValue)) _readers.ForEach(reader => reader.Add(one));
        }

        public void Add(TreeEventKind kind, string path, long size = 0)
        {
            var isDirectory = path == "/a";
            var change = new TreeEvent(0, kind, VirtualPath.Parse(path), isDirectory, size, UnixTime.FromSeconds(1));
            _readers.ForEach(reader => reader.Add(change));
        }

        public void Lose() => _readers.ForEach(reader => reader.Lose());

        private sealed class Reader : TreeEventReader
        {
            private readonly Queue<TreeEvent> _events = new();
            private TaskCompletionSource _news = new();
            private bool _isCut;
            private long _last = 100;

            public override TreeEventId Position => new(Incarnation, _last);

            public void Add(TreeEvent change)
            {
                _events.Enqueue(change with { Sequence = ++_last });
                _news.TrySetResult();
            }

            public void Lose()
            {
                _isCut = true;
                _news.TrySetResult();
            }

            public override IReadOnlyList<TreeEvent> Read(int most, out bool isCut)
            {
                (isCut, _isCut) = (_isCut, false);
                var read = new List<TreeEvent>();
                while (read.Count < most && _events.TryDequeue(out var change)) read.Add(change);
                if (_events.Count == 0) _news = new TaskCompletionSource();
                return read;
            }

            public override Task WaitAsync(CancellationToken cancellationToken) => _news.Task.WaitAsync(cancellationToken);
        }
    }
}
