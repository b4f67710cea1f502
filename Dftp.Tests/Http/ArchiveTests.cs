using System.Formats.Tar;
using System.IO.Compression;
using System.IO.Hashing;
using System.Net;
using System.Text;
using Dftp.FileSystem;
using Dftp.Http.Archives;
using Dftp.Tests.Support;

namespace Dftp.Tests.Http;

[TestClass]
public sealed class ArchiveTests
{
    private static readonly byte[] Large = new byte[700_001];

    private static readonly string LongName = new('é', 120);

    static ArchiveTests() => new Random(2).NextBytes(Large);

    [TestMethod]
    [DataRow("tar", "application/x-tar")]
    [DataRow("tar.gz", "application/gzip")]
    public async Task Tar_HasEveryEntryWithItsTimeAndMode(string kind, string type)
    {
        await using var site = await HttpSite.StartAsync(Tree());

        using var response = await site.GetAsync("/fs/dir/?archive=" + kind);
        await using var body = await response.Content.ReadAsStreamAsync();
        await using var stream = kind == "tar" ? body : new GZipStream(body, CompressionMode.Decompress);
        await using var reader = new TarReader(stream);
        var seen = new Dictionary<string, byte[]?>();
        while (await reader.GetNextEntryAsync(copyData: true) is { } entry)
        {
            var content = new MemoryStream();
            if (entry.DataStream is { } data) await data.CopyToAsync(content);
            seen.Add(entry.Name, entry.EntryType == TarEntryType.Directory ? null : content.ToArray());
            Assert.AreEqual(MemoryFileTree.DefaultTime.ToDateTimeOffset(), entry.ModificationTime);
            Assert.AreEqual(
                entry.EntryType == TarEntryType.Directory ? 0b111_101_101 : 0b110_100_100, (int)entry.Mode);
        }

        Assert.AreEqual(type, response.Content.Headers.ContentType!.ToString());
        Assert.AreEqual(
            $"attachment; filename=dir.{kind}; filename*=UTF-8''dir.{kind}",
            response.Content.Headers.GetValues("Content-Disposition").Single());
        CheckContents(seen, backslash: "\\");
    }

    [TestMethod]
    public async Task Zip_HasEveryEntryWithItsTimeAndMode()
    {
        await using var site = await HttpSite.StartAsync(Tree());

        using var response = await site.GetAsync("/fs/dir/?archive=zip");
        using var zip = new ZipArchive(await response.Content.ReadAsStreamAsync(), ZipArchiveMode.Read);
        var seen = new Dictionary<string, byte[]?>();
        foreach (var entry in zip.Entries)
        {
            using var content = new MemoryStream();
            await using (var data = entry.Open()) await data.CopyToAsync(content);
            seen.Add(entry.FullName, entry.FullName.EndsWith('/') ? null : content.ToArray());
            Assert.AreEqual(new DateTime(2016, 10, 23, 12, 7, 6), entry.LastWriteTime.DateTime);
            Assert.AreEqual(entry.Crc32, Crc32.HashToUInt32(content.ToArray()));
            Assert.AreEqual(entry.FullName.EndsWith('/') ? 0x41ED : 0x81A4, entry.ExternalAttributes >>> 16);
        }

        Assert.AreEqual("application/zip", response.Content.Headers.ContentType!.ToString());
        CheckContents(seen, backslash: "%5C");
    }

    [TestMethod]
    [DataRow("zip")]
    [DataRow("tar")]
    public async Task WholeTree_LiesUnderOneName(string kind)
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree().File("/a", "x"));

        using var response = await site.GetAsync("/fs/?archive=" + kind);

        StringAssert.Contains(Encoding.Latin1.GetString(await response.Content.ReadAsByteArrayAsync()), "files/a");
    }

    // An archive with a regular end would be taken for a complete one.
    [TestMethod]
    [DataRow("tar")]
    [DataRow("tar.gz")]
    [DataRow("zip")]
    public async Task FileThatFailsInTheMiddle_AbortsTheArchive(string kind)
    {
        var tree = Tree();
        tree.Content = (path, bytes, range) => path.Name == "large" ? new BrokenContent(range, 1000) : new MemoryContent(bytes, range);
        await using var site = await HttpSite.StartAsync(tree);

        await Assert.ThrowsExactlyAsync<HttpRequestException>(() => site.Client.GetByteArrayAsync(site.Url("/fs/dir/?archive=" + kind)));

        StringAssert.Contains(site.Warnings.Single(), "/dir: answer aborted: the holder went away");
    }

    [TestMethod]
    [DataRow(FileErrorKind.Unreachable)]
    [DataRow(FileErrorKind.AccessDenied)]
    [DataRow(FileErrorKind.NotFound)]
    public async Task FileThatCannotBeOpened_AbortsTheArchive(FileErrorKind kind)
    {
        var tree = Tree();
        tree.OpenError = new FileError(kind, "server2 does not answer");
        await using var site = await HttpSite.StartAsync(tree);

        await Assert.ThrowsExactlyAsync<HttpRequestException>(() => site.Client.GetByteArrayAsync(site.Url("/fs/dir/?archive=zip")));

        StringAssert.Contains(site.Warnings.Single(), "server2 does not answer");
    }

    [TestMethod]
    [DataRow("tar")]
    [DataRow("zip")]
    public async Task FileThatChanged_ComesAsItIsNow_AndADeletedOneIsLeftOut(string kind)
    {
        var tree = new MemoryFileTree().File("/d/a", "before").File("/d/b", "gone").File("/d/c", "last");
        var stale = tree.Snapshot;
        tree.File("/d/a", "now it is longer", UnixTime.FromSeconds(1_500_000_000)).Remove("/d/b");
        await using var site = await HttpSite.StartAsync(new FirstStaleTree(stale, tree));

        var seen = ReadTexts(kind, await site.Client.GetByteArrayAsync(site.Url("/fs/d/?archive=" + kind)));

        CollectionAssert.AreEqual(new[] { "d/a=now it is longer", "d/c=last" }, seen);
    }

    [TestMethod]
    [DataRow("rar")]
    [DataRow("")]
    public async Task UnknownKind_Gives400AndASentence(string kind)
    {
        await using var site = await HttpSite.StartAsync(Tree());

        using var response = await site.GetAsync("/fs/dir/?archive=" + kind);

        Assert.AreEqual(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.AreEqual("archive is tar, tar.gz or zip.\n", await response.Content.ReadAsStringAsync());
    }

    // APPNOTE 4.5.3: sizes beyond 32 bits are in the 64-bit extra field, and the 32-bit field is 0xFFFFFFFF.
    [TestMethod]
    public void LargeMembers_HaveTheirNumbersIn64Bits()
    {
        var member = new ZipMember(5L << 30, MemoryFileTree.DefaultTime, 0b110_100_100, false, 6L << 30, 0x12345678);
        var space = new byte[ZipRecord.MaxBytes];

        var length = new ZipRecord(space, member).CentralHeader("n");
        var record = Convert.ToHexString(space, 0, length);

        StringAssert.EndsWith(record, "0100" + "1800" + "0000004001000000" + "0F40064001000000" + "0000008001000000");
        StringAssert.Contains(record, "78563412" + "FFFFFFFF" + "FFFFFFFF" + "0100");
        Assert.AreEqual(24, new ZipRecord(space, member).Descriptor());
        Assert.AreEqual(16, new ZipRecord(space, member with { Size = 1 }).Descriptor());
        Assert.AreEqual(22, ZipRecord.End(space, 65_534, 1, 1, 2));
        Assert.AreEqual(22 + 56 + 20, ZipRecord.End(space, 65_535, 1, 1, 2));
    }

    // RFC 1951, 3.2.4: five bytes before each block of at most 65,535. APPNOTE 4.4.8: 0xFFFFFFFF stands for a size in the 64-bit field.
    [TestMethod]
    [DataRow(0, 5)]
    [DataRow(1, 11)]
    [DataRow(65_535, 65_545)]
    [DataRow(65_536, 65_551)]
    [DataRow(4_294_639_624, uint.MaxValue - 1L)]
    [DataRow(4_294_639_625, uint.MaxValue + 5L)]
    [DataRow(4_294_639_626, uint.MaxValue + 1L)]
    public void PackedSize_IsNeverTheSignForAnotherField(long size, long packed) => Assert.AreEqual(packed, StoredBlocks.PackedSize(size));

    [TestMethod]
    [DataRow("plain", "plain")]
    [DataRow("50%", "50%")]
    [DataRow("a_b", "a_b")]
    [DataRow(@"a\b", "a%5Cb")]
    [DataRow("a%5Cb", "a%255Cb")]
    [DataRow("a%255Cb", "a%25255Cb")]
    [DataRow("a%5cb", "a%5cb")]
    [DataRow(@"..\50%/50%/5C", "..%5C50%25/50%/5C")]
    public void Backslash_IsEscapedSoThatNamesStayDistinct(string name, string inZip) => Assert.AreEqual(inZip, ZipName.Of(name));

    [TestMethod]
    public async Task NamesThatDifferInABackslash_AreDistinctInAZip()
    {
        string[] names = [@"a\b", "a_b", "a%5Cb", @"a\b_c", @"a_b\c", @"a\b\c", @"a%5C\b", @"a\%5Cb"];
        var tree = new MemoryFileTree();
        foreach (var name in names) tree.File("/d/" + name, name);
        await using var site = await HttpSite.StartAsync(tree);

        using var zip = new ZipArchive(new MemoryStream(await site.Client.GetByteArrayAsync(site.Url("/fs/d/?archive=zip"))));

        Assert.AreEqual(names.Length, zip.Entries.Select(entry => entry.FullName).Distinct().Count());
        Assert.IsFalse(zip.Entries.Any(entry => entry.FullName.Contains('\\', StringComparison.Ordinal)));
        CollectionAssert.AreEquivalent(names, zip.Entries.Select(entry => new StreamReader(entry.Open()).ReadToEnd()).ToArray());
    }

    // RFC 9110, 15.5.4: "An origin server that wishes to [...] describe why the request has been forbidden can describe that reason".
    [TestMethod]
    [DataRow("tar")]
    [DataRow("tar.gz")]
    [DataRow("zip")]
    public async Task LocalFileThatCannotBeRead_IsReportedBeforeTheFirstByte(string kind)
    {
        var tree = Tree().File("/dir/sub/large", Large, permissions: 0b110_100_000);
        tree.OpenErrors[VirtualPath.Parse("/dir/sub/large")] = new FileError(FileErrorKind.AccessDenied,
            "memory may not read /dir/sub/large");
        await using var site = await StartAsHolderAsync(tree);

        using var head = await site.SendAsync(HttpMethod.Head, "/fs/dir/?archive=" + kind);
        using var response = await site.GetAsync("/fs/dir/?archive=" + kind);

        Assert.AreEqual(HttpStatusCode.Forbidden, head.StatusCode);
        Assert.AreEqual(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.AreEqual(
            "memory may not read /dir/sub/large; errors=list gives an archive of the rest.\n", await response.Content.ReadAsStringAsync());
    }

    [TestMethod]
    [DataRow("tar")]
    [DataRow("zip")]
    public async Task FilesThatCannotBeRead_AreLeftOutAndListed_IfTheClientAsks(string kind)
    {
        var tree = new MemoryFileTree().File("/d/a", "first").File("/d/b", "secret").File("/d/e/c", "last").File("/d/e/f", "elsewhere")
            .File("/d/left-out.txt", "a file of this name");
        tree.OpenErrors[VirtualPath.Parse("/d/b")] = new FileError(FileErrorKind.AccessDenied, "memory may not read /d/b");
        tree.OpenErrors[VirtualPath.Parse("/d/e/f")] = new FileError(FileErrorKind.Unreachable,
            "server2, which holds /d/e/f, does not answer");
        await using var site = await StartAsHolderAsync(tree);

        var seen = ReadTexts(kind, await site.Client.GetByteArrayAsync(site.Url($"/fs/d/?archive={kind}&errors=list")));

        CollectionAssert.AreEquivalent(
            new[] { "d/a=first", "d/e/c=last", "d/left-out.txt=a file of this name" }, seen[..^1]);
        Assert.AreEqual(
            "d/left-out-2.txt=These files are missing from this archive, because they could not be read:\n"
            + "memory may not read /d/b\nserver2, which holds /d/e/f, does not answer\n",
            seen[^1]);
    }

    [TestMethod]
    public async Task ArchiveWithoutErrors_HasNoListOfThem()
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree().File("/d/a", "first"));

        var seen = ReadTexts("zip", await site.Client.GetByteArrayAsync(site.Url("/fs/d/?archive=zip&errors=list")));

        CollectionAssert.AreEqual(new[] { "d/a=first" }, seen);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("skip")]
    [DataRow("list&errors=list")]
    public async Task OtherValuesOfErrors_Give400AndASentence(string wish)
    {
        await using var site = await HttpSite.StartAsync(Tree());

        using var response = await site.GetAsync("/fs/dir/?archive=zip&errors=" + wish);

        Assert.AreEqual(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.AreEqual("errors is list, or is not given.\n", await response.Content.ReadAsStringAsync());
    }

    private static Task<HttpSite> StartAsHolderAsync(MemoryFileTree tree) =>
        HttpSite.StartAsync(tree, options: options => options with { NodeName = MemoryFileTree.Node });

    /// <summary>The files of an archive in order, each as its name and its text.</summary>
    private static List<string> ReadTexts(string kind, byte[] archive)
    {
        using var body = new MemoryStream(archive);
        var seen = new List<string>();
        if (kind == "zip")
        {
            using var zip = new ZipArchive(body);
            foreach (var entry in zip.Entries.Where(entry => !entry.FullName.EndsWith('/')))
            {
                using var text = new StreamReader(entry.Open());
                seen.Add($"{entry.FullName}={text.ReadToEnd()}");
            }
        }
        else
        {
            using var reader = new TarReader(body);
            while (reader.GetNextEntry() is { } entry)
            {
                if (entry.DataStream is null) continue;
                using var text = new StreamReader(entry.DataStream);
                seen.Add($"{entry.Name}={text.ReadToEnd()}");
            }
        }

        return seen;
    }

    private static MemoryFileTree Tree() => new MemoryFileTree()
        .File("/dir/small.txt", "small").File("/dir/sub/large", Large).File("/dir/sub/" + LongName, "long").File("/dir/..\\up", "up")
        .File("/dir/none", "").Directory("/dir/empty").File("/other", "not in it");

    private static void CheckContents(Dictionary<string, byte[]?> seen, string backslash)
    {
        CollectionAssert.AreEquivalent(
            new[] { "dir/sub/", "dir/empty/", "dir/small.txt", $"dir/..{backslash}up", "dir/none", "dir/sub/large", "dir/sub/" + LongName },
            seen.Keys);
        CollectionAssert.AreEqual(Large, seen["dir/sub/large"]);
        Assert.AreEqual("small", Encoding.UTF8.GetString(seen["dir/small.txt"]!));
        Assert.AreEqual(0, seen["dir/none"]!.Length);
        Assert.IsNull(seen["dir/empty/"]);
    }

    /// <summary>Its first snapshot is stale, the next ones are current.</summary>
    private sealed class FirstStaleTree(ITreeSnapshot stale, ITreeView now) : ITestTree
    {
        private int _taken;

        public ITreeSnapshot Snapshot => Interlocked.Increment(ref _taken) == 1 ? stale : now.Snapshot;

        public IReadOnlyList<NodeSummary> Nodes => now.Nodes;

        public ValueTask<OpenResult> OpenAsync(VirtualPath path, Entry file, RangeSpec part, CancellationToken cancellationToken) =>
            now.OpenAsync(path, file, part, cancellationToken);
    }
}
