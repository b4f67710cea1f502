using System.Runtime.Versioning;
using Dftp.Cluster;
using Dftp.Cluster.Index;
using Dftp.Cluster.LocalFiles.Watching;
using Dftp.FileSystem;
using Dftp.Tests.Cluster.Index;
using Dftp.Tests.Scenarios.Support;

namespace Dftp.Tests.Cluster.LocalFiles.Watching;

/// <summary>
/// An error does not mean that files are gone: entries that cannot be read stay as they were and are marked as unconfirmed.
/// </summary>
[TestClass]
[OSCondition(OperatingSystems.Linux)]
[UnsupportedOSPlatform("windows")]
public sealed class UnreadablePlacesTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly ClusterOptions Options = new() { NodeName = TempRoot.Node, PollInterval = TimeSpan.FromMilliseconds(20) };

    private readonly TempRoot _temp = new();
    private readonly FakeSource _source = new();
    private FailingRoot _disk = null!;

    public void Dispose()
    {
        _temp.Dispose();
        _source.Dispose();
    }

    [TestMethod]
    [Timeout(60_000)]
    [DataRow("bad", 5, "/", "/bad", DisplayName = "reading breaks off")]
    [DataRow("bad", 0, "/mnt/here", "/mnt/here/bad", DisplayName = "reading breaks off at once, in a mounted root")]
    [DataRow("bad", -1, "/", "/bad", DisplayName = "it cannot be opened")]
    [DataRow("bad/sub", -1, "/", "/bad/sub", DisplayName = "one below cannot be opened")]
    [DataRow("", 1, "/", "/", DisplayName = "reading of the root breaks off")]
    public async Task UnreadableDirectory_KeepsItsKnownEntries_UntilItCanBeRead(string directory, int after, string mount, string expected)
    {
        for (var file = 0; file < 30; file++) _temp.File($"bad/f{file}", "1").File($"bad/sub/f{file}", "1");
        _temp.File("good/g", "1");
        await using var followed = await StartAsync(mount);
        var (before, sequence) = (followed.Lines(), followed.Own.State.Sequence);

        _disk.Broken[directory] = after;
        _source.Overflow();
        await BecomesAsync(followed, expected);
        _source.Overflow();
        await Eventually.EqualAsync(2L, () => Task.FromResult(followed.Loop.Status.Overflows), Patience, "it is read again");
        CollectionAssert.AreEqual(before.ToArray(), followed.Lines().ToArray());
        Assert.AreEqual(sequence, followed.Own.State.Sequence, "nothing is announced");
        Assert.AreEqual(1, followed.Log.Count(line => line.Contains($"{expected} cannot be read: {FailingRoot.Error}", StringComparison.Ordinal)), "once");
        Assert.AreEqual(FailingRoot.Error, followed.Loop.Status.Unreadable.Single().Reason);

        _temp.File("bad/sub/new", "1");
        File.Delete(_temp.At("bad/f7"));
        _disk.Broken.Clear();
        await BecomesAsync(followed);
        await followed.BecomesTheDiskAsync();
        Assert.AreEqual(1, followed.Log.Count(line => line.Contains($"{expected} is confirmed again", StringComparison.Ordinal)));
    }

    [TestMethod]
    [Timeout(60_000)]
    public async Task OtherEntriesOfABrokenDirectory_AreStillFollowed()
    {
        _temp.File("bad/sub/f", "1").File("bad/f", "1").File("bad/other", "1");
        await using var followed = await StartAsync();
        _disk.WithoutStatus["bad/f"] = true;
        _temp.File("bad/f", "12").File("bad/other", "12").File("bad/sub/f", "12").File("bad/new", "1");
        File.Delete(_temp.At("bad/sub/f"));
        _source.Overflow();

        await BecomesAsync(followed, "/bad/f");
        await Eventually.TrueAsync(() => Sizes(followed) == "/bad/f 1, /bad/new 1, /bad/other 2", Patience, "the rest is read");

        _disk.WithoutStatus.Clear();
        await BecomesAsync(followed);
        await followed.BecomesTheDiskAsync();
    }

    [TestMethod]
    [Timeout(60_000)]
    public async Task RemovedUnreadableDirectory_VanishesFromTheTree()
    {
        _temp.File("bad/sub/f", "1").File("f", "1");
        await using var followed = await StartAsync();
        _disk.Broken["bad"] = -1;
        _source.Overflow();
        await BecomesAsync(followed, "/bad");

        Directory.Delete(_temp.At("bad"), recursive: true);
        await BecomesAsync(followed);
        Assert.AreEqual("/f 1", Sizes(followed));
    }

    // Withdrawing a permission means that the directory is not served: it is not an error, and nothing will be retried.
    [TestMethod]
    [Timeout(60_000)]
    public async Task DirectoryWithoutPermission_IsLeftOutAndCounted()
    {
        _temp.File("closed/f", "1").File("f", "1");
        await using var followed = await StartAsync();
        _disk.Forbidden["closed"] = true;
        _source.Overflow();

        await Eventually.TrueAsync(() => Sizes(followed) == "/f 1", Patience, "it is left out");
        Assert.AreEqual(0, followed.Own.Unconfirmed.Count);
        Assert.AreEqual("unreadable directory(s)", followed.Loop.Status.Skipped.Single().Reason);
    }

    [TestMethod]
    [Timeout(60_000)]
    public async Task FirstScanAfterARestart_KeepsTheSavedEntriesOfAnUnreadableDirectory()
    {
        _temp.File("bad/seen", "1").File("f", "1");
        var followed = Create();
        await using (followed)
        {
            followed.Tree.Apply(TempRoot.Node, TreeModel.Patch(
            [
                EntryChange.Put(VirtualPath.Parse("/bad"), new DirectoryFacts(default, 7, new Stamp(1))),
                EntryChange.Put(VirtualPath.Parse("/bad/sub/f"), new FileFacts(3, default, 0, new Stamp(1))),
                EntryChange.Put(VirtualPath.Parse("/gone"), new FileFacts(3, default, 0, new Stamp(1))),
            ]));
            followed.Own.Restored();
            _disk.Broken["bad"] = -1;
            await followed.StartAsync();

            Assert.AreEqual("/bad", Paths(followed));
            Assert.AreEqual("/bad/sub/f 3, /f 1", Sizes(followed));
            _disk.Broken.Clear();
            await BecomesAsync(followed);
            await followed.BecomesTheDiskAsync();
        }
    }

    [TestMethod]
    [Timeout(60_000)]
    public async Task LostRoot_IsUnconfirmedAsAWhole()
    {
        _temp.File("f", "1");
        await using var followed = await StartAsync("/mnt");
        TempRoot.Rename(_temp.Root, _temp.Outside("away"));
        _source.Overflow();
        await BecomesAsync(followed, "/mnt");

        TempRoot.Rename(_temp.Outside("away"), _temp.Root);
        await BecomesAsync(followed);
    }

    // An empty directory at a former mount point says nothing about the files on the disk.
    [TestMethod]
    [Timeout(60_000)]
    [DataRow(true, DisplayName = "and is mounted again")]
    [DataRow(false, DisplayName = "and something else is put in its place")]
    public async Task UnmountedDisk_KeepsItsFilesUnconfirmed(bool comesBack)
    {
        _temp.Dir("usb").OutsideFile("disk/sub/f", "1").OutsideFile("disk/g", "1").File("h", "1");
        await using var followed = await StartAsync();
        Mount();
        await Eventually.TrueAsync(() => Sizes(followed) == "/h 1, /usb/g 1, /usb/sub/f 1", Patience, "it is mounted");
        Assert.AreEqual(0, followed.Own.Unconfirmed.Count);

        _disk.Devices.Clear();
        TempRoot.Rename(_temp.At("usb"), _temp.Outside("disk"));
        TempRoot.Rename(_temp.Outside("covered"), _temp.At("usb"));
        _source.Tell("", "usb", EntryEvent.DirectoryCame);
        await BecomesAsync(followed, "/usb");
        Assert.AreEqual("/h 1, /usb/g 1, /usb/sub/f 1", Sizes(followed));

        if (comesBack) Mount();
        else _temp.File("usb/new", "1");
        await BecomesAsync(followed);
        await followed.BecomesTheDiskAsync();

        void Mount()
        {
            TempRoot.Rename(_temp.At("usb"), _temp.Outside("covered"));
            TempRoot.Rename(_temp.Outside("disk"), _temp.At("usb"));
            _disk.Devices["usb"] = _disk.Devices["usb/sub"] = 4711;
            _source.Tell("", "usb", EntryEvent.DirectoryCame);
        }
    }

    [TestMethod]
    [Timeout(60_000)]
    public async Task NamesLeftOutWhileTheNodeRuns_AreCounted_UntilTheyAreRemoved()
    {
        _temp.Dir("a").Dir("b/c").Pipe("b/pipe");
        await using var followed = await StartAsync();
        Assert.AreEqual("1 pipe(s), socket(s) or device(s)", Skipped(followed));

        _temp.RawFile([.. "a/x"u8, 0xff]).RawFile("a/line\n"u8.ToArray()).RawFile([.. "b/c/y"u8, 0xfe]);
        _source.Tell("a", "x", EntryEvent.Changed);
        _source.Tell("b/c", "y", EntryEvent.Changed);
        await Eventually.EqualAsync(
            "1 name(s) with a control character, 1 pipe(s), socket(s) or device(s), 2 name(s) that are not UTF-8",
            () => Task.FromResult(Skipped(followed)), Patience, "they are counted");
        // Reading the same directory again does not count its entries twice.
        _temp.File("a/good", "1");
        _source.Tell("a", "good", EntryEvent.Changed);
        await Eventually.TrueAsync(() => Sizes(followed) == "/a/good 1", Patience, "it is read again");
        StringAssert.EndsWith(Skipped(followed), ", 2 name(s) that are not UTF-8", StringComparison.Ordinal);

        TempRoot.Rename(_temp.At("b"), _temp.Outside("b"));
        _source.Tell("", "b", EntryEvent.Changed);
        await Eventually.EqualAsync(
            "1 name(s) that are not UTF-8, 1 name(s) with a control character",
            () => Task.FromResult(Skipped(followed)), Patience, "removed names are not counted");
        Assert.IsTrue(followed.Log.Any(line => line.StartsWith("left out: 1 pipe(s)", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void ManyPlaces_AreCoveredByTheirParentDirectories()
    {
        UnconfirmedPlace[] Places(IEnumerable<string> paths) =>
            [.. paths.Select(path => new UnconfirmedPlace(VirtualPath.Parse(path), UnixTime.FromSeconds(path.Length)))];
        static string Few(UnconfirmedPlace[] places) =>
            string.Join(' ', UnconfirmedPlaces.Few(places).Select(place => place.Path.Value).Order(StringComparer.Ordinal));

        Assert.AreEqual("", Few([]));
        Assert.AreEqual("/a /b/c", Few(Places(["/a", "/b/c", "/a/b", "/a/b/c"])));
        Assert.AreEqual("/b /c", Few(Places([.. Enumerable.Range(0, 20).Select(number => $"/b/{number}"), "/c"])));
        Assert.AreEqual("/", Few(Places(Enumerable.Range(0, 20).Select(number => $"/{number}"))));
    }

    private FollowedRoot Create(string mount = "/") =>
        new(_temp, _source, Options, mount: mount, wrap: root => _disk = new FailingRoot(root));

    private Task<FollowedRoot> StartAsync(string mount = "/") => Create(mount).StartAsync();

    private static Task BecomesAsync(FollowedRoot followed, params string[] unconfirmed) =>
        Eventually.EqualAsync(string.Join(' ', unconfirmed), () => Task.FromResult(Paths(followed)), Patience, "the unconfirmed places");

    private static string Paths(FollowedRoot followed) => string.Join(' ', followed.Own.Unconfirmed.Select(place => place.Path.Value));

    private static string Skipped(FollowedRoot followed) =>
        string.Join(", ", followed.Loop.Status.Skipped.Select(skipped => $"{skipped.Count} {skipped.Reason}").Order(StringComparer.Ordinal));

    private static string Sizes(FollowedRoot followed) => string.Join(", ", new NodeSnapshot(followed.Tree.Current, TempRoot.Node).Walk(VirtualPath.Root)
        .Where(step => !step.Entry.IsDirectory).Select(step => $"{step.Path} {step.Entry.Size}").Order(StringComparer.Ordinal));
}
