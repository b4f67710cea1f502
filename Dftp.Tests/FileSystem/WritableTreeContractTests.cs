using Dftp.FileSystem;
using Dftp.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Dftp.Tests.FileSystem;

/// <summary>The tests' own tree, on which the front ends are tested.</summary>
[TestClass]
public sealed class MemoryWritingContractTests : WritableTreeContract
{
    private static readonly VirtualPath Leaf = VirtualPath.Parse("/dir/deep/leaf");

    private readonly FakeTimeProvider _time = new();
    private readonly MemoryFileTree _tree = new();

    private CancellationToken Aborted => TestContext.CancellationToken;

    private protected override Task<ITreeView> TreeOfAsync(IReadOnlyList<(string Path, string Content)> files)
    {
        foreach (var (path, content) in files) _tree.File("/" + path, content);
        _tree.TakeWrites(_time);
        return Task.FromResult<ITreeView>(_tree);
    }

    // RFC 4918, section 9.6.1: what was not deleted is named, its ancestors are not.
    [TestMethod]
    public async Task Remove_OfADirectoryWithAnEntryThatStays_IsPartial()
    {
        var writing = Refusing();

        var result = await writing.RemoveAsync(VirtualPath.Parse("/dir"), RemoveTarget.Anything, WriteCondition.None, Aborted);

        AssertPartial(result);
        Assert.IsNull(_tree.Look(VirtualPath.Parse("/dir/file")));
        Assert.IsNotNull(_tree.Look(Leaf));
    }

    [TestMethod]
    public async Task Move_OfADirectoryWithAnEntryThatStays_LosesNothing()
    {
        var writing = Refusing();

        var result = await writing.MoveAsync(VirtualPath.Parse("/dir"), VirtualPath.Parse("/to"), TransferConditions.None, Aborted);

        AssertPartial(result);
        Assert.IsNotNull(_tree.Look(VirtualPath.Parse("/to/file")));
        Assert.IsNull(_tree.Look(VirtualPath.Parse("/dir/file")));
        Assert.IsNull(_tree.Look(VirtualPath.Parse("/to/deep/leaf")));
        Assert.IsNotNull(_tree.Look(Leaf));
    }

    [TestMethod]
    public async Task FullTree_TakesNoMore_AndSaysSoBeforeTheBodyIsRead()
    {
        var writing = _tree.File("/file", "1234").TakeWrites(_time);
        (writing.Capacity, writing.MaxFileSize) = (10, 8);

        Assert.AreEqual(new FreeSpace(6, 4), await writing.FreeSpaceAsync(VirtualPath.Root, Aborted));
        Assert.AreEqual(WriteErrorKind.NoSpace, await WriteAsync(writing, "/new", new Unread(), 7));
        Assert.AreEqual(WriteErrorKind.NoSpace, await WriteAsync(writing, "/new", new Body(new byte[7]), null));
        Assert.AreEqual(WriteErrorKind.TooLarge, await WriteAsync(writing, "/new", new Unread(), 9));
        Assert.AreEqual(WriteErrorKind.TooLarge, await WriteAsync(writing, "/file", new Body(new byte[9]), null));
        Assert.IsNull(await WriteAsync(writing, "/file", new Body(new byte[8]), 8));
    }

    [TestMethod]
    public async Task Token_OfAComingWrite_IsAwaited()
    {
        var writing = _tree.TakeWrites(_time);
        Assert.IsTrue(WriteToken.TryParse("1", out var first));

        var written = writing.ContainsAsync(first, TimeSpan.FromSeconds(5), Aborted).AsTask();
        Assert.IsFalse(written.IsCompleted);
        await writing.MakeDirectoryAsync(VirtualPath.Parse("/new"), Aborted);
        Assert.IsTrue(await written);

        Assert.IsTrue(WriteToken.TryParse("2", out var second));
        var late = writing.ContainsAsync(second, TimeSpan.FromSeconds(5), Aborted).AsTask();
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.IsFalse(await late);
    }

    [TestMethod]
    [DataRow("a", true)]
    [DataRow("node-1:18f3,2", true)]
    [DataRow("", false)]
    [DataRow("two words", false)]
    [DataRow("line\n", false)]
    [DataRow("ä", false)]
    public void WriteToken_IsVisibleAscii(string text, bool isOne) => Assert.AreEqual(isOne, WriteToken.TryParse(text, out _));

    [TestMethod]
    public void WriteToken_IsShort()
    {
        Assert.IsTrue(WriteToken.TryParse(new string('1', WriteToken.MaxCharacters), out _));
        Assert.IsFalse(WriteToken.TryParse(new string('1', WriteToken.MaxCharacters + 1), out _));
    }

    private MemoryWriting Refusing()
    {
        var writing = _tree.File("/dir/file", "1").File(Leaf.Value, "2").TakeWrites(_time);
        writing.Refusals[Leaf] = new WriteError(WriteErrorKind.Forbidden, Leaf, "it stays");
        return writing;
    }

    private static void AssertPartial(WriteResult result)
    {
        Assert.AreEqual(WriteOutcome.Partial, result.Outcome);
        Assert.IsNull(result.Error);
        Assert.IsNotNull(result.Token);
        Assert.AreEqual("/dir/deep/leaf", string.Join(' ', result.Failures.Select(failure => failure.Path.Value)));
    }

    private async Task<WriteErrorKind?> WriteAsync(MemoryWriting writing, string path, Stream body, long? length) =>
        (await writing.WriteAsync(VirtualPath.Parse(path), new NewContent(body, length), WriteCondition.None, Aborted)).Error?.Kind;
}
