using System.Globalization;
using System.Text;
using Dftp.Cluster.Index;
using Dftp.FileSystem;
using Dftp.Tests.Scenarios.Support;
using Dftp.Tests.Support;

namespace Dftp.Tests.Http;

/// <summary>Archives beyond the limits of old formats, read by other programs.</summary>
[TestClass]
public sealed class LargeArchiveTests
{
    /// <summary>Unpacks a stream by its local headers only, and is as strict as Java's ZipInputStream about descriptors.</summary>
    private const string StreamReaderScript =
        """
        import os, struct, sys, zlib
        data = sys.stdin.buffer.read()
        at = 0
        while data[at:at + 4] == b'PK\x03\x04':
            flags, method, crc, packed, size, name_length, extra_length = struct.unpack_from('<HHxxxxIIIHH', data, at + 6)
            name = data[at + 30:at + 30 + name_length].decode('utf-8' if flags & 0x800 else 'cp437')
            at += 30 + name_length + extra_length
            if flags & 8:
                assert method == 8, 'only DEFLATED entries can have EXT descriptor'
                inflater = zlib.decompressobj(-15)
                content = inflater.decompress(data[at:])
                assert inflater.eof
                end = len(data) - len(inflater.unused_data)
                signature, crc, packed, size = struct.unpack_from('<IIII', data, end)
                assert (signature, packed, size) == (0x08074b50, end - at, len(content)), name
                at = end + 16
            else:
                assert method == 0 and packed == size, name
                content = data[at:at + size]
                at += size
            assert zlib.crc32(content) == crc, name
            if name.endswith('/'):
                os.makedirs(name)
                continue
            os.makedirs(os.path.dirname(name), exist_ok=True)
            with open(name, 'xb') as file: file.write(content)
        assert data[at:at + 4] == b'PK\x01\x02'
        """;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    // APPNOTE 4.4.1.4: more than 65,535 members need the 64-bit end of the directory.
    [TestMethod]
    [DataRow("zip", "unzip -Z1 \"$1\"")]
    [DataRow("zip", "bsdtar -tf \"$1\"")]
    [DataRow("zip", "python3 -c 'import sys, zipfile; [print(i.filename) for i in zipfile.ZipFile(sys.argv[1]).infolist()]' \"$1\"")]
    [DataRow("tar.gz", "tar -tzf \"$1\"")]
    public async Task ManyMembers_AreAllListed(string kind, string list)
    {
        ProgramTools.Require("unzip", "bsdtar", "tar", "python3");
        await using var site = await HttpSite.StartAsync(new SyntheticTree(70_000, _ => 0));
        using var folder = new Node.TemporaryDirectory();
        var file = Path.Combine(folder.Path, "archive");
        await using (var body = await site.Client.GetStreamAsync(site.Url("/fs/?archive=" + kind)))
        await using (var target = File.Create(file)) await body.CopyToAsync(target);

        var names = (await ExternalProgram.RunAsync(Limit, "sh", "-c", list, "sh", file)).OutputIfDone()
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.AreEqual(70_000, names.Distinct().Count());
        Assert.AreEqual("files/file 069999", names.Max(StringComparer.Ordinal));
    }

    // APPNOTE 4.5.3: a member of more than 4 GiB, and one that begins behind it. The zeros take no room on the disk.
    [TestMethod]
    public async Task LargeMember_AndTheOneBehindIt_AreFound()
    {
        ProgramTools.Require("unzip", "python3", "curl", "dd");
        const long size = (4L << 30) + 1;
        await using var site = await HttpSite.StartAsync(new SyntheticTree(2, i => i == 0 ? size : 5));
        using var folder = new Node.TemporaryDirectory();

        var output = await ExternalProgram.RunAsync(
            Limit, "sh", "-c",
            """
            curl -sS --fail "$1" | dd of="$2" bs=1M iflag=fullblock conv=sparse status=none
            unzip -l "$2" | grep -c 4294967297
            python3 -c 'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); print([i.file_size for i in z.infolist()], z.read("files/file 000001"))' "$2"
            """,
            "sh", site.Url("/fs/?archive=zip").ToString(), Path.Combine(folder.Path, "archive"));

        Assert.AreEqual("1\n[4294967297, 5] b'\\x00\\x00\\x00\\x00\\x00'\n", output.OutputIfDone());
    }

    // APPNOTE 4.3.5 to 4.3.9. A streaming reader has no directory: it finds the end of a member only by its data, as Java's
    // ZipInputStream, which accepts a descriptor only after deflated data.
    [TestMethod]
    [DataRow("unzip -q archive.zip -d out", "unzip")]
    [DataRow("7zz x -bd -oout archive.zip >&2", "7zz")]
    [DataRow("cd out && cat ../archive.zip | bsdtar -xf -", "bsdtar")]
    [DataRow("cd out && cat ../archive.zip | jar x", "jar")]
    [DataRow("cd out && python3 -c 'import zipfile; zipfile.ZipFile(\"../archive.zip\").extractall()'", "python3")]
    [DataRow("cd out && cat ../archive.zip | python3 ../stream.py", "python3")]
    public async Task EveryReader_AlsoOfAStream_UnpacksAll(string unpack, string program)
    {
        // The build machine may have no JDK; the script is as strict.
        if (program == "jar" && !ProgramTools.IsOnPath(program)) Assert.Inconclusive("this test needs a JDK");
        ProgramTools.Require(program);
        var large = new byte[200_001];
        new Random(3).NextBytes(large);
        var tree = new MemoryFileTree().File("/d/empty", "").File("/d/large", large).File("/d/full", large[..65_535])
            .File("/d/two", large[..131_070])
            .File("/d/sub/Übung %5C.txt", "text").Directory("/d/none");
        await using var site = await HttpSite.StartAsync(tree);
        using var folder = new Node.TemporaryDirectory();
        await File.WriteAllBytesAsync(Path.Combine(folder.Path, "archive.zip"),
            await site.Client.GetByteArrayAsync(site.Url("/fs/d/?archive=zip")));
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "stream.py"), StreamReaderScript);
        var output = Directory.CreateDirectory(Path.Combine(folder.Path, "out")).FullName;

        (await ExternalProgram.RunAsync(Limit, "sh", "-c", $"cd \"$1\" && export LC_ALL=C.UTF-8 && {unpack}", "sh", folder.Path))
            .OutputIfDone();

        var top = Path.Combine(output, "d");
        string[] found = [.. Directory.EnumerateFileSystemEntries(top, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(top, path))];
        CollectionAssert.AreEquivalent(new[] { "empty", "large", "full", "two", "sub", "sub/Übung %255C.txt", "none" }, found);
        Assert.AreEqual(0, new FileInfo(Path.Combine(top, "empty")).Length);
        CollectionAssert.AreEqual(large, await File.ReadAllBytesAsync(Path.Combine(top, "large")));
        CollectionAssert.AreEqual(large[..65_535], await File.ReadAllBytesAsync(Path.Combine(top, "full")));
        CollectionAssert.AreEqual(large[..131_070], await File.ReadAllBytesAsync(Path.Combine(top, "two")));
        Assert.AreEqual("text", await File.ReadAllTextAsync(Path.Combine(top, "sub/Übung %255C.txt")));
    }

    private sealed class SyntheticTree(int files, Func<int, long> size) : SynchronousSnapshot, ITestTree
    {
        public ITreeSnapshot Snapshot => this;

        public IReadOnlyList<NodeSummary> Nodes => [];

        public override TreeTotals TotalsOf(VirtualPath path) => new(files, 0, 0, 0);

        public override bool TryFind(VirtualPath path, out Entry entry)
        {
            entry = new Entry(default, true, 0, MemoryFileTree.DefaultTime, 0, MemoryFileTree.Node);
            return path.IsRoot;
        }

        public override IEnumerable<Entry> List(VirtualPath directory) => Enumerable.Range(0, files).Select(i => new Entry(
            Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"file {i:D6}")), false, size(i),
                MemoryFileTree.DefaultTime, 0b110_100_100, MemoryFileTree.Node));

        public override IEnumerable<WalkEntry> Walk(VirtualPath directory) => List(directory).Select(entry => new WalkEntry(directory, entry));

        public ValueTask<OpenResult> OpenAsync(VirtualPath path, Entry file, RangeSpec part, CancellationToken cancellationToken) =>
            new(OpenResult.Opened(new ZeroContent(file.Size), file, ByteRange.Whole(file)));
    }

    private sealed class ZeroContent(long length) : FileContent
    {
        private long _left = length;

        public override long Length { get; } = length;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            var count = (int)Math.Min(buffer.Length, _left);
            buffer.Span[..count].Clear();
            _left -= count;
            return new(count);
        }

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
