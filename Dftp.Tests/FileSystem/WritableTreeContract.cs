using System.Text;
using Dftp.FileSystem;
using Dftp.Tests.Support;

namespace Dftp.Tests.FileSystem;

/// <summary>What every <see cref="IWritableTree"/> does for writers. Each implementation runs these tests.</summary>
public abstract partial class WritableTreeContract
{
    private static readonly (string Path, string Content)[] Files =
        [("b.txt", "four"), ("a.txt", ""), ("dir/inner.txt", "inside"), ("dir/deep/leaf.json", "{}"), ("other/inner.txt", "outside")];

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Token => TestContext.CancellationToken;

    /// <summary>A tree that takes writes and holds these files and nothing else.</summary>
    private protected abstract Task<ITreeView> TreeOfAsync(IReadOnlyList<(string Path, string Content)> files);

    [TestMethod]
    public async Task Write_CreatesAFile_ThatIsInEveryLaterSnapshotAndInNoEarlierOne()
    {
        var tree = await TreeOfAsync(Files);
        var before = tree.Snapshot;

        var result = await WriteAsync(tree, "/dir/new.txt", "content");

        Assert.AreEqual("Created content", await ToldAsync(tree, result, "/dir/new.txt"));
        Assert.AreEqual(("new.txt", 7L, false), (result.Entry!.Value.Name, result.Entry.Value.Size, result.Entry.Value.IsDirectory));
        Assert.AreEqual("deep inner.txt", await NamesAsync(before, "/dir"));
        Assert.AreEqual("deep inner.txt new.txt", await NamesAsync(tree.Snapshot, "/dir"));
    }

    // A reader of the old version goes on with it.
    [TestMethod]
    public async Task Write_ReplacesAFile_AndWhoHasItOpenReadsTheOldContent()
    {
        var tree = await TreeOfAsync(Files);
        var before = tree.Snapshot;
        await using var open = await OpenAsync(tree, "/b.txt");

        var result = await WriteAsync(tree, "/b.txt", "longer than before");

        Assert.AreEqual("Replaced longer than before", await ToldAsync(tree, result, "/b.txt"));
        Assert.AreEqual(4, (await FindAsync(before, "/b.txt"))!.Value.Size);
        Assert.AreEqual("four", await ReadAsync(open));
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(300_000)]
    public async Task Write_OfAnyLength_IsReadBackByteForByte(int length)
    {
        var tree = await TreeOfAsync(Files);
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);

        foreach (var announced in new long?[] { length, null })
        {
            var result = await tree.Writing!.WriteAsync(
                Path("/big"), new NewContent(new Body(bytes) { MostPerRead = 7919 }, announced), WriteCondition.None, Token);

            Assert.IsNull(result.Error, result.Error?.Message);
            await using var content = await OpenAsync(tree, "/big");
            Assert.IsTrue((await ReadBytesAsync(content)).AsSpan().SequenceEqual(bytes));
        }
    }

    // RFC 9110, section 8.6, and RFC 9112, section 8: a message shorter than its Content-Length is incomplete.
    [TestMethod]
    [DataRow("/b.txt", 5L)]
    [DataRow("/b.txt", 3L)]
    [DataRow("/dir/new.txt", 5L)]
    [DataRow("/dir/new.txt", 3L)]
    public async Task Write_OfAnotherLengthThanAnnounced_ChangesNothing(string path, long announced)
    {
        var tree = await TreeOfAsync(Files);
        var before = await StateAsync(tree);

        var result = await tree.Writing!.WriteAsync(
            Path(path), new NewContent(new Body("1234"u8.ToArray()), announced), WriteCondition.None, Token);

        Assert.AreEqual(WriteErrorKind.IncompleteBody, result.Error?.Kind);
        Assert.AreEqual(before, await StateAsync(tree));
    }

    [TestMethod]
    [DataRow("/b.txt", null, false)]
    [DataRow("/b.txt", 8L, true)]
    [DataRow("/dir/new.txt", null, true)]
    [DataRow("/dir/new.txt", 8L, false)]
    public async Task Write_OfABodyThatIsCut_ChangesNothing(string path, long? announced, bool isAborted)
    {
        var tree = await TreeOfAsync(Files);
        var before = await StateAsync(tree);
        Exception cut = isAborted ? new OperationCanceledException("the client has left") : new IOException("the client has left");

        var result = await tree.Writing!.WriteAsync(
            Path(path), new NewContent(new Body("1234"u8.ToArray()) { AtEnd = () => throw cut }, announced), WriteCondition.None, Token);

        Assert.AreEqual(WriteErrorKind.IncompleteBody, result.Error?.Kind);
        Assert.AreEqual(before, await StateAsync(tree));
    }

    [TestMethod]
    public async Task Write_ThatIsCancelled_ChangesNothing()
    {
        var tree = await TreeOfAsync(Files);
        var before = await StateAsync(tree);
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var body = new Body("1234"u8.ToArray()) { AtEnd = () => CancelAsync(cancellation) };

        await Assert.ThrowsAsync<OperationCanceledException>(async () =>
            await tree.Writing!.WriteAsync(Path("/b.txt"), new NewContent(body, 8), WriteCondition.None, cancellation.Token));

        Assert.AreEqual(before, await StateAsync(tree));

        static async ValueTask CancelAsync(CancellationTokenSource cancellation)
        {
            await cancellation.CancelAsync();
            cancellation.Token.ThrowIfCancellationRequested();
        }
    }

    // The digests of "abc": FIPS 180-4's and RFC 1321's examples; Adler-32 of RFC 1950, section 9.
    [TestMethod]
    [DataRow(DigestAlgorithm.Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    [DataRow(DigestAlgorithm.Sha512, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd" +
        "454d4423643ce80e2a9ac94fa54ca49f")]
    [DataRow(DigestAlgorithm.Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d")]
    [DataRow(DigestAlgorithm.Md5, "900150983cd24fb0d6963f7d28e17f72")]
    [DataRow(DigestAlgorithm.Adler32, "024d0127")]
    public async Task Write_WithADigest_TakesOnlyTheContentOfThatDigest(DigestAlgorithm algorithm, string hex)
    {
        var tree = await TreeOfAsync(Files);
        ExpectedDigest digest = new(algorithm, Convert.FromHexString(hex));

        var right = await WriteAsync(tree, "/b.txt", "abc", content => content with { Digests = [digest] });
        var before = await StateAsync(tree);
        var wrong = await WriteAsync(tree, "/b.txt", "abd", content => content with { Digests = [digest] });
        var cut = await WriteAsync(
            tree, "/b.txt", "abc", content => content with { Digests = [digest with { Value = digest.Value[1..] }] });

        Assert.AreEqual(WriteOutcome.Replaced, right.Outcome, right.Error?.Message);
        Assert.AreEqual(WriteErrorKind.DigestMismatch, wrong.Error?.Kind);
        Assert.AreEqual(WriteErrorKind.DigestMismatch, cut.Error?.Kind);
        Assert.AreEqual(before, await StateAsync(tree));
    }

    // RFC 9530, section 2: digest fields can be sent in a trailer.
    [TestMethod]
    public async Task Write_LooksAtTheDigests_AfterTheEndOfTheBody()
    {
        var tree = await TreeOfAsync(Files);
        List<ExpectedDigest> digests = [];
        var body = new Body("abc"u8.ToArray()) { AtEnd = () => Add(digests) };

        var result = await tree.Writing!.WriteAsync(
            Path("/b.txt"), new NewContent(body, 3) { Digests = digests }, WriteCondition.None, Token);

        Assert.AreEqual(WriteErrorKind.DigestMismatch, result.Error?.Kind);

        static ValueTask Add(List<ExpectedDigest> digests)
        {
            digests.Add(new ExpectedDigest(DigestAlgorithm.Md5, new byte[16]));
            return default;
        }
    }

    [TestMethod]
    public async Task Write_WithFacts_SetsThem()
    {
        var tree = await TreeOfAsync(Files);
        var facts = new NewFacts(UnixTime.FromSeconds(1_000_000_000), 0b110_000_000);

        var made = await WriteAsync(tree, "/new", "1", content => content with { Facts = facts });
        Assert.AreEqual("Created 1", await ToldAsync(tree, made, "/new"));
        var replaced = await WriteAsync(tree, "/new", "2");
        Assert.AreEqual("Replaced 2", await ToldAsync(tree, replaced, "/new"));

        Assert.AreEqual((facts.Modified, facts.Permissions), (made.Entry?.Modified, made.Entry?.Permissions));
        Assert.AreEqual(facts.Permissions, replaced.Entry?.Permissions, "a file keeps its permissions");
        Assert.AreNotEqual(facts.Modified, replaced.Entry?.Modified, "a new content has a new time");
    }

    // RFC 959, REST and APPE: the transfer goes on at a byte of the file at the server.
    [TestMethod]
    [DataRow("/b.txt", 4, "fourmore")]
    [DataRow("/b.txt", 2, "fomore")]
    [DataRow("/a.txt", 0, "more")]
    public async Task Write_AtAnOffset_KeepsWhatIsBefore(string path, int offset, string expected)
    {
        var tree = await TreeOfAsync(Files);

        var result = await WriteAsync(tree, path, "more", content => content with { Offset = offset });

        Assert.AreEqual($"Replaced {expected}", await ToldAsync(tree, result, path));
    }

    [TestMethod]
    public async Task Write_BehindTheEnd_IsRefusedWithTheFileAsItIs()
    {
        var tree = await TreeOfAsync(Files);

        var content = new NewContent(new Unread(), 1) { Offset = 5 };
        var behind = await tree.Writing!.WriteAsync(Path("/b.txt"), content, WriteCondition.None, Token);
        var nothing = await tree.Writing!.WriteAsync(Path("/new"), content, WriteCondition.None, Token);

        Assert.AreEqual((WriteErrorKind.OffsetMismatch, 4L), (behind.Error?.Kind, behind.Error?.Current?.Size));
        Assert.AreEqual((WriteErrorKind.OffsetMismatch, null), (nothing.Error?.Kind, nothing.Error?.Current?.Size));
    }

    // The digest is that of the whole file (RFC 9530, section 3: Repr-Digest).
    [TestMethod]
    public async Task Write_AtAnOffset_HasTheDigestOfTheWholeFile()
    {
        var tree = await TreeOfAsync(Files);
        ExpectedDigest digest = new(DigestAlgorithm.Sha256, System.Security.Cryptography.SHA256.HashData("fourth"u8));

        var right = await WriteAsync(tree, "/b.txt", "th", content => content with { Offset = 4, Digests = [digest] });

        Assert.AreEqual("Replaced fourth", await ToldAsync(tree, right, "/b.txt"));
    }

    // RFC 4918, section 9.7.1: without a parent collection a PUT fails with 409.
    [TestMethod]
    [DataRow("/", WriteErrorKind.IsDirectory)]
    [DataRow("/dir", WriteErrorKind.IsDirectory)]
    [DataRow("/none/new", WriteErrorKind.NoParent)]
    [DataRow("/none/deeper/new", WriteErrorKind.NoParent)]
    [DataRow("/b.txt/new", WriteErrorKind.NotADirectory)]
    [DataRow("/b.txt/deeper/new", WriteErrorKind.NotADirectory)]
    [DataRow("/.dftp", WriteErrorKind.NameNotAllowed)]
    [DataRow("/.dftp/new", WriteErrorKind.NameNotAllowed)]
    public async Task Write_WhereNoFileCanBe_IsRefusedBeforeTheBodyIsRead(string path, WriteErrorKind expected)
    {
        var tree = await TreeOfAsync(Files);
        var before = await StateAsync(tree);

        var result = await tree.Writing!.WriteAsync(Path(path), new NewContent(new Unread(), 1), WriteCondition.None, Token);

        AssertRefused(expected, result);
        Assert.AreEqual(before, await StateAsync(tree));
    }

    [TestMethod]
    public async Task Write_OfANameThatIsTooLong_IsRefusedBeforeTheBodyIsRead()
    {
        var tree = await TreeOfAsync(Files);

        var result = await tree.Writing!.WriteAsync(
            Path("/" + new string('n', 256)), new NewContent(new Unread(), 1), WriteCondition.None, Token);

        AssertRefused(WriteErrorKind.NameNotAllowed, result);
    }

    // RFC 9110, section 13.1: a request whose condition is false is not performed.
    [TestMethod]
    [DataRow("/b.txt", "absent", WriteErrorKind.Exists)]
    [DataRow("/b.txt", "other", WriteErrorKind.PreconditionFailed)]
    [DataRow("/new", "present", WriteErrorKind.PreconditionFailed)]
    [DataRow("/new", "other", WriteErrorKind.PreconditionFailed)]
    public async Task Write_UnderAFalseCondition_IsRefusedBeforeTheBodyIsRead(string path, string condition, WriteErrorKind expected)
    {
        var tree = await TreeOfAsync(Files);

        var result = await tree.Writing!.WriteAsync(
            Path(path), new NewContent(new Unread(), 1), await ConditionAsync(tree, condition, path), Token);

        AssertRefused(expected, result);
        Assert.AreEqual((await FindAsync(tree.Snapshot, path))?.Size, result.Error!.Current?.Size);
    }

    [TestMethod]
    [DataRow("/new", "absent", WriteOutcome.Created)]
    [DataRow("/b.txt", "present", WriteOutcome.Replaced)]
    [DataRow("/b.txt", "same", WriteOutcome.Replaced)]
    public async Task Write_UnderATrueCondition_IsPerformed(string path, string condition, WriteOutcome expected)
    {
        var tree = await TreeOfAsync(Files);

        var result = await WriteAsync(tree, path, "1", condition: await ConditionAsync(tree, condition, path));

        Assert.AreEqual($"{expected} 1", await ToldAsync(tree, result, path));
    }

    private static VirtualPath Path(string text) => VirtualPath.Parse(text);

    private static void AssertRefused(WriteErrorKind expected, WriteResult result)
    {
        Assert.AreEqual((WriteOutcome.Refused, expected), (result.Outcome, result.Error?.Kind), result.Error?.Message);
        Assert.IsTrue(result.Entry is null && result.Token is null && result.Holders.Count == 0 && result.Failures.Count == 0);
    }

    private static async Task<Entry?> FindAsync(ITreeSnapshot tree, string path) => await tree.FindAsync(Path(path));

    private static async Task<string> NamesAsync(ITreeSnapshot tree, string path) =>
        string.Join(' ', (await tree.ListAsync(Path(path)).AllAsync()).Select(entry => entry.Name));

    private static Task<List<WalkEntry>> WalkAsync(ITreeSnapshot tree, string path) => tree.WalkAsync(Path(path)).AllAsync();

    private static async Task<byte[]> ReadBytesAsync(FileContent content)
    {
        var bytes = new byte[content.Length];
        var at = 0;
        while (at < bytes.Length && await content.ReadAsync(bytes.AsMemory(at), CancellationToken.None) is var read and > 0) at += read;
        Assert.AreEqual(bytes.Length, at);
        return bytes;
    }

    private static async Task<string> ReadAsync(FileContent content) => Encoding.UTF8.GetString(await ReadBytesAsync(content));

    private async Task<FileContent> OpenAsync(ITreeView tree, string path)
    {
        var entry = await FindAsync(tree.Snapshot, path);
        Assert.IsNotNull(entry, path);
        var opened = await tree.OpenAsync(Path(path), entry.Value, RangeSpec.Whole, Token);
        Assert.IsNull(opened.Error, opened.Error?.Message);
        return opened.Content!;
    }

    /// <summary>The paths of the tree with their sizes, times, permissions and contents.</summary>
    private async Task<string> StateAsync(ITreeView tree)
    {
        var lines = new List<string>();
        foreach (var (path, entry) in (await WalkAsync(tree.Snapshot, "/")).Select(step => (step.Path, step.Entry)))
        {
            var content = "";
            if (!entry.IsDirectory)
            {
                await using var open = await OpenAsync(tree, path.Value);
                content = await ReadAsync(open);
            }

            lines.Add($"{path} {entry.Size} {entry.Modified.Nanoseconds} {entry.Permissions} {content}");
        }

        return string.Join('\n', lines);
    }

    private async Task<WriteCondition> ConditionAsync(ITreeView tree, string name, string path)
    {
        if (name is "absent") return WriteCondition.Absent;
        if (name is "present") return WriteCondition.Present;
        var entry = (await FindAsync(tree.Snapshot, name is "same" ? path : "/dir/inner.txt"))!.Value;
        var looked = await tree.LookAsync(Path(path), entry, Token);
        return WriteCondition.Is(looked.Error is null && name is "same" ? looked.Facts : entry);
    }

    private async Task<WriteResult> WriteAsync(
        ITreeView tree, string path, string text, Func<NewContent, NewContent>? change = null, WriteCondition condition = default)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var content = new NewContent(new Body(bytes), bytes.Length);
        return await tree.Writing!.WriteAsync(Path(path), change?.Invoke(content) ?? content, condition, Token);
    }

    /// <summary>The outcome and the content that is read back; checks that the result is complete and true.</summary>
    private async Task<string> ToldAsync(ITreeView tree, WriteResult result, string path)
    {
        Assert.IsNull(result.Error, result.Error?.Message);
        Assert.AreEqual(0, result.Failures.Count);
        Assert.IsTrue(result.Holders.Count > 0 && result.Holders.Distinct().Count() == result.Holders.Count);
        Assert.IsTrue(await tree.Writing!.ContainsAsync(result.Token!.Value, TimeSpan.Zero, Token), "the tree has what it has reported");
        var entry = await FindAsync(tree.Snapshot, path);
        if (entry is null)
        {
            Assert.IsNull(result.Entry);
            return $"{result.Outcome}";
        }

        Assert.AreEqual(
            (entry.Value.Name, entry.Value.IsDirectory, entry.Value.Size, entry.Value.Modified, entry.Value.Permissions),
            (result.Entry!.Value.Name, result.Entry.Value.IsDirectory, result.Entry.Value.Size, result.Entry.Value.Modified,
                result.Entry.Value.Permissions));
        if (entry.Value.IsDirectory) return $"{result.Outcome}";
        await using var content = await OpenAsync(tree, path);
        return $"{result.Outcome} {await ReadAsync(content)}";
    }
}
