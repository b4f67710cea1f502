using System.Formats.Tar;
using System.IO.Compression;
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
    public async Task Tar_has_every_entry_with_its_time_and_mode(string kind, string type)
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
        CheckContents(seen, backslash: '\\');
    }

    [TestMethod]
    public async Task Zip_has_every_entry_with_its_time_and_mode()
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
            var crc = new Crc32();
            crc.Append(content.ToArray());
            Assert.AreEqual(entry.Crc32, crc.Value);
            Assert.AreEqual(entry.FullName.EndsWith('/') ? 0x41ED : 0x81A4, entry.ExternalAttributes >>> 16);
        }

        Assert.AreEqual("application/zip", response.Content.Headers.ContentType!.ToString());
        CheckContents(seen, backslash: '_');
    }

    // The check value of CRC-32/ISO-HDLC: the sum of "123456789".
    [TestMethod]
    public void Sum_is_that_of_zip()
    {
        var whole = new Crc32();
        whole.Append("123456789"u8);
        var parts = new Crc32();
        parts.Append("1"u8);
        parts.Append("23456789"u8);

        Assert.AreEqual(0xCBF43926u, whole.Value);
        Assert.AreEqual(0xCBF43926u, parts.Value);
    }

    [TestMethod]
    [DataRow("zip")]
    [DataRow("tar")]
    public async Task Whole_tree_lies_under_one_name(string kind)
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree().File("/a", "x"));

        using var response = await site.GetAsync("/fs/?archive=" + kind);

        StringAssert.Contains(Encoding.Latin1.GetString(await response.Content.ReadAsByteArrayAsync()), "files/a");
    }

    // What ends as if it were whole would be taken for it.
    [TestMethod]
    [DataRow("tar")]
    [DataRow("tar.gz")]
    [DataRow("zip")]
    public async Task File_that_fails_in_the_middle_breaks_the_archive_off(string kind)
    {
        var tree = Tree();
        tree.Content = (path, bytes, range) => path.Name == "large" ? new BrokenContent(range, 1000) : new MemoryContent(bytes, range);
        await using var site = await HttpSite.StartAsync(tree);

        await Assert.ThrowsExceptionAsync<HttpRequestException>(() => site.Client.GetByteArrayAsync(site.Url("/fs/dir/?archive=" + kind)));

        StringAssert.Contains(site.Warnings.Single(), "the answer for /dir was broken off: the holder went away");
    }

    [TestMethod]
    [DataRow(FileErrorKind.Unreachable)]
    [DataRow(FileErrorKind.AccessDenied)]
    [DataRow(FileErrorKind.NotFound)]
    public async Task File_that_cannot_be_opened_breaks_the_archive_off(FileErrorKind kind)
    {
        var tree = Tree();
        tree.OpenError = new FileError(kind, "server2 does not answer");
        await using var site = await HttpSite.StartAsync(tree);

        await Assert.ThrowsExceptionAsync<HttpRequestException>(() => site.Client.GetByteArrayAsync(site.Url("/fs/dir/?archive=zip")));

        StringAssert.Contains(site.Warnings.Single(), "server2 does not answer");
    }

    [TestMethod]
    [DataRow("tar")]
    [DataRow("zip")]
    public async Task File_that_changed_comes_as_it_is_now_and_a_deleted_one_does_not_come(string kind)
    {
        var tree = new MemoryFileTree().File("/d/a", "before").File("/d/b", "gone").File("/d/c", "last");
        var stale = tree.Snapshot;
        tree.File("/d/a", "now it is longer", UnixTime.FromSeconds(1_500_000_000)).Remove("/d/b");
        await using var site = await HttpSite.StartAsync(new FirstStaleTree(stale, tree));

        using var body = new MemoryStream(await site.Client.GetByteArrayAsync(site.Url("/fs/d/?archive=" + kind)));
        var seen = new List<string>();
        if (kind == "zip")
        {
            using var zip = new ZipArchive(body);
            foreach (var entry in zip.Entries)
            {
                using var text = new StreamReader(entry.Open());
                seen.Add($"{entry.FullName}={await text.ReadToEndAsync()}");
            }
        }
        else
        {
            await using var reader = new TarReader(body);
            while (await reader.GetNextEntryAsync() is { } entry)
            {
                using var text = new StreamReader(entry.DataStream!);
                seen.Add($"{entry.Name}={await text.ReadToEndAsync()}");
            }
        }

        CollectionAssert.AreEqual(new[] { "d/a=now it is longer", "d/c=last" }, seen);
    }

    [TestMethod]
    [DataRow("rar")]
    [DataRow("")]
    public async Task Unknown_kind_gives_400_and_a_sentence(string kind)
    {
        await using var site = await HttpSite.StartAsync(Tree());

        using var response = await site.GetAsync("/fs/dir/?archive=" + kind);

        Assert.AreEqual(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.AreEqual("archive is tar, tar.gz or zip.\n", await response.Content.ReadAsStringAsync());
    }

    // Fields of 32 bits do not reach: APPNOTE 4.5.3, the numbers are in the 64-bit extra field, and 0xFFFFFFFF where they would be.
    [TestMethod]
    public void Large_members_have_their_numbers_in_64_bits()
    {
        var member = new ZipMember(5L << 30, MemoryFileTree.DefaultTime, 0b110_100_100, false, 6L << 30, 0x12345678);
        var space = new byte[ZipRecord.MaxBytes];

        var length = new ZipRecord(space, member).CentralHeader("n");
        var record = Convert.ToHexString(space, 0, length);

        StringAssert.EndsWith(record, "0100" + "1800" + "0000004001000000" + "0000004001000000" + "0000008001000000");
        StringAssert.Contains(record, "78563412" + "FFFFFFFF" + "FFFFFFFF" + "0100");
        Assert.AreEqual(24, new ZipRecord(space, member).Descriptor());
        Assert.AreEqual(16, new ZipRecord(space, member with { Size = 1 }).Descriptor());
        Assert.AreEqual(22, ZipRecord.End(space, 65_534, 1, 1, 2));
        Assert.AreEqual(22 + 56 + 20, ZipRecord.End(space, 65_535, 1, 1, 2));
    }

    private static MemoryFileTree Tree() => new MemoryFileTree()
        .File("/dir/small.txt", "small").File("/dir/sub/large", Large).File("/dir/sub/" + LongName, "long").File("/dir/..\\up", "up")
        .File("/dir/none", "").Directory("/dir/empty").File("/other", "not in it");

    private static void CheckContents(Dictionary<string, byte[]?> seen, char backslash)
    {
        CollectionAssert.AreEquivalent(
            new[] { "dir/sub/", "dir/empty/", "dir/small.txt", $"dir/..{backslash}up", "dir/none", "dir/sub/large", "dir/sub/" + LongName },
            seen.Keys);
        CollectionAssert.AreEqual(Large, seen["dir/sub/large"]);
        Assert.AreEqual("small", Encoding.UTF8.GetString(seen["dir/small.txt"]!));
        Assert.AreEqual(0, seen["dir/none"]!.Length);
        Assert.IsNull(seen["dir/empty/"]);
    }

    /// <summary>Its first snapshot is behind, the next ones are not.</summary>
    private sealed class FirstStaleTree(ITreeSnapshot stale, IFileTree now) : IFileTree
    {
        private int _taken;

        public ITreeSnapshot Snapshot => Interlocked.Increment(ref _taken) == 1 ? stale : now.Snapshot;

        public IReadOnlyList<NodeSummary> Nodes => now.Nodes;

        public ValueTask<OpenResult> OpenAsync(VirtualPath path, Entry file, ByteRange range, CancellationToken cancellationToken) =>
            now.OpenAsync(path, file, range, cancellationToken);
    }
}
