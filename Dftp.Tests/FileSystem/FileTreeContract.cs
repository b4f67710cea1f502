using System.Text;
using Dftp.FileSystem;
using Dftp.Http.Search;
using Dftp.Tests.Support;

namespace Dftp.Tests.FileSystem;

/// <summary>What every <see cref="IFileTree"/> does for its readers. Each implementation runs these tests.</summary>
public abstract class FileTreeContract
{
    /// <summary>What the tree under test holds, and nothing else. The tests change nothing.</summary>
    private protected static readonly (string Path, string Content)[] Files =
        [("b.txt", "four"), ("a.txt", ""), ("Z.txt", "capitals come first"), ("dir/inner.txt", "inside"), ("dir/deep/leaf.json", "{}"),
            ("ä.txt", "umlaut")];

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Token => TestContext.CancellationToken;

    private protected abstract ITreeView Tree { get; }

    /// <summary>The paths of <see cref="Files"/> that have more holders than one, with their number.</summary>
    private protected virtual IReadOnlyDictionary<string, int> Copies => new Dictionary<string, int>();

    [TestMethod]
    public async Task Find_FindsFilesDirectoriesAndTheRoot()
    {
        var tree = Tree.Snapshot;

        Assert.IsTrue((await tree.FindAsync(VirtualPath.Root))?.IsDirectory);
        var directory = await tree.FindAsync(Path("/dir/deep"));
        Assert.AreEqual((true, "deep", 2L), (directory?.IsDirectory, directory?.Name, directory?.Size));
        var file = await tree.FindAsync(Path("/b.txt"));
        Assert.AreEqual((false, "b.txt", 4L), (file?.IsDirectory, file?.Name, file?.Size));
        Assert.IsNull(await tree.FindAsync(Path("/none")));
        Assert.IsNull(await tree.FindAsync(Path("/b.txt/below")));
    }

    [TestMethod]
    public async Task List_HasDirectoriesFirst_EachSortedByTheBytesOfNames()
    {
        var tree = Tree.Snapshot;

        Assert.AreEqual("dir Z.txt a.txt b.txt ä.txt", await NamesAsync(tree, "/"));
        Assert.AreEqual("deep inner.txt", await NamesAsync(tree, "/dir"));
        Assert.AreEqual("", await NamesAsync(tree, "/b.txt"));
        Assert.AreEqual("", await NamesAsync(tree, "/none"));
    }

    [TestMethod]
    public async Task Walk_GivesADirectoryBeforeItsContents_AndFilesBeforeWhatIsDeeper()
    {
        var tree = Tree.Snapshot;

        Assert.AreEqual(
            "/dir /Z.txt /a.txt /b.txt /ä.txt /dir/deep /dir/inner.txt /dir/deep/leaf.json",
            await PathsAsync(tree.WalkAsync(VirtualPath.Root)));
        Assert.AreEqual("/dir/deep/leaf.json", await PathsAsync(tree.WalkAsync(Path("/dir/deep"))));
        Assert.AreEqual("", await PathsAsync(tree.WalkAsync(Path("/b.txt"))));
    }

    [TestMethod]
    [DataRow("*.txt", "", null, "/Z.txt /a.txt /b.txt /ä.txt /dir/inner.txt")]
    [DataRow("LEAF", "", null, "/dir/deep/leaf.json")]
    [DataRow("*", "/dir", null, "/dir/deep /dir/inner.txt /dir/deep/leaf.json")]
    [DataRow("*.txt", "", 2, "/Z.txt /a.txt")]
    [DataRow("none", "", null, "")]
    public async Task Search_GivesTheMatchesInTheOrderOfWalk_UpToItsLimit(string pattern, string under, int? limit, string expected)
    {
        var tree = Tree.Snapshot;
        Assert.IsTrue(GlobPattern.TryParse(pattern, out var name));

        var found = tree.SearchAsync(
            new SearchQuery { Name = name, Under = under.Length == 0 ? VirtualPath.Root : Path(under), Limit = limit }, Token);

        Assert.AreEqual(expected, await PathsAsync(found));
    }

    [TestMethod]
    [DataRow("/", 6, 2, 37)]
    [DataRow("/dir", 2, 2, 8)]
    [DataRow("/b.txt", 1, 0, 4)]
    [DataRow("/none", 0, 0, 0)]
    public async Task Totals_CountWhatIsVisible(string path, int files, int directories, int bytes)
    {
        var totals = await Tree.Snapshot.TotalsAsync(Path(path), Token);

        Assert.AreEqual(new TreeTotals(files, directories, bytes, 0), totals);
    }

    [TestMethod]
    public async Task HoldersAndCopies_HaveAnEntryForEachHolder()
    {
        var tree = Tree.Snapshot;
        var copies = await tree.CopiesAsync(VirtualPath.Root, Token).AllAsync();

        foreach (var (path, content) in Files.Select(file => ("/" + file.Path, file.Content)))
        {
            var holders = await tree.HoldersAsync(Path(path), Token);
            Assert.AreEqual((await tree.FindAsync(Path(path), Token))!.Value.Owner, holders[0].Owner, path);
            Assert.AreEqual(Copies.GetValueOrDefault(path, 1), holders.Select(holder => holder.Owner).Distinct().Count(), path);
            Assert.IsTrue(holders.All(holder => holder.Size == Encoding.UTF8.GetByteCount(content)), path);
            var ofPath = copies.Where(copy => copy.Path.Value == path).Select(copy => copy.Entry.Owner).ToList();
            CollectionAssert.AreEquivalent(holders.Select(holder => holder.Owner).ToList(), ofPath, path);
        }

        Assert.IsFalse(copies.Exists(copy => copy.Entry.IsDirectory));
        var below = await tree.CopiesAsync(Path("/dir"), Token).AllAsync();
        Assert.AreEqual("/dir/inner.txt /dir/deep/leaf.json", string.Join(' ', below.Select(copy => copy.Path.Value).Distinct()));
        Assert.AreEqual(0, (await tree.HoldersAsync(Path("/none"), Token)).Count);
    }

    [TestMethod]
    public async Task Identity_IsOfADirectory_AndStaysWithoutAChange()
    {
        var tree = Tree;

        Assert.IsNotNull(tree.Snapshot.Identity(Path("/dir")));
        Assert.AreSame(tree.Snapshot.Identity(Path("/dir")), tree.Snapshot.Identity(Path("/dir")));
        Assert.IsNull(tree.Snapshot.Identity(Path("/b.txt")));
        Assert.IsNull(tree.Snapshot.Identity(Path("/none")));
    }

    [TestMethod]
    public async Task Open_GivesTheWholeFileOrAPart_WithTheFactsOfTheOpenedFile()
    {
        var tree = Tree;

        Assert.AreEqual("four 0+4 of 4", await ReadAsync(tree, "/b.txt", RangeSpec.Whole));
        Assert.AreEqual("ur 2+2 of 4", await ReadAsync(tree, "/b.txt", RangeSpec.From(2)));
        Assert.AreEqual("our 1+3 of 4", await ReadAsync(tree, "/b.txt", RangeSpec.Last(3)));
        Assert.AreEqual("four 0+4 of 4", await ReadAsync(tree, "/b.txt", RangeSpec.Last(99)));
        Assert.AreEqual("ou 1+2 of 4", await ReadAsync(tree, "/b.txt", RangeSpec.Of(new ByteRange(1, 2))));
        Assert.AreEqual("ur 2+2 of 4", await ReadAsync(tree, "/b.txt", RangeSpec.Of(new ByteRange(2, 99))));
        Assert.AreEqual(" 0+0 of 0", await ReadAsync(tree, "/a.txt", RangeSpec.Whole));
        Assert.AreEqual("inside 0+6 of 6", await ReadAsync(tree, "/dir/inner.txt", RangeSpec.Whole));
    }

    // RFC 9110, section 15.5.17: a server that answers 416 says the current length.
    [TestMethod]
    public async Task Open_OfAPartBehindTheEnd_OpensNothingAndGivesTheFacts()
    {
        var tree = Tree;

        var opened = await tree.OpenAsync(Path("/b.txt"), await FindAsync(tree, "/b.txt"), RangeSpec.Of(new ByteRange(9, 1)), Token);

        Assert.IsTrue(opened.IsOutside(out var now));
        Assert.AreEqual(4, now.Size);
    }

    [TestMethod]
    public async Task OpenAndLook_OfWhatIsNotThere_FailAsNotFound()
    {
        var tree = Tree;
        var file = await FindAsync(tree, "/b.txt");

        Assert.AreEqual(FileErrorKind.NotFound, (await tree.OpenAsync(Path("/none"), file, RangeSpec.Whole, Token)).Error?.Kind);
        Assert.AreEqual(FileErrorKind.NotFound, (await tree.LookAsync(Path("/none"), file, Token)).Error?.Kind);
    }

    [TestMethod]
    public async Task Look_GivesTheFactsThatOpenGives()
    {
        var tree = Tree;
        var file = await FindAsync(tree, "/b.txt");

        var looked = await tree.LookAsync(Path("/b.txt"), file, Token);
        var opened = await tree.OpenAsync(Path("/b.txt"), file, RangeSpec.Whole, Token);
        await using var content = opened.Content!;

        Assert.IsNull(looked.Error, looked.Error?.Message);
        Assert.IsTrue(looked.Facts.IsSameVersion(opened.Facts));
        Assert.IsTrue(looked.Facts.IsSameVersion(file));
    }

    // A file that was written within the resolution of its times is hashed again: it could change once more without a trace.
    [TestMethod]
    public async Task Digest_IsThatOfTheContent_AndIsKnownFromThenOn()
    {
        var tree = Tree;
        var file = await FindAsync(tree, "/b.txt");

        await Eventually.TrueAsync(
            async () =>
            {
                var digest = await tree.DigestAsync(Path("/b.txt"), file, null, null, Token);
                Assert.AreEqual(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("four"u8)),
                    digest.Digest?.ToString());
                return tree.KnownDigest(Path("/b.txt"), file, null) == digest.Digest;
            },
            "the digest is known");
    }

    [TestMethod]
    public async Task Open_WithACancelledToken_IsCancelled()
    {
        var tree = Tree;

        await Assert.ThrowsAsync<OperationCanceledException>(async () =>
            await tree.OpenAsync(Path("/b.txt"), await FindAsync(tree, "/b.txt"), RangeSpec.Whole, new CancellationToken(canceled: true)));
    }

    private static VirtualPath Path(string text) => VirtualPath.Parse(text);

    private static async Task<Entry> FindAsync(ITreeView tree, string path) =>
        await tree.Snapshot.FindAsync(Path(path)) ?? throw new AssertFailedException(path);

    private static async Task<string> NamesAsync(ITreeSnapshot tree, string path) =>
        string.Join(' ', (await tree.ListAsync(Path(path)).AllAsync()).Select(entry => entry.Name));

    private static async Task<string> PathsAsync(IAsyncEnumerable<ReadOnlyMemory<WalkEntry>> steps) =>
        string.Join(' ', (await steps.AllAsync()).Select(step => step.Path.Value));

    /// <returns>The text, its range, and the size of the file.</returns>
    private async Task<string> ReadAsync(ITreeView tree, string path, RangeSpec part)
    {
        var opened = await tree.OpenAsync(Path(path), await FindAsync(tree, path), part, Token);
        Assert.IsNull(opened.Error, opened.Error?.Message);
        await using var content = opened.Content!;
        var bytes = new byte[content.Length];
        var at = 0;
        while (at < bytes.Length && await content.ReadAsync(bytes.AsMemory(at), Token) is var read and > 0) at += read;
        Assert.AreEqual(bytes.Length, at);
        return $"{Encoding.UTF8.GetString(bytes)} {opened.Range.Offset}+{opened.Range.Length} of {opened.Facts.Size}";
    }
}
