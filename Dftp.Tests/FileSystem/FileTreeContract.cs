using System.Text;
using Dftp.FileSystem;
using Dftp.Http.Search;
using Dftp.Tests.Support;

namespace Dftp.Tests.FileSystem;

/// <summary>What every <see cref="IFileTree"/> does for its readers. Each implementation runs these tests.</summary>
public abstract class FileTreeContract
{
    private static readonly (string Path, string Content)[] Files =
        [("b.txt", "four"), ("a.txt", ""), ("Z.txt", "capitals come first"), ("dir/inner.txt", "inside"), ("dir/deep/leaf.json", "{}"),
            ("ä.txt", "umlaut")];

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Token => TestContext.CancellationToken;

    /// <summary>A tree that holds these files and nothing else.</summary>
    private protected abstract Task<ITreeView> TreeOfAsync(IReadOnlyList<(string Path, string Content)> files);

    [TestMethod]
    public async Task TryFind_FindsFilesDirectoriesAndTheRoot()
    {
        var tree = (await TreeOfAsync(Files)).Snapshot;

        Assert.IsTrue(tree.TryFind(VirtualPath.Root, out var root) && root.IsDirectory);
        Assert.IsTrue(tree.TryFind(Path("/dir/deep"), out var directory) && directory.IsDirectory);
        Assert.AreEqual("deep", Encoding.UTF8.GetString(directory.NameUtf8.Span));
        Assert.IsTrue(tree.TryFind(Path("/b.txt"), out var file) && !file.IsDirectory);
        Assert.AreEqual((4L, "b.txt"), (file.Size, Encoding.UTF8.GetString(file.NameUtf8.Span)));
        Assert.IsFalse(tree.TryFind(Path("/none"), out _));
        Assert.IsFalse(tree.TryFind(Path("/b.txt/below"), out _));
    }

    [TestMethod]
    public async Task List_HasDirectoriesFirst_EachSortedByTheBytesOfNames()
    {
        var tree = (await TreeOfAsync(Files)).Snapshot;

        Assert.AreEqual("dir Z.txt a.txt b.txt ä.txt", Names(tree.List(VirtualPath.Root)));
        Assert.AreEqual("deep inner.txt", Names(tree.List(Path("/dir"))));
        Assert.AreEqual("", Names(tree.List(Path("/b.txt"))));
        Assert.AreEqual("", Names(tree.List(Path("/none"))));
    }

    [TestMethod]
    public async Task Walk_GivesADirectoryBeforeItsContents_AndFilesBeforeWhatIsDeeper()
    {
        var tree = (await TreeOfAsync(Files)).Snapshot;

        Assert.AreEqual(
            "/dir /Z.txt /a.txt /b.txt /ä.txt /dir/deep /dir/inner.txt /dir/deep/leaf.json",
            string.Join(' ', tree.Walk(VirtualPath.Root).Select(step => step.Path.Value)));
        Assert.AreEqual("/dir/deep/leaf.json", string.Join(' ', tree.Walk(Path("/dir/deep")).Select(step => step.Path.Value)));
        Assert.AreEqual(0, tree.Walk(Path("/b.txt")).Count());
    }

    [TestMethod]
    [DataRow("*.txt", "", null, "/Z.txt /a.txt /b.txt /ä.txt /dir/inner.txt")]
    [DataRow("LEAF", "", null, "/dir/deep/leaf.json")]
    [DataRow("*", "/dir", null, "/dir/deep /dir/inner.txt /dir/deep/leaf.json")]
    [DataRow("*.txt", "", 2, "/Z.txt /a.txt")]
    [DataRow("none", "", null, "")]
    public async Task Search_GivesTheMatchesInTheOrderOfWalk_UpToItsLimit(string pattern, string under, int? limit, string expected)
    {
        var tree = (await TreeOfAsync(Files)).Snapshot;
        Assert.IsTrue(GlobPattern.TryParse(pattern, out var name));

        var found = tree.Search(
            new SearchQuery { Name = name, Under = under.Length == 0 ? VirtualPath.Root : Path(under), Limit = limit }, Token);

        Assert.AreEqual(expected, string.Join(' ', found.Select(hit => hit.Path.Value)));
    }

    [TestMethod]
    public async Task Totals_CountWhatIsVisible()
    {
        var totals = (await TreeOfAsync(Files)).Snapshot.TotalsOf(VirtualPath.Root);

        Assert.AreEqual((6L, 2L, (long)Files.Sum(file => file.Content.Length)), (totals.Files, totals.Directories, totals.Bytes));
    }

    [TestMethod]
    public async Task HoldersAndCopies_HaveAnEntryForEachHolder()
    {
        var tree = (await TreeOfAsync(Files)).Snapshot;

        var holder = tree.HoldersOf(Path("/b.txt")).Single();
        Assert.AreEqual(4, holder.Size);
        Assert.AreEqual(0, tree.HoldersOf(Path("/none")).Count);
        var copies = tree.Copies(Path("/dir")).ToList();
        Assert.AreEqual("/dir/inner.txt /dir/deep/leaf.json", string.Join(' ', copies.Select(copy => copy.Path.Value)));
        Assert.IsTrue(copies.All(copy => copy.Entry.Owner == holder.Owner));
    }

    [TestMethod]
    public async Task Identity_IsOfADirectory_AndStaysWithoutAChange()
    {
        var tree = await TreeOfAsync(Files);

        Assert.IsNotNull(tree.Snapshot.Identity(Path("/dir")));
        Assert.AreSame(tree.Snapshot.Identity(Path("/dir")), tree.Snapshot.Identity(Path("/dir")));
        Assert.IsNull(tree.Snapshot.Identity(Path("/b.txt")));
        Assert.IsNull(tree.Snapshot.Identity(Path("/none")));
    }

    [TestMethod]
    public async Task Open_GivesTheWholeFileOrAPart_WithTheFactsOfTheOpenedFile()
    {
        var tree = await TreeOfAsync(Files);

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
        var tree = await TreeOfAsync(Files);

        var opened = await tree.OpenAsync(Path("/b.txt"), Find(tree, "/b.txt"), RangeSpec.Of(new ByteRange(9, 1)), Token);

        Assert.IsTrue(opened.IsOutside(out var now));
        Assert.AreEqual(4, now.Size);
    }

    [TestMethod]
    public async Task OpenAndLook_OfWhatIsNotThere_FailAsNotFound()
    {
        var tree = await TreeOfAsync(Files);
        var file = Find(tree, "/b.txt");

        Assert.AreEqual(FileErrorKind.NotFound, (await tree.OpenAsync(Path("/none"), file, RangeSpec.Whole, Token)).Error?.Kind);
        Assert.AreEqual(FileErrorKind.NotFound, (await tree.LookAsync(Path("/none"), file, Token)).Error?.Kind);
    }

    [TestMethod]
    public async Task Look_GivesTheFactsThatOpenGives()
    {
        var tree = await TreeOfAsync(Files);
        var file = Find(tree, "/b.txt");

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
        var tree = await TreeOfAsync(Files);
        var file = Find(tree, "/b.txt");

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
        var tree = await TreeOfAsync(Files);

        await Assert.ThrowsAsync<OperationCanceledException>(async () =>
            await tree.OpenAsync(Path("/b.txt"), Find(tree, "/b.txt"), RangeSpec.Whole, new CancellationToken(canceled: true)));
    }

    private static VirtualPath Path(string text) => VirtualPath.Parse(text);

    private static Entry Find(ITreeView tree, string path) => tree.Snapshot.TryFind(Path(path), out var entry) ? entry
        : throw new AssertFailedException(path);

    private static string Names(IEnumerable<Entry> entries) =>
        string.Join(' ', entries.Select(entry => Encoding.UTF8.GetString(entry.NameUtf8.Span)));

    /// <returns>The text, its range, and the size of the file.</returns>
    private async Task<string> ReadAsync(ITreeView tree, string path, RangeSpec part)
    {
        var opened = await tree.OpenAsync(Path(path), Find(tree, path), part, Token);
        Assert.IsNull(opened.Error, opened.Error?.Message);
        await using var content = opened.Content!;
        var bytes = new byte[content.Length];
        var at = 0;
        while (at < bytes.Length && await content.ReadAsync(bytes.AsMemory(at), Token) is var read and > 0) at += read;
        Assert.AreEqual(bytes.Length, at);
        return $"{Encoding.UTF8.GetString(bytes)} {opened.Range.Offset}+{opened.Range.Length} of {opened.Facts.Size}";
    }
}
