using System.Runtime.Versioning;
using System.Text;
using Dftp.Cluster.LocalFiles;
using Dftp.FileSystem;

namespace Dftp.Tests.Cluster.LocalFiles;

// Opening is confined to the root: neither .. nor symlinks escape.
[TestClass]
[OSCondition(OperatingSystems.Linux)]
[UnsupportedOSPlatform("windows")]
public sealed class LocalRootTests : IDisposable
{
    private readonly TempRoot _temp = new();

    public void Dispose() => _temp.Dispose();

    [TestMethod]
    public void NoDescriptorsLeft_ThrowsInsteadOfReportingAbsence()
    {
        _temp.File("dir/file").Link("link", "dir");
        using var linux = LinuxRoot.TryOpen(_temp.Root, TempRoot.Node, default) ?? throw new AssertInconclusiveException("no openat2 here");
        using var portable = PortableRoot.Open(_temp.Root, TempRoot.Node, default);
        Action[] looks =
        [
            () => linux.OpenDirectory("dir"u8, out _)?.Dispose(),
            () => linux.Examine("dir"u8),
            () => linux.ResolveLink("link"u8),
            () => portable.OpenDirectory("dir"u8, out _)?.Dispose(),
        ];
        var failures = new Exception?[looks.Length];
        // The first round loads everything that the second needs.
        LookAll();
        using (new DescriptorShortage()) LookAll();

        foreach (var failure in failures) StringAssert.Contains(failure?.Message, "oo many open files");

        void LookAll()
        {
            for (var index = 0; index < looks.Length; index++)
            {
                try
                {
                    looks[index]();
                }
                catch (IOException failure)
                {
                    failures[index] = failure;
                }
            }
        }
    }

    [TestMethod]
    public void File_IsOpenedWithItsFacts()
    {
        _temp.File("a/b.txt", "hello");
        var modified = new DateTime(2016, 10, 23, 12, 7, 6, DateTimeKind.Utc).AddTicks(1_234_567);
        File.SetLastWriteTimeUtc(_temp.At("a/b.txt"), modified);
        File.SetUnixFileMode(_temp.At("a/b.txt"), (UnixFileMode)0b100_110_100_000);
        foreach (var root in _temp.OpenBoth())
        {
            using (root)
            using (var file = Opened(root, "/a/b.txt"))
            {
                Assert.AreEqual("hello", Text(file));
                Assert.AreEqual(5, file.Facts.Size);
                Assert.AreEqual(UnixTime.From(modified), file.Facts.Modified);
                Assert.AreEqual(0b100_110_100_000, file.Facts.Permissions);
            }
        }
    }

    [TestMethod]
    [DataRow("/file")]
    [DataRow("/relative-link")]
    [DataRow("/absolute-link")]
    [DataRow("/link-by-the-parent")]
    [DataRow("/directory-link/inner")]
    [DataRow("/absolute-directory-link/inner")]
    [DataRow("/absolute-directory-link/absolute-up")]
    public void PathThatEndsBeneathTheRoot_IsOpened(string path)
    {
        _temp.File("file", "good").File("dir/inner", "good")
            .Link("relative-link", "dir/inner").Link("absolute-link", _temp.At("file")).Link("link-by-the-parent", "../root/file")
            .Link("directory-link", "dir").Link("absolute-directory-link", _temp.At("dir")).Link("dir/absolute-up", _temp.At("file"));
        foreach (var root in _temp.OpenBoth())
        {
            using (root)
            using (var file = Opened(root, path)) Assert.AreEqual("good", Text(file));
        }
    }

    [TestMethod]
    [DataRow("/absolute", FileErrorKind.AccessDenied)]
    [DataRow("/relative", FileErrorKind.AccessDenied)]
    [DataRow("/directory/secret", FileErrorKind.AccessDenied)]
    [DataRow("/neighbour", FileErrorKind.AccessDenied)]
    [DataRow("/by-two", FileErrorKind.AccessDenied)]
    [DataRow("/dangling", FileErrorKind.NotFound)]
    [DataRow("/circle", FileErrorKind.NotFound)]
    [DataRow("/missing", FileErrorKind.NotFound)]
    [DataRow("/file/below", FileErrorKind.NotFound)]
    [DataRow("/dir", FileErrorKind.IsDirectory)]
    [DataRow("/", FileErrorKind.IsDirectory)]
    [DataRow("/dir-link", FileErrorKind.IsDirectory)]
    public void PathWithoutARegularFileBeneathTheRoot_IsRefusedWithItsKind(string path, FileErrorKind kind)
    {
        _temp.OutsideFile("out/secret", "secret").OutsideFile("root-neighbour", "secret").Dir("dir").File("file")
            .Link("absolute", _temp.Outside("out/secret")).Link("relative", "../out/secret").Link("directory", _temp.Outside("out"))
            .Link("neighbour", _temp.Outside("root-neighbour")).Link("by-two", "relative")
            .Link("dangling", "nowhere").Link("circle", "circle").Link("dir-link", _temp.At("dir"));
        foreach (var root in _temp.OpenBoth())
        {
            using (root)
            {
                var result = root.OpenFile(VirtualPath.Parse(path));
                Assert.IsFalse(result.IsOpened);
                Assert.AreEqual(kind, result.Error.Kind, root.GetType().Name);
                StringAssert.StartsWith(result.Error.Message, $"{path} on here: ");
            }
        }
    }

    [TestMethod]
    [Timeout(10_000)]
    public void Pipe_DoesNotBlockOpening()
    {
        _temp.Pipe("pipe");
        using var root = _temp.Open();
        Assert.AreEqual(FileErrorKind.NotFound, root.OpenFile(VirtualPath.Parse("/pipe")).Error?.Kind);
    }

    [TestMethod]
    public void MountedRoot_NamesTheTreesPath()
    {
        using var root = _temp.Open(VirtualPath.Parse("/mnt"));
        StringAssert.StartsWith(root.OpenFile(VirtualPath.Parse("/a")).Error?.Message, "/mnt/a on here: ");
    }

    [TestMethod]
    public void RootThatWasRenamed_StillFollowsItsAbsoluteLinks()
    {
        _temp.File("file", "good").Link("link", _temp.Outside("moved/file"));
        using var root = LinuxRoot.TryOpen(_temp.Root, TempRoot.Node, default) ?? throw new AssertInconclusiveException("no openat2 here");
        TempRoot.Rename(_temp.Root, _temp.Outside("moved"));
        using var file = Opened(root, "/link");
        Assert.AreEqual("good", Text(file));
    }

    [TestMethod]
    [DataRow("missing", "no such")]
    [DataRow("file", "not a directory")]
    public void RootThatIsNotADirectory_IsReportedInOneLine(string name, string reason)
    {
        _temp.File("file");
        var node = TempRoot.Node;
        foreach (var open in new Action[]
        {
            () => LocalRoot.Open(_temp.At(name), node), () => PortableRoot.Open(_temp.At(name), node, default),
        })
        {
            var error = Assert.ThrowsExactly<RootDirectoryException>(open);
            StringAssert.Contains(error.Message, _temp.At(name));
            StringAssert.Contains(error.Message.ToLowerInvariant(), reason);
            Assert.IsFalse(error.Message.Contains('\n', StringComparison.Ordinal));
        }
    }

    // Races included: a symlink swapped in at any moment never gives bytes from outside the root.
    [TestMethod]
    [Timeout(60_000)]
    [DataRow("victim", "/victim")]
    [DataRow("dir", "/dir/victim")]
    [DataRow("dir", "/absolute-link-to-the-victim")]
    public void SymlinkSwappedInWhileOpening_NeverGivesTheSecret(string swapped, string path)
    {
        const int rounds = 20_000;
        _temp.OutsideFile("out/victim", "SECRET").File("good/victim", "public");
        var isDirectory = swapped == "dir";
        if (isDirectory) _temp.Dir("dir").File("dir/victim", "public");
        else _temp.File("victim", "public");
        _temp.Link("link-out", isDirectory ? _temp.Outside("out") : _temp.Outside("out/victim"));
        _temp.Link("link-in", isDirectory ? _temp.At("good") : _temp.At("good/victim"));

        _temp.Link("absolute-link-to-the-victim", _temp.At("dir/victim"));

        using var root = LinuxRoot.TryOpen(_temp.Root, TempRoot.Node, default) ?? throw new AssertInconclusiveException("no openat2 here");
        using var stop = new CancellationTokenSource();
        var swaps = 0;
        var swapper = new Thread(() =>
        {
            // Three entries alternate at the path; none is ever written to.
            string[] others = ["link-out", "link-in"];
            while (!stop.IsCancellationRequested)
            {
                foreach (var other in others)
                {
                    TempRoot.Rename(_temp.At(swapped), _temp.At("parked"));
                    TempRoot.Rename(_temp.At(other), _temp.At(swapped));
                    TempRoot.Rename(_temp.At(swapped), _temp.At(other));
                    TempRoot.Rename(_temp.At("parked"), _temp.At(swapped));
                    swaps++;
                }
            }
        });
        swapper.Start();
        var opened = 0;
        var refused = 0;
        try
        {
            var victim = VirtualPath.Parse(path);
            for (var round = 0; round < rounds || (opened == 0 && refused == 0); round++)
            {
                var result = root.OpenFile(victim);
                if (!result.IsOpened)
                {
                    refused++;
                    continue;
                }

                using (result.File) Assert.AreEqual("public", Text(result.File));
                opened++;
            }
        }
        finally
        {
            stop.Cancel();
            swapper.Join();
        }

        Assert.IsTrue(opened > 0 && refused > 0 && swaps > 0, $"the race was not run: opened {opened}, refused {refused}, swaps {swaps}");
    }

    private static OpenedFile Opened(LocalRoot root, string path)
    {
        var result = root.OpenFile(VirtualPath.Parse(path));
        return result.File ?? throw new AssertFailedException(result.Error!.Message);
    }

    private static string Text(OpenedFile file)
    {
        var bytes = new byte[100];
        return Encoding.UTF8.GetString(bytes, 0, RandomAccess.Read(file.Handle, bytes, 0));
    }
}
