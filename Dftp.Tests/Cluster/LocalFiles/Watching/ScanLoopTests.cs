using System.Diagnostics;
using System.Runtime.Versioning;
using Dftp.Cluster;
using Dftp.Cluster.Index;
using Dftp.Cluster.LocalFiles.Watching;
using Dftp.FileSystem;
using Dftp.Tests.Cluster.Index;
using Dftp.Tests.Scenarios.Support;
using Microsoft.Extensions.Time.Testing;
using WholeRun = Dftp.Tests.Support.WholeRun;

namespace Dftp.Tests.Cluster.LocalFiles.Watching;

[TestClass]
[OSCondition(OperatingSystems.Linux)]
[UnsupportedOSPlatform("windows")]
public sealed class ScanLoopTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly TempRoot _temp = new();

    public TestContext TestContext { get; set; } = null!;

    public void Dispose() => _temp.Dispose();

    [TestMethod]
    [Timeout(60_000)]
    [DataRow(false, "/")]
    [DataRow(false, "/mnt/here")]
    [DataRow(true, "/")]
    public async Task FilesCreatedWrittenRenamedAndDeleted_AreFollowed(bool portable, string mount)
    {
        _temp.File("a/old", "1").File("b/gone", "12").File("b/stays", "123");
        await using var followed = await new FollowedRoot(_temp, portable: portable, mount: mount).StartAsync();

        _temp.File("a/new", "1234");
        await followed.BecomesTheDiskAsync();
        File.AppendAllText(_temp.At("a/new"), "more");
        await followed.BecomesTheDiskAsync();
        File.Delete(_temp.At("b/gone"));
        await followed.BecomesTheDiskAsync();
        TempRoot.Rename(_temp.At("a/old"), _temp.At("b/moved"));
        await followed.BecomesTheDiskAsync();
        // Programs that write safely replace the old file by a new one.
        _temp.File("b/stays.tmp", "another length");
        TempRoot.Rename(_temp.At("b/stays.tmp"), _temp.At("b/stays"));
        await followed.BecomesTheDiskAsync();
        File.SetUnixFileMode(_temp.At("b/stays"), UnixFileMode.UserRead);
        File.SetLastWriteTimeUtc(_temp.At("b/moved"), DateTime.UnixEpoch.AddDays(1));
        File.SetUnixFileMode(_temp.At("a"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await followed.BecomesTheDiskAsync();
        File.Delete(_temp.At("b/moved"));
        Directory.CreateDirectory(_temp.At("b/moved"));
        File.Delete(_temp.At("a/new"));
        Directory.Delete(_temp.At("a"));
        _temp.File("a", "a file where a directory was");
        await followed.BecomesTheDiskAsync();
    }

    [TestMethod]
    [Timeout(60_000)]
    [DataRow(false)]
    [DataRow(true)]
    public async Task NestedNewDirectories_AreFoundCompletely(bool portable)
    {
        await using var followed = await new FollowedRoot(_temp.Dir("in"), portable: portable).StartAsync();
        await ShellAsync("for d in $(seq 10); do for e in $(seq 10); do mkdir -p in/x/$d/$e; for f in 1 2 3 4 5; do echo $f > in/x/$d/$e/$f; done; done; done");
        await followed.BecomesTheDiskAsync();
        Assert.AreEqual(500, followed.Tree.Current.Totals.Files);
    }

    [TestMethod]
    [Timeout(60_000)]
    [DataRow(false)]
    [DataRow(true)]
    public async Task RenamedDirectory_MovesCompletely_AndIsFollowedAtItsNewPath(bool portable)
    {
        for (var index = 0; index < 300; index++) _temp.File($"a/tree/d{index % 10}/f{index}", "x");
        _temp.Dir("b");
        await using var followed = await new FollowedRoot(_temp, portable: portable).StartAsync();
        var sequence = followed.Own.State.Sequence;

        TempRoot.Rename(_temp.At("a/tree"), _temp.At("b/moved"));
        await followed.BecomesTheDiskAsync();
        if (!portable) Assert.AreEqual(sequence + 1, followed.Own.State.Sequence, "one update");

        _temp.File("b/moved/d3/new", "1");
        await followed.BecomesTheDiskAsync();
        // The old name can be used for another directory.
        _temp.File("a/tree/d3/other", "12");
        await followed.BecomesTheDiskAsync();
        _temp.File("a/tree/d3/other", "123");
        await followed.BecomesTheDiskAsync();
    }

    [TestMethod]
    [Timeout(60_000)]
    [DataRow(false)]
    [DataRow(true)]
    public async Task DirectoriesMovedIntoAndOutOfTheRoot_AppearAndVanishCompletely(bool portable)
    {
        _temp.OutsideFile("outside/sub/f", "1").File("inside/sub/f", "12");
        await using var followed = await new FollowedRoot(_temp, portable: portable).StartAsync();

        TempRoot.Rename(_temp.Outside("outside"), _temp.At("came"));
        TempRoot.Rename(_temp.At("inside"), _temp.Outside("went"));
        await followed.BecomesTheDiskAsync();
        _temp.File("came/sub/g", "123");
        await followed.BecomesTheDiskAsync();
        var updates = followed.Own.State.Sequence;
        _temp.OutsideFile("went/sub/h", "1");
        _temp.File("last", "");
        await followed.BecomesTheDiskAsync();
        if (!portable) Assert.AreEqual(updates + 1, followed.Own.State.Sequence, "what went is not followed");
    }

    [TestMethod]
    [Timeout(60_000)]
    public async Task DirectoriesThatSwapNames_AreDistinguished()
    {
        _temp.File("a/one/f", "1").File("b/two/g", "12");
        await using var followed = await new FollowedRoot(_temp).StartAsync();
        TempRoot.Rename(_temp.At("a"), _temp.At("c"));
        TempRoot.Rename(_temp.At("b"), _temp.At("a"));
        TempRoot.Rename(_temp.At("c"), _temp.At("b"));
        await followed.BecomesTheDiskAsync();
        _temp.File("a/two/new", "1").File("b/one/new", "2");
        await followed.BecomesTheDiskAsync();
        _temp.File("a/two/new", "123").File("b/one/new", "234");
        await followed.BecomesTheDiskAsync();
    }

    // While the directory was away, its content could not be read, although it is the same directory before and after.
    [TestMethod]
    [Timeout(60_000)]
    public async Task NewDirectoryAwayDuringItsScan_IsReadCompletelyAfterItsReturn()
    {
        using var source = new FakeSource();
        await using var followed = await new FollowedRoot(_temp.Dir("a"), source).StartAsync();
        _temp.File("a/x/y/f", "1");
        source.Refuse = path =>
        {
            if (path == "/a/x" && Directory.Exists(_temp.At("a/x"))) TempRoot.Rename(_temp.At("a/x"), _temp.Outside("away"));
            return null;
        };
        source.Tell("a", "x", EntryEvent.DirectoryCame);
        await Eventually.TrueAsync(() => followed.Lines().Any(line => line.StartsWith("/a/x/", StringComparison.Ordinal)), Patience, "it is seen");
        Assert.IsFalse(followed.Lines().Any(line => line.StartsWith("/a/x/y", StringComparison.Ordinal)));

        source.Refuse = _ => null;
        TempRoot.Rename(_temp.Outside("away"), _temp.At("a/x"));
        source.Tell("a", "x", EntryEvent.DirectoryCame);
        await followed.BecomesTheDiskAsync();
    }

    // The directory's facts are read after its watch was set: a change in between would not be reported.
    [TestMethod]
    [Timeout(60_000)]
    public async Task FileCreatedWhileTheWatchIsSet_IsFoundWithTheDirectorysNewTime()
    {
        using var source = new FakeSource();
        await using var followed = await new FollowedRoot(_temp.Dir("a"), source).StartAsync();
        Directory.CreateDirectory(_temp.At("a/new"));
        source.Refuse = path =>
        {
            if (path == "/a/new") File.WriteAllText(_temp.At("a/new/f"), "1");
            return null;
        };
        source.Tell("a", "new", EntryEvent.DirectoryCame);
        await followed.BecomesTheDiskAsync();
        Assert.IsTrue(followed.Lines().Any(line => line.StartsWith("/a/new/f", StringComparison.Ordinal)));
    }

    // A directory that a symlink also leads to has two paths, and both are updated.
    [TestMethod]
    [Timeout(60_000)]
    [DataRow(false)]
    [DataRow(true)]
    public async Task LinkedDirectories_AreFollowedAtAllTheirPaths(bool portable)
    {
        _temp.File("real/sub/f", "1").File("other/g", "12").Link("link", "real").Link("deep/link", "../real/sub");
        await using var followed = await new FollowedRoot(_temp, portable: portable).StartAsync();
        _temp.File("real/sub/new", "123");
        await followed.BecomesTheDiskAsync();
        _temp.File("link/sub/new", "1234");
        await followed.BecomesTheDiskAsync();
        Retarget("link", "other");
        await followed.BecomesTheDiskAsync();
        _temp.File("other/new", "1").File("real/sub/new", "12");
        await followed.BecomesTheDiskAsync();
        TempRoot.Rename(_temp.At("real"), _temp.At("renamed"));
        await followed.BecomesTheDiskAsync();
        TempRoot.Rename(_temp.At("renamed"), _temp.At("real"));
        await followed.BecomesTheDiskAsync();
        _temp.File("deep/link/again", "1");
        await followed.BecomesTheDiskAsync();
        File.Delete(_temp.At("link"));
        await followed.BecomesTheDiskAsync();
        _temp.File("other/after", "1");
        await followed.BecomesTheDiskAsync();
    }

    // A symlink shows its target, so the change is in another directory.
    [TestMethod]
    [Timeout(60_000)]
    [DataRow(false)]
    [DataRow(true)]
    public async Task LinkedFiles_AreFollowedAtTheirTargets(bool portable)
    {
        _temp.File("far/away/target", "1").Link("links/chain", "middle/step").Link("links/middle", "../mid").Link("mid/step", _temp.At("far/away/target"))
            .Link("links/dangling", "../not/yet/there").Link("links/out", "../../outside");
        await using var followed = await new FollowedRoot(_temp, portable: portable).StartAsync();
        _temp.File("far/away/target", "12");
        await followed.BecomesTheDiskAsync();
        _temp.File("not/yet/there", "123");
        await followed.BecomesTheDiskAsync();
        _temp.File("far/second", "1234");
        Retarget("mid/step", "../far/second");
        await followed.BecomesTheDiskAsync();
        _temp.File("far/second", "12345");
        await followed.BecomesTheDiskAsync();
        TempRoot.Rename(_temp.At("far"), _temp.At("near"));
        await followed.BecomesTheDiskAsync();
        TempRoot.Rename(_temp.At("near"), _temp.At("far"));
        await followed.BecomesTheDiskAsync();
        _temp.File("far/second", "123456");
        await followed.BecomesTheDiskAsync();
    }

    [TestMethod]
    [Timeout(60_000)]
    public async Task FileBeingWritten_IsAnnouncedOnceASecond_AndWhenClosed()
    {
        await using var followed = await new FollowedRoot(_temp).StartAsync();
        var sequence = followed.Own.State.Sequence;
        var started = Stopwatch.GetTimestamp();
        using (var file = new FileStream(_temp.At("growing"), FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0))
        {
            using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
            while (Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(2.5))
            {
                file.Write("x"u8);
                await pace.WaitForNextTickAsync();
            }
        }

        await followed.BecomesTheDiskAsync();
        var updates = followed.Own.State.Sequence - sequence;
        // It was created, first seen to be written, written for two and a half seconds, and closed.
        Assert.IsTrue(updates is >= 3 and <= 8, $"{updates} updates in {Stopwatch.GetElapsedTime(started)}");
    }

    [TestMethod]
    [Timeout(60_000)]
    public async Task LostEvents_CauseAFullRescan()
    {
        using var source = new FakeSource();
        _temp.File("a/b/old", "1").File("c/gone/f", "1").File("a/moves/f", "1");
        await using var followed = await new FollowedRoot(_temp, source).StartAsync();
        _temp.File("a/b/old", "12").File("a/new/f", "1");
        Directory.Delete(_temp.At("c/gone"), recursive: true);
        TempRoot.Rename(_temp.At("a/moves"), _temp.At("c/moved"));
        source.Overflow();
        await followed.BecomesTheDiskAsync();
        Assert.AreEqual(1, followed.Loop.Status.Overflows);
        _temp.File("a/b/old", "123");
        source.Overflow();
        await followed.BecomesTheDiskAsync();
        Assert.AreEqual(1, followed.Log.Count(line => line.Contains("queue overflow", StringComparison.Ordinal)), "once a minute");
    }

    [TestMethod]
    [Timeout(60_000)]
    public async Task DirectoryWithoutAWatch_IsPolled_UntilItHasOne()
    {
        using var source = new FakeSource { Refuse = path => path.StartsWith("/poor", StringComparison.Ordinal) ? "the system has no watches left" : null };
        _temp.File("poor/sub/f", "1").File("poor/g", "1").File("rich/h", "1");
        var options = new ClusterOptions { NodeName = TempRoot.Node, PollInterval = TimeSpan.FromMilliseconds(50) };
        await using var followed = await new FollowedRoot(_temp, source, options).StartAsync();
        var polled = followed.Loop.Status.Polled.Single();
        Assert.AreEqual(("the system has no watches left", 2), (polled.Reason, polled.Count));

        _temp.File("poor/sub/f", "12").File("poor/new/deep/f", "1");
        await followed.BecomesTheDiskAsync();
        Directory.Delete(_temp.At("poor/sub"), recursive: true);
        await followed.BecomesTheDiskAsync();
        Assert.AreEqual(1, followed.Log.Count(line => line.Contains("has no watches left", StringComparison.Ordinal)), "once");

        source.Refuse = _ => null;
        await Eventually.TrueAsync(() => followed.Loop.Status.Polled.Count == 0, Patience, "nothing is polled any more");
    }

    [TestMethod]
    [Timeout(60_000)]
    public async Task UnreportedChange_IsFoundByTheNextRescan()
    {
        using var source = new FakeSource();
        _temp.File("a/b/c/f", "1");
        var options = new ClusterOptions { NodeName = TempRoot.Node, RescanInterval = TimeSpan.FromMilliseconds(100) };
        await using var followed = await new FollowedRoot(_temp, source, options).StartAsync();
        _temp.File("a/b/c/f", "12").File("a/b/new/f", "1").Pipe("pipe");
        await followed.BecomesTheDiskAsync();
        await Eventually.TrueAsync(() => followed.Loop.Status.Skipped.Count == 1, Patience, "the pipe is counted");
        Assert.AreEqual((1, "/pipe"), (followed.Loop.Status.Skipped[0].Count, followed.Loop.Status.Skipped[0].Examples[0]));
        Assert.AreEqual(2, followed.Loop.Status.LastScanFiles);
    }

    // Without descriptors the state is unknown: nothing is deleted.
    [TestMethod]
    [Timeout(60_000)]
    public async Task NoDescriptorsLeft_DeletesNothing_AndIsRetried()
    {
        _temp.File("a/deep/f", "1").File("b/g", "1");
        var time = new FakeTimeProvider(WholeRun.Time);
        using var source = new FakeSource();
        ShortRoot? root = null;
        await using var followed = await new FollowedRoot(_temp, source, time: time, wrap: real => root = new ShortRoot(real)).StartAsync();
        var (before, sequence) = (followed.Lines(), followed.Own.State.Sequence);
        foreach (var path in new[] { "a", "a/deep" })
        {
            root!.Short = path;
            source.Overflow();
            await PassesAsync(time, followed, ScanState.Failed);
            CollectionAssert.AreEqual(before.ToArray(), followed.Lines().ToArray());

            root.Short = null;
            await PassesAsync(time, followed, ScanState.Following);
        }

        CollectionAssert.AreEqual(before.ToArray(), followed.Lines().ToArray());
        Assert.AreEqual(sequence, followed.Own.State.Sequence, "nothing was announced");
        _temp.File("b/g", "12");
        source.Tell("b", "g", EntryEvent.Changed);
        await PassesAsync(time, () => followed.Lines().Any(line => line.StartsWith("/b/g 2 ", StringComparison.Ordinal)), "it is followed on");
    }

    [TestMethod]
    [Timeout(60_000)]
    public async Task NoDescriptorsLeftAtTheStart_AnnouncesNothingBeforeAFullScan()
    {
        _temp.File("a/deep/f", "1").File("b/g", "1");
        var time = new FakeTimeProvider(WholeRun.Time);
        using var source = new FakeSource();
        ShortRoot? root = null;
        await using var followed = new FollowedRoot(_temp, source, time: time, wrap: real => root = new ShortRoot(real) { Short = "a/deep" });
        followed.Loop.Start();
        await PassesAsync(time, followed, ScanState.Failed);
        Assert.IsFalse(followed.Own.IsScanned);

        root!.Short = null;
        await PassesAsync(time, followed, ScanState.Following);
        Assert.AreEqual(2, followed.Tree.Current.Totals.Files);
    }

    // A root that is empty at the start is usually not mounted yet.
    [TestMethod]
    [Timeout(60_000)]
    [DataRow(true, DisplayName = "until it is mounted")]
    [DataRow(false, DisplayName = "until the operator removes the kept tree")]
    public async Task EmptyRootThatHeldFilesAtTheLastStart_AnnouncesNothing(bool comesBack)
    {
        _temp.OutsideFile("state/tree", "kept");
        Directory.SetLastWriteTimeUtc(_temp.Root, DateTime.UtcNow.AddDays(-1));
        var time = new FakeTimeProvider(WholeRun.Time);
        using var source = new FakeSource();
        var options = new ClusterOptions { NodeName = TempRoot.Node, StateDirectory = _temp.Outside("state") };
        await using var followed = new FollowedRoot(_temp, source, options, time: time);
        followed.Tree.Apply(TempRoot.Node, TreeModel.Patch([EntryChange.Put(VirtualPath.Parse("/f"), new FileFacts(1, default, 0, new Stamp(1)))]));
        followed.Own.Restored();
        followed.Loop.Start();
        await PassesAsync(time, followed, ScanState.RootLost);
        StringAssert.Contains(followed.Loop.Status.Failure, "is empty, but held 1 file(s) when this node ran last");
        StringAssert.Contains(followed.Loop.Status.Failure, _temp.Outside("state/tree"));
        for (var tries = 0; tries < 3; tries++) time.Advance(TimeSpan.FromSeconds(5));
        Assert.IsFalse(followed.Own.IsScanned);
        Assert.AreEqual(1, followed.Tree.Current.Totals.Files);

        if (comesBack)
        {
            _temp.File("g", "1");
            // It may have been read between its creation and its writing.
            source.Tell("", "g", EntryEvent.Changed);
        }
        else File.Delete(_temp.Outside("state/tree"));
        await PassesAsync(time, followed, ScanState.Following);

        Assert.AreEqual(1, followed.Log.Count(line => line.Contains("is empty, but held", StringComparison.Ordinal)), "once");
        await followed.BecomesTheDiskAsync();
    }

    // The disk was mounted, or filled, after the scan found nothing.
    [TestMethod]
    [Timeout(60_000)]
    public async Task EmptyRootThatIsFilledAfterTheScan_AnnouncesNothing()
    {
        _temp.OutsideFile("state/tree", "kept");
        Directory.SetLastWriteTimeUtc(_temp.Root, DateTime.UtcNow.AddDays(-1));
        using var source = new FakeSource();
        var options = new ClusterOptions { NodeName = TempRoot.Node, StateDirectory = _temp.Outside("state") };
        ShortRoot? root = null;
        await using var followed = new FollowedRoot(
            _temp, source, options, time: new FakeTimeProvider(WholeRun.Time), wrap: real => root = new ShortRoot(real));
        followed.Tree.Apply(TempRoot.Node, TreeModel.Patch([EntryChange.Put(VirtualPath.Parse("/f"), new FileFacts(1, default, 0, new Stamp(1)))]));
        followed.Own.Restored();
        var looks = 0;
        root!.Looking = () =>
        {
            if (++looks == 2) _temp.File("g", "1");
        };
        followed.Loop.Start();
        await Eventually.TrueAsync(() => followed.Loop.Status.State is ScanState.RootLost or ScanState.Following, Patience, "a scan");
        Assert.AreEqual(ScanState.RootLost, followed.Loop.Status.State);
        Assert.AreEqual("/f", followed.Lines().Single().Split(' ')[0]);
    }

    // A root that cannot be read does not delete anything.
    [TestMethod]
    [Timeout(60_000)]
    [DataRow(false)]
    [DataRow(true)]
    public async Task MissingRoot_DeletesNothing_AndIsFollowedAfterItsReturn(bool portable)
    {
        _temp.File("a/f", "1");
        await using var followed = await new FollowedRoot(_temp, portable: portable).StartAsync();
        var before = followed.Lines();
        TempRoot.Rename(_temp.Root, _temp.Outside("away"));
        File.WriteAllText(_temp.Outside("away/a/f"), "12");
        await Eventually.TrueAsync(() => followed.Loop.Status.State == ScanState.RootLost, Patience, "the loss is noticed");
        StringAssert.Contains(followed.Loop.Status.Failure, "cannot be read");
        CollectionAssert.AreEqual(before.ToArray(), followed.Lines().ToArray());

        TempRoot.Rename(_temp.Outside("away"), _temp.Root);
        await Eventually.TrueAsync(() => followed.Loop.Status.State == ScanState.Following, Patience, "the root is back");
        await followed.BecomesTheDiskAsync();
        if (portable) return;
        _temp.File("a/f", "123");
        await followed.BecomesTheDiskAsync();
    }

    [TestMethod]
    [Timeout(60_000)]
    public async Task EmptyDirectoryInTheRootsPlace_DeletesNothing_AndAFullOneBecomesTheRoot()
    {
        _temp.File("a/f", "1");
        await using var followed = await new FollowedRoot(_temp).StartAsync();
        var before = followed.Lines();
        TempRoot.Rename(_temp.Root, _temp.Outside("away"));
        Directory.CreateDirectory(_temp.Root);
        await Eventually.TrueAsync(() => followed.Loop.Status.State == ScanState.RootLost, Patience, "the loss is noticed");
        CollectionAssert.AreEqual(before.ToArray(), followed.Lines().ToArray());

        _temp.File("b/other", "1");
        await Eventually.TrueAsync(() => followed.Loop.Status.State == ScanState.Following, Patience, "the new root is taken");
        await followed.BecomesTheDiskAsync();
        _temp.File("b/other", "12");
        await followed.BecomesTheDiskAsync();
    }

    [TestMethod]
    [Timeout(60_000)]
    public async Task Stop_IsPrompt_AndDisposesOfTheSource()
    {
        var followed = await new FollowedRoot(_temp.File("a/f")).StartAsync();
        var since = Stopwatch.GetTimestamp();
        await followed.DisposeAsync();
        Assert.IsTrue(Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(1));
        Assert.AreEqual(ScanState.Stopped, followed.Loop.Status.State);
        Assert.AreEqual("local scan finished, 1 file(s) found", followed.Log.First());
    }

    // Any sequence of changes at any speed: the tree ends equal to a fresh scan.
    [TestMethod]
    [Timeout(300_000)]
    [DataRow(1, false)]
    [DataRow(2, false)]
    [DataRow(3, false)]
    [DataRow(11, false)]
    [DataRow(12, false)]
    [DataRow(13, false)]
    [DataRow(4, true)]
    public async Task WildChanges_EndInTheTreeOfAFreshScan(int seed, bool portable)
    {
        // The framework's watcher stops reporting under this load, so polling has to find the changes.
        var options = new ClusterOptions { NodeName = TempRoot.Node, PollInterval = TimeSpan.FromMilliseconds(200) };
        await using var followed = await new FollowedRoot(_temp, options: options, portable: portable).StartAsync();
        var changes = new WildChanges(_temp, seed);
        // The last round may leave none.
        var mostFiles = 0L;
        for (var round = 0; round < 12; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() => changes.Run(400), TestContext.CancellationToken)));
            await followed.BecomesTheDiskAsync();
            mostFiles = Math.Max(mostFiles, followed.Tree.Current.Totals.Files);
            // The tree changes first, the watches follow.
            await Eventually.TrueAsync(
                () => followed.Loop.Status.Watches <= followed.Tree.Current.Totals.Directories + 1, Patience, "no watch is left over");
            Assert.AreEqual(portable, followed.Loop.Status.Polled.Count > 0);
        }

        Assert.AreEqual(ScanState.Following, followed.Loop.Status.State);
        Assert.IsTrue(mostFiles > 0);
    }

    private static Task PassesAsync(FakeTimeProvider time, FollowedRoot followed, ScanState into) =>
        PassesAsync(time, () => followed.Loop.Status.State == into, $"the state is {into}");

    /// <summary>Advances the time until a condition holds.</summary>
    private static Task PassesAsync(FakeTimeProvider time, Func<bool> isSo, string what) => Eventually.TrueAsync(
        () =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return isSo();
        },
        Patience,
        what);

    private void Retarget(string link, string target)
    {
        _temp.Link(link + ".tmp", target);
        TempRoot.Rename(_temp.At(link + ".tmp"), _temp.At(link));
    }

    private async Task ShellAsync(string command)
    {
        using var shell = Process.Start(new ProcessStartInfo("sh", ["-c", command]) { WorkingDirectory = _temp.Root })!;
        await shell.WaitForExitAsync(TestContext.CancellationToken);
        Assert.AreEqual(0, shell.ExitCode);
    }
}
