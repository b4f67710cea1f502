using System.Globalization;
using System.Text;
using Dftp.FileSystem;
using Dftp.Tests.Scenarios.Support;
using Dftp.Tests.Support;

namespace Dftp.Tests.Http;

/// <summary>Archives beyond the numbers of old formats, as the programs of others read them.</summary>
[TestClass]
public sealed class LargeArchiveTests
{
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

        var names = (await ExternalProgram.RunAsync(Limit, "sh", "-c", list, "sh", file)).OutputIfDone().Split('\n', StringSplitOptions.RemoveEmptyEntries);

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

    private sealed class SyntheticTree(int files, Func<int, long> size) : IFileTree, ITreeSnapshot
    {
        public ITreeSnapshot Snapshot => this;

        public IReadOnlyList<NodeSummary> Nodes => [];

        public TreeTotals Totals => new(files, 0, 0, 0);

        public bool TryFind(VirtualPath path, out Entry entry)
        {
            entry = new Entry(default, true, 0, MemoryFileTree.DefaultTime, 0, MemoryFileTree.Node);
            return path.IsRoot;
        }

        public IEnumerable<Entry> List(VirtualPath directory) => Enumerable.Range(0, files).Select(i => new Entry(
            Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"file {i:D6}")), false, size(i), MemoryFileTree.DefaultTime, 0b110_100_100, MemoryFileTree.Node));

        public IEnumerable<WalkEntry> Walk(VirtualPath directory) => List(directory).Select(entry => new WalkEntry(directory, entry));

        public ValueTask<OpenResult> OpenAsync(VirtualPath path, Entry file, ByteRange range, CancellationToken cancellationToken) =>
            new(OpenResult.Opened(new ZeroContent(range.Length)));
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
