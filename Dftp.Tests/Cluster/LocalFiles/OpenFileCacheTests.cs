using System.Runtime.Versioning;
using System.Text;
using Dftp.Cluster.LocalFiles;
using Dftp.FileSystem;
using Dftp.Tests.Support;

namespace Dftp.Tests.Cluster.LocalFiles;

[TestClass]
[UnsupportedOSPlatform("windows")]
public sealed class OpenFileCacheTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly VirtualPath Path = VirtualPath.Parse("/dir/file");

    private readonly AwaitedTime _clock = new();
    private readonly TempRoot _temp = new();
    private LocalRoot _root = null!;
    private OpenFileCache _cache = null!;

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stop => TestContext.CancellationToken;

    [TestInitialize]
    public void Start()
    {
        _temp.File("dir/file", "content");
        _root = LinuxRoot.TryOpen(_temp.Root, TempRoot.Node, default) ?? throw new AssertInconclusiveException("openat2 is not available here");
        _cache = new OpenFileCache(_root, _clock);
    }

    public void Dispose()
    {
        _cache?.Dispose();
        _root?.Dispose();
        _temp.Dispose();
    }

    [TestMethod]
    public void UnchangedFile_IsOpenedOnce()
    {
        using var first = OpenAndOffer();

        Assert.IsTrue(_cache.TryGet(Path, out var second));

        Assert.AreSame(first, second);
        second.Dispose();
        Assert.IsFalse(first.Handle.IsClosed);
    }

    [TestMethod]
    [DataRow("written to")]
    [DataRow("written to, its size and time as before")]
    [DataRow("shortened")]
    [DataRow("replaced by another")]
    [DataRow("replaced by one of the same size and time")]
    [DataRow("in a directory that another took the place of")]
    [DataRow("moved")]
    [DataRow("removed")]
    [DataRow("made a directory")]
    [DataRow("closed to others")]
    public void ChangedFile_IsReopened(string what)
    {
        OpenAndOffer().Dispose();
        var file = _temp.At("dir/file");
        var modified = File.GetLastWriteTimeUtc(file);
        switch (what)
        {
            case "written to":
                File.AppendAllText(file, "more");
                break;
            case "written to, its size and time as before":
                File.WriteAllText(file, "CONTENT");
                File.SetLastWriteTimeUtc(file, modified);
                break;
            case "shortened":
                File.WriteAllText(file, "");
                break;
            case "replaced by another":
                _temp.File("new", "another");
                TempRoot.Rename(_temp.At("new"), file);
                break;
            case "replaced by one of the same size and time":
                _temp.File("new", "CONTENT");
                File.SetLastWriteTimeUtc(_temp.At("new"), modified);
                TempRoot.Rename(_temp.At("new"), file);
                break;
            case "in a directory that another took the place of":
                TempRoot.Rename(_temp.At("dir"), _temp.At("old"));
                _temp.File("dir/file", "content");
                break;
            case "moved":
                TempRoot.Rename(file, _temp.At("elsewhere"));
                break;
            case "removed":
                File.Delete(file);
                break;
            case "made a directory":
                File.Delete(file);
                _temp.Dir("dir/file");
                break;
            case "closed to others":
                File.SetUnixFileMode(file, OwnerOnly);
                break;
        }

        Assert.IsFalse(_cache.TryGet(Path, out _), what);
        Assert.AreEqual(0, _cache.Count, "what is not there any more is closed at once");
    }

    // The file system frees a deleted file's space only when the last process closes it.
    [TestMethod]
    public async Task UnusedFile_IsClosed()
    {
        var file = OpenAndOffer();
        file.Dispose();
        await _clock.PassAsync(OpenFileCache.Interval, Stop);
        Assert.IsFalse(file.Handle.IsClosed, "it was used in the interval that ended");

        await _clock.PassAsync(OpenFileCache.Interval, Stop);

        Assert.IsTrue(file.Handle.IsClosed);
        Assert.AreEqual(0, _cache.Count);
    }

    [TestMethod]
    public async Task FrequentlyUsedFile_StaysOpen()
    {
        using var first = OpenAndOffer();
        for (var i = 0; i < 5; i++)
        {
            await _clock.PassAsync(OpenFileCache.Interval, Stop);
            Assert.IsTrue(_cache.TryGet(Path, out var again));
            Assert.AreSame(first, again);
            again.Dispose();
        }
    }

    [TestMethod]
    public void FileEvictedDuringARead_IsReadToItsEnd()
    {
        var file = OpenAndOffer();

        Assert.IsTrue(_cache.Clear());

        var bytes = new byte[20];
        Assert.AreEqual("content", Encoding.UTF8.GetString(bytes, 0, RandomAccess.Read(file.Handle, bytes, 0)));
        file.Dispose();
        Assert.IsTrue(file.Handle.IsClosed);
        Assert.IsFalse(file.TryShare());
        Assert.IsFalse(_cache.Clear());
    }

    [TestMethod]
    public void FullCache_AddsNothing()
    {
        using var small = new OpenFileCache(_root, _clock, capacity: 1);
        _temp.File("second");
        using var first = Open(Path);
        using var second = Open(VirtualPath.Parse("/second"));

        small.Offer(Path, first);
        small.Offer(VirtualPath.Parse("/second"), second);

        Assert.AreEqual(1, small.Count);
        Assert.IsFalse(small.TryGet(VirtualPath.Parse("/second"), out _));
    }

    [TestMethod]
    public void FileOfARootWithoutChangeDetection_IsNotCached()
    {
        using var root = PortableRoot.Open(_temp.Root, TempRoot.Node, default);
        using var cache = new OpenFileCache(root, _clock);
        using var file = root.OpenFile(Path).File!;

        cache.Offer(Path, file);

        Assert.AreEqual(0, cache.Count);
    }

    [TestMethod]
    public void ConcurrentReadsDuringAReplacement_SeeOneVersionOrTheOther()
    {
        using var files = LocalParts.Opener(_root, new DigestCache<FileIdentity, LocalVersion>(16), _clock);
        var isOver = false;
        var replacer = new Thread(() =>
        {
            for (var i = 0; !Volatile.Read(ref isOver); i++)
            {
                _temp.File("new", new string((char)('a' + (i % 26)), 1000 + i));
                TempRoot.Rename(_temp.At("new"), _temp.At("dir/file"));
            }
        });
        replacer.Start();
        try
        {
            Parallel.For(0, 4000, new ParallelOptions { MaxDegreeOfParallelism = 8 }, _ => ReadOnce(files));
        }
        finally
        {
            Volatile.Write(ref isOver, true);
            replacer.Join();
        }
    }

    /// <summary>The size of a version determines its letter, so bytes of another version under this size are detected.</summary>
    private static void ReadOnce(LocalFileOpener files)
    {
        var file = new Entry("file"u8.ToArray(), false, 0, default, 0, TempRoot.Node);
        while (true)
        {
            var opened = files.Open(Path, file, RangeSpec.Whole);
            Assert.IsNull(opened.Error);
            var region = opened.Content!.Region!.Value;
            var bytes = new byte[region.Length + 1];
            var read = RandomAccess.Read(region.Handle, bytes, 0);
            opened.Content.DisposeAsync().AsTask().GetAwaiter().GetResult();
            if (file.Size < 1000) return;
            Assert.AreEqual(region.Length, read);
            Assert.IsFalse(bytes.AsSpan(0, read).ContainsAnyExcept((byte)('a' + ((read - 1000) % 26))));
            return;
        }
    }

    private OpenedFile OpenAndOffer()
    {
        var file = Open(Path);
        _cache.Offer(Path, file);
        Assert.AreEqual(1, _cache.Count);
        return file;
    }

    private OpenedFile Open(VirtualPath path) => _root.OpenFile(path).File!;
}
