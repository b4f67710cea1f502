using System.Runtime.Versioning;
using System.Text;
using Dftp.Cluster.Index;
using Dftp.Cluster.LocalFiles;
using Dftp.Cluster.LocalFiles.Scanning;
using Dftp.FileSystem;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dftp.Tests.Cluster.LocalFiles.Scanning;

[TestClass]
[OSCondition(OperatingSystems.Linux)]
[UnsupportedOSPlatform("windows")]
public sealed class ScannerTests : IDisposable
{
    private readonly TempRoot _temp = new();

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stop => TestContext.CancellationToken;

    public void Dispose() => _temp.Dispose();

    [TestMethod]
    public async Task Tree_IsFoundWithFactsAndTotals()
    {
        _temp.File("a.txt", "12345").File("dir/b.txt", "123").File("dir/deep/c").Dir("empty");
        var modified = new DateTime(2016, 10, 23, 12, 7, 6, DateTimeKind.Utc).AddTicks(1_234_567);
        File.SetLastWriteTimeUtc(_temp.At("a.txt"), modified);
        File.SetUnixFileMode(_temp.At("a.txt"), (UnixFileMode)0b100_110_100_000);
        Directory.SetLastWriteTimeUtc(_temp.At("empty"), modified);
        File.SetUnixFileMode(_temp.At("empty"), (UnixFileMode)0b001_111_000_101);
        foreach (var root in _temp.OpenBoth())
        {
            using (root)
            {
                var result = await Scan(root);
                CollectionAssert.AreEqual(
                    new[] { "a.txt 5", "dir/", "dir/b.txt 3", "dir/deep/", "dir/deep/c 0", "empty/" }, Lines(result));
                Assert.AreEqual((3, 3, 8), (result.Files, result.Directories, result.Bytes));
                Assert.AreEqual(0, result.Skipped.Total);
                Assert.AreEqual(new FileFacts(5, UnixTime.From(modified), 0b100_110_100_000), result.Root!.Files()[0]);
                var empty = result.Root.Directories().Single(directory => directory.Name.AsSpan().SequenceEqual("empty"u8));
                Assert.AreEqual(new DirectoryFacts(UnixTime.From(modified), 0b001_111_000_101), empty.Facts);
                Assert.IsNotNull(result.Root.Facts);
            }
        }
    }

    [TestMethod]
    public async Task LinksToFilesBeneathTheRoot_AreFilesWithTheFactsOfTheTarget()
    {
        _temp.File("dir/target", "12345").Link("relative", "dir/target").Link("absolute", _temp.At("dir/target")).Link("chain", "relative");
        await AssertBoth(["absolute 5", "chain 5", "dir/", "dir/target 5", "relative 5"]);
    }

    [TestMethod]
    public async Task LinksThatLeaveDangleOrLoop_AreCounted()
    {
        _temp.OutsideFile("out/secret", "secret").File("file")
            .Link("out", _temp.Outside("out/secret")).Link("out-dir", "../out").Link("dangling", "nowhere").Link("self", "self");
        foreach (var result in await AssertBoth(["file 0"]))
        {
            AssertSkipped(result, SkipReason.LinkLeavesRoot, "/out", "/out-dir");
            AssertSkipped(result, SkipReason.LinkDangles, "/dangling");
            AssertSkipped(result, SkipReason.LinkLoops, "/self");
        }
    }

    [TestMethod]
    public async Task LinkToADirectory_IsThatDirectory_AndFilesBehindItCount()
    {
        _temp.File("real/sub/file", "12").Link("link", "real").Link("absolute", _temp.At("real/sub")).Link("real/file-link", "sub/file");
        await AssertBoth(
        [
            "absolute/", "absolute/file 2", "link/", "link/file-link 2", "link/sub/", "link/sub/file 2",
            "real/", "real/file-link 2", "real/sub/", "real/sub/file 2",
        ]);
    }

    [TestMethod]
    public async Task LinkToADirectoryInsideALinkedDirectory_IsNotFollowed()
    {
        _temp.File("a/file").File("b/file").Link("a/to-b", "../b").Link("b/to-a", "../a");
        string[] lines = ["a/", "a/file 0", "a/to-b/", "a/to-b/file 0", "b/", "b/file 0", "b/to-a/", "b/to-a/file 0"];
        foreach (var result in await AssertBoth(lines))
        {
            AssertSkipped(result, SkipReason.LinkNests, "/a/to-b/to-a", "/b/to-a/to-b");
        }
    }

    [TestMethod]
    public async Task LinkToADirectoryAboveItself_IsALoop()
    {
        _temp.File("a/b/file").Link("a/b/to-root", "../..").Link("a/b/to-a", _temp.At("a")).Link("a/b/to-itself", ".");
        foreach (var result in await AssertBoth(["a/", "a/b/", "a/b/file 0"]))
        {
            AssertSkipped(result, SkipReason.LinkLoops, "/a/b/to-a", "/a/b/to-itself", "/a/b/to-root");
        }
    }

    [TestMethod]
    public async Task InvalidNames_AreCounted()
    {
        _temp.File("ünïcode \ud83d\ude00").File("back\\slash").RawFile([.. "bad"u8, 0xff])
            .RawFile("line\nbreak"u8.ToArray()).RawFile("c1\u0085"u8.ToArray())
            .RawDir([0xc3, 0x28]).RawFile("del\x7f"u8.ToArray()).File("fine\ufffd");
        foreach (var result in await AssertBoth(["back\\slash 0", "fine\ufffd 0", "ünïcode \ud83d\ude00 0"]))
        {
            Assert.AreEqual(2, result.Skipped.Count(SkipReason.NameNotUtf8));
            AssertSkipped(result, SkipReason.NameHasControl, "/c1\\xc2\\x85", "/del\\x7f", "/line\\x0abreak");
        }
    }

    [TestMethod]
    public async Task BytesThatAreNotUtf8_AreShownInHexadecimal()
    {
        _temp.RawFile([.. "bad"u8, 0xff, (byte)'!']);
        using var root = _temp.Open();
        AssertSkipped(await Scan(root), SkipReason.NameNotUtf8, "/bad\\xff!");
    }

    [TestMethod]
    public async Task ManySkippedEntries_AreAllCountedAndPartlyShown()
    {
        for (var index = 0; index < 10; index++) _temp.RawFile([0xff, (byte)('0' + index)]);
        using var root = _temp.Open();
        var result = await Scan(root);
        Assert.AreEqual(10, result.Skipped.Count(SkipReason.NameNotUtf8));
        Assert.AreEqual(SkippedEntries.MaxExamples, result.Skipped.Examples(SkipReason.NameNotUtf8).Count);
    }

    [TestMethod]
    [Timeout(10_000)]
    public async Task PipesAndSockets_AreCounted()
    {
        using var socket = new System.Net.Sockets.Socket(
            System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
        socket.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(_temp.At("socket")));
        _temp.Pipe("pipe").Link("to-pipe", "pipe").File("file");
        using var root = _temp.Open();
        var result = await Scan(root);
        CollectionAssert.AreEqual(new[] { "file 0" }, Lines(result));
        AssertSkipped(result, SkipReason.NotRegular, "/pipe", "/socket", "/to-pipe");
    }

    [TestMethod]
    public async Task PathOverTheLimit_IsCounted_IncludingTheMount()
    {
        // 15 names of 255 bytes with their slashes are 3,840 bytes; 255 more make 4,095, and the tree adds the leading slash.
        var name = new string('x', 254);
        var deep = string.Join('/', Enumerable.Repeat(name + "x", 15));
        var commands = $"cd '{_temp.Root}' && mkdir -p {deep} && cd {deep} && : > {name}x && : > {name}";
        using var process = System.Diagnostics.Process.Start("sh", ["-c", commands]);
        await process.WaitForExitAsync(Stop);
        using (var root = _temp.Open())
        {
            var result = await Scan(root);
            Assert.AreEqual((2, 15), (result.Files, result.Directories));
            Assert.AreEqual(0, result.Skipped.Total);
        }

        using (var root = _temp.Open(VirtualPath.Parse("/m")))
        {
            var result = await Scan(root);
            Assert.AreEqual(0, result.Files);
            AssertSkipped(result, SkipReason.PathTooLong, $"/{deep}/{name}", $"/{deep}/{name}x");
        }
    }

    [TestMethod]
    public async Task Subtree_IsFoundAsByAFullScan()
    {
        _temp.File("a/b/file", "1").File("c/file", "12").Link("a/to-c", "../c").Link("c/to-a", "../a");
        foreach (var root in _temp.OpenBoth())
        {
            using (root)
            {
                var plain = await Scan(root, "/a/b");
                CollectionAssert.AreEqual(new[] { "file 1" }, Lines(plain));
                Assert.AreEqual("b", Encoding.UTF8.GetString(plain.Root!.Name));
                Assert.IsNotNull(plain.Root.Facts);
                Assert.AreEqual((1, 0, 1), (plain.Files, plain.Directories, plain.Bytes));

                var linked = await Scan(root, "/a/to-c");
                CollectionAssert.AreEqual(new[] { "file 2" }, Lines(linked));
                AssertSkipped(linked, SkipReason.LinkNests, "/a/to-c/to-a");

                Assert.IsNull((await Scan(root, "/a/to-c/to-a")).Root);
                Assert.IsNull((await Scan(root, "/a/b/file")).Root);
                Assert.IsNull((await Scan(root, "/nowhere/at/all")).Root);
            }
        }
    }

    [TestMethod]
    public async Task OneDirectory_HasItsSubdirectoriesFactsOnly()
    {
        _temp.File("a/file", "1").File("a/sub/deep/file", "12").Link("a/link", "../b").File("b/inner");
        foreach (var root in _temp.OpenBoth())
        {
            using (root)
            {
                var batch = new DirtyBatch(new HashSet<VirtualPath> { VirtualPath.Parse("/a") }, new HashSet<VirtualPath>());
                var result = await Scanner(root).ScanPlacesAsync(batch, Stop);
                var place = result.Places.Single();
                Assert.AreEqual("/a", place.Path.Value);
                CollectionAssert.AreEqual(new[] { "file 1", "link/", "sub/" }, Lines(place.Draft));
                Assert.IsTrue(place.Draft.Directories().All(directory => directory.Facts is not null && result.Unread.Contains(directory)));
                Assert.AreEqual(1, result.Files);
            }
        }
    }

    [TestMethod]
    public async Task DirectoriesToReadAgain_AreReadOnce_AndRemovedOnesByTheirParent()
    {
        _temp.File("a/file", "1").File("a/new/deep/file", "12").File("b/x", "1");
        var batch = new DirtyBatch(
            new[] { "/a", "/a/new/deep", "/gone/far/away", "/b/x" }.Select(VirtualPath.Parse).ToHashSet(),
            new HashSet<VirtualPath> { VirtualPath.Parse("/a/new") });
        foreach (var root in _temp.OpenBoth())
        {
            using (root)
            {
                var result = await Scanner(root).ScanPlacesAsync(batch, Stop);
                CollectionAssert.AreEqual(new[] { "/", "/a", "/b" }, result.Places.Select(place => place.Path.Value).ToArray());
                CollectionAssert.AreEqual(new[] { "file 1", "new/", "new/deep/", "new/deep/file 2" }, Lines(result.Places[1].Draft));
                CollectionAssert.AreEqual(new[] { "a/", "b/" }, Lines(result.Places[0].Draft));
                Assert.AreEqual(2, result.Unread.Count);
            }
        }
    }

    [TestMethod]
    public async Task RemovedRoot_IsAnErrorAndNotAnEmptyTree()
    {
        foreach (var root in _temp.OpenBoth())
        {
            using (root)
            {
                Directory.Delete(_temp.Root);
                var error = await Assert.ThrowsExactlyAsync<RootDirectoryException>(() => Scan(root));
                Assert.AreEqual($"the root directory {_temp.Root} cannot be read: it was removed", error.Message);
                Directory.CreateDirectory(_temp.Root);
            }
        }
    }

    [TestMethod]
    public async Task CancelledScan_Ends()
    {
        using var root = _temp.File("a/b").Open();
        await Assert.ThrowsAsync<OperationCanceledException>(() => Scanner(root).ScanAsync(default, new CancellationToken(true)));
    }

    // Entries that vanish during the scan are absent.
    [TestMethod]
    [Timeout(60_000)]
    public async Task TreeThatChangesDuringTheScan_IsScannedWithoutFailure()
    {
        _temp.File("stays/file").File("moves/sub/file");
        for (var index = 0; index < 50; index++) _temp.File($"moves/sub/d{index}/file");
        using var root = _temp.Open();
        var scanner = Scanner(root);
        using var stop = new CancellationTokenSource();
        var renames = 0;
        var mover = new Thread(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                TempRoot.Rename(_temp.At("moves/sub"), _temp.Outside("gone"));
                TempRoot.Rename(_temp.Outside("gone"), _temp.At("moves/sub"));
                Interlocked.Increment(ref renames);
            }
        });
        mover.Start();
        try
        {
            for (var round = 0; round < 300 || Volatile.Read(ref renames) < 10; round++)
            {
                var result = await scanner.ScanAsync(default, Stop);
                CollectionAssert.IsSubsetOf(new[] { "moves/", "stays/", "stays/file 0" }, Lines(result));
                Assert.AreEqual(0, result.Skipped.Total);
            }
        }
        finally
        {
            await stop.CancelAsync();
            mover.Join();
        }
    }

    [TestMethod]
    public async Task DirectoryAndFileWithoutPermission_AreLeftOutCountedAndLoggedOnce()
    {
        using var root = new FaultyRoot(
            new()
            {
                [""] =
                [
                    ("closed", EntryKind.Directory), ("dim", EntryKind.Forbidden),
                    ("open", EntryKind.Directory), ("gone", EntryKind.Directory),
                ],
                ["open"] = [("f", EntryKind.File)],
            },
            new() { ["closed"] = "permission denied" });
        var log = new LogOfLines();
        var scanner = new Scanner(root, TimeProvider.System, log);
        for (var round = 0; round < 2; round++)
        {
            var result = await scanner.ScanAsync(default, Stop);
            CollectionAssert.AreEqual(new[] { "open/", "open/f 0" }, Lines(result));
            AssertSkipped(result, SkipReason.UnreadableDirectory, "/closed");
            AssertSkipped(result, SkipReason.UnreadableFile, "/dim");
        }

        CollectionAssert.AreEquivalent(
            new[]
            {
                "/closed is left out of the tree: permission denied",
                "/dim is left out of the tree: permission denied",
            },
            log.Lines);
    }

    [TestMethod]
    public async Task DirectoryWhoseReadBreaksOff_KeepsTheEntriesReadAndIsCounted()
    {
        using var root = new FaultyRoot(new() { [""] = [("f", EntryKind.File)] }, []) { BreakOff = "input/output error" };
        var result = await Scan(root);
        CollectionAssert.AreEqual(new[] { "f 0" }, Lines(result));
        AssertSkipped(result, SkipReason.UnreadableDirectory, "/");
    }

    [TestMethod]
    public async Task UnreadableRoot_IsAnErrorThatSaysWhy()
    {
        using var root = new FaultyRoot([], new() { [""] = "permission denied" });
        var error = await Assert.ThrowsExactlyAsync<RootDirectoryException>(() => Scan(root));
        StringAssert.EndsWith(error.Message, "cannot be read: permission denied");
    }

    [TestMethod]
    public async Task ReaderThatThrows_EndsTheScanAndAllItsThreads()
    {
        using var root = new FaultyRoot(new() { [""] = [("a", EntryKind.Directory)], ["a"] = [("f", EntryKind.File)] }, [])
        {
            Throws = new InvalidOperationException("a bug"),
        };
        await Assert.ThrowsExactlyAsync<InvalidOperationException>(() => Scan(root));
    }

    [TestMethod]
    public async Task SystemDirectory_IsTheSameForBothReaders()
    {
        const string directory = "/usr/share/doc";
        if (!Directory.Exists(directory)) Assert.Inconclusive($"there is no {directory}");
        using var native = LinuxRoot.TryOpen(directory, TempRoot.Node, default) ?? throw new AssertInconclusiveException("no openat2 here");
        using var portable = PortableRoot.Open(directory, TempRoot.Node, default);
        var a = await Scan(native);
        var b = await Scan(portable);
        Assert.AreEqual((a.Files, a.Directories, a.Bytes), (b.Files, b.Directories, b.Bytes));
        CollectionAssert.AreEqual(Lines(a), Lines(b));
        Assert.AreEqual(a.Skipped.Total, b.Skipped.Total);
    }

    private Task<ScanResult> Scan(LocalRoot root, string start = "/") => Scanner(root).ScanAsync(VirtualPath.Parse(start), Stop);

    private static Scanner Scanner(LocalRoot root) => new(root, TimeProvider.System, NullLogger<Scanner>.Instance, threads: 3);

    private async Task<List<ScanResult>> AssertBoth(string[] lines)
    {
        var results = new List<ScanResult>();
        foreach (var root in _temp.OpenBoth())
        {
            using (root) results.Add(await Scan(root));
            CollectionAssert.AreEqual(lines, Lines(results[^1]), $"{root.GetType().Name}: {string.Join(", ", Lines(results[^1]))}");
        }

        return results;
    }

    private static void AssertSkipped(ScanResult result, SkipReason reason, params string[] paths)
    {
        Assert.AreEqual(paths.Length, result.Skipped.Count(reason), reason.ToString());
        CollectionAssert.AreEquivalent(paths, result.Skipped.Examples(reason).ToArray());
    }

    /// <summary>All entries, sorted by path: a file with its size, a directory with a slash.</summary>
    private static List<string> Lines(ScanResult result) => Lines(result.Root!);

    private static List<string> Lines(DirectoryBuilder root)
    {
        var lines = new List<string>();
        Add(root, "");
        lines.Sort(string.CompareOrdinal);
        return lines;

        void Add(DirectoryBuilder directory, string path)
        {
            var files = directory.Files();
            for (var index = 0; index < files.Count; index++)
            {
                lines.Add($"{path}{Encoding.UTF8.GetString(files.NameSpan(index))} {files[index].Size}");
            }

            foreach (var child in directory.Directories())
            {
                var below = $"{path}{Encoding.UTF8.GetString(child.Name)}/";
                lines.Add(below);
                Add(child, below);
            }
        }
    }

    private sealed class LogOfLines : ILogger<Scanner>
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (Lines) Lines.Add(formatter(state, exception));
        }
    }
}
