using Dftp.FileSystem;

namespace Dftp.Tests.FileSystem;

/// <summary>Removing, making directories, moving, copying and facts.</summary>
public abstract partial class WritableTreeContract
{
    [TestMethod]
    [DataRow("/b.txt", RemoveTarget.File, "a.txt")]
    [DataRow("/b.txt", RemoveTarget.Anything, "a.txt")]
    [DataRow("/dir", RemoveTarget.Anything, "a.txt b.txt")]
    public async Task Remove_RemovesAFile_OrADirectoryWithAllBelowIt(string path, RemoveTarget what, string files)
    {
        var tree = await TreeOfAsync(Files);
        var before = tree.Snapshot;

        var result = await tree.Writing!.RemoveAsync(Path(path), what, WriteCondition.None, Token);

        Assert.AreEqual("Removed", await ToldAsync(tree, result, path));
        Assert.IsNotNull(await FindAsync(before, path));
        var left = (await WalkAsync(tree.Snapshot, "/")).Select(step => step.Path).ToList();
        Assert.IsFalse(left.Exists(other => other.IsSameOrUnder(Path(path))));
        var texts = left.Where(other => other.Parent.IsRoot && other.Name.EndsWith(".txt", StringComparison.Ordinal));
        Assert.AreEqual(files, string.Join(' ', texts.Select(other => other.Name)));
    }

    [TestMethod]
    public async Task Remove_OfTheLastEntry_LeavesAnEmptyDirectory_WhichCanBeRemoved()
    {
        var tree = await TreeOfAsync(Files);
        await tree.Writing!.RemoveAsync(Path("/other/inner.txt"), RemoveTarget.File, WriteCondition.None, Token);
        Assert.AreEqual("", await NamesAsync(tree.Snapshot, "/other"));
        Assert.IsTrue((await FindAsync(tree.Snapshot, "/other"))?.IsDirectory);

        var result = await tree.Writing!.RemoveAsync(Path("/other"), RemoveTarget.EmptyDirectory, WriteCondition.None, Token);

        Assert.AreEqual("Removed", await ToldAsync(tree, result, "/other"));
    }

    // RFC 9110, section 13.2.1: an error that has nothing to do with the condition comes first.
    [TestMethod]
    [DataRow("/none", RemoveTarget.Anything, "present", WriteErrorKind.NotFound)]
    [DataRow("/none", RemoveTarget.File, "other", WriteErrorKind.NotFound)]
    [DataRow("/b.txt/none", RemoveTarget.File, "present", WriteErrorKind.NotFound)]
    [DataRow("/dir", RemoveTarget.File, "present", WriteErrorKind.IsDirectory)]
    [DataRow("/dir", RemoveTarget.EmptyDirectory, "present", WriteErrorKind.NotEmpty)]
    [DataRow("/b.txt", RemoveTarget.EmptyDirectory, "other", WriteErrorKind.NotADirectory)]
    [DataRow("/", RemoveTarget.Anything, "present", WriteErrorKind.Forbidden)]
    [DataRow("/b.txt", RemoveTarget.File, "other", WriteErrorKind.PreconditionFailed)]
    public async Task Remove_OfWhatCannotBeRemoved_ChangesNothing(string path, RemoveTarget what, string condition, WriteErrorKind expected)
    {
        var tree = await TreeOfAsync(Files);
        var before = await StateAsync(tree);

        var result = await tree.Writing!.RemoveAsync(Path(path), what, await ConditionAsync(tree, condition, path), Token);

        AssertRefused(expected, result);
        Assert.AreEqual(before, await StateAsync(tree));
    }

    [TestMethod]
    public async Task Remove_UnderATrueCondition_IsPerformed()
    {
        var tree = await TreeOfAsync(Files);

        var result = await tree.Writing!.RemoveAsync(
            Path("/b.txt"), RemoveTarget.File, await ConditionAsync(tree, "same", "/b.txt"), Token);

        Assert.AreEqual("Removed", await ToldAsync(tree, result, "/b.txt"));
    }

    [TestMethod]
    public async Task MakeDirectory_MakesAnEmptyDirectory_IntoWhichFilesCanBeWritten()
    {
        var tree = await TreeOfAsync(Files);

        var result = await tree.Writing!.MakeDirectoryAsync(Path("/dir/new"), Token);

        Assert.AreEqual("Created", await ToldAsync(tree, result, "/dir/new"));
        Assert.IsTrue(result.Entry?.IsDirectory);
        Assert.AreEqual("", await NamesAsync(tree.Snapshot, "/dir/new"));
        Assert.AreEqual("Created 1", await ToldAsync(tree, await WriteAsync(tree, "/dir/new/file", "1"), "/dir/new/file"));
    }

    // RFC 4918, section 9.3.1: 405 on what exists, 409 without a parent.
    [TestMethod]
    [DataRow("/", WriteErrorKind.Exists)]
    [DataRow("/dir", WriteErrorKind.Exists)]
    [DataRow("/b.txt", WriteErrorKind.Exists)]
    [DataRow("/none/new", WriteErrorKind.NoParent)]
    [DataRow("/b.txt/new", WriteErrorKind.NotADirectory)]
    [DataRow("/.dftp", WriteErrorKind.NameNotAllowed)]
    public async Task MakeDirectory_WhereNoneCanBe_IsRefused(string path, WriteErrorKind expected)
    {
        var tree = await TreeOfAsync(Files);
        var before = await StateAsync(tree);

        AssertRefused(expected, await tree.Writing!.MakeDirectoryAsync(Path(path), Token));
        Assert.AreEqual(before, await StateAsync(tree));
    }

    [TestMethod]
    [DataRow("/dir/inner.txt", "/moved.txt", WriteOutcome.Created)]
    [DataRow("/dir/inner.txt", "/dir/renamed.txt", WriteOutcome.Created)]
    [DataRow("/dir/inner.txt", "/b.txt", WriteOutcome.Replaced)]
    [DataRow("/dir/inner.txt", "/other", WriteOutcome.Replaced)]
    public async Task MoveAndCopy_OfAFile_KeepItsContentAndFacts(string source, string destination, WriteOutcome expected)
    {
        var tree = await TreeOfAsync(Files);
        var facts = new NewFacts(UnixTime.FromSeconds(1_000_000_000), 0b110_000_000);
        var before = (await tree.Writing!.SetFactsAsync(Path(source), facts, WriteCondition.None, Token)).Entry!.Value;

        var copied = await tree.Writing!.CopyAsync(Path(source), Path(destination), true, TransferConditions.None, Token);
        Assert.AreEqual($"{expected} inside", await ToldAsync(tree, copied, destination));
        Assert.IsNotNull(await FindAsync(tree.Snapshot, source));
        var moved = await tree.Writing!.MoveAsync(Path(source), Path(destination), TransferConditions.None, Token);
        Assert.AreEqual("Replaced inside", await ToldAsync(tree, moved, destination));
        Assert.IsNull(await FindAsync(tree.Snapshot, source));

        foreach (var entry in new[] { copied.Entry!.Value, moved.Entry!.Value })
            Assert.AreEqual((before.Size, before.Modified, before.Permissions), (entry.Size, entry.Modified, entry.Permissions));
    }

    // RFC 4918, section 9.9.3: a collection at the destination is deleted first, so the result has no member of it.
    [TestMethod]
    [DataRow("/moved", WriteOutcome.Created)]
    [DataRow("/other", WriteOutcome.Replaced)]
    [DataRow("/b.txt", WriteOutcome.Replaced)]
    public async Task MoveAndCopy_OfADirectory_TakeAllBelowIt_AndLeaveNothingOfTheDestination(string destination, WriteOutcome expected)
    {
        var tree = await TreeOfAsync([.. Files, ("other/gone.txt", "gone")]);

        var copied = await tree.Writing!.CopyAsync(Path("/dir"), Path(destination), true, TransferConditions.None, Token);
        Assert.AreEqual($"{expected}", await ToldAsync(tree, copied, destination));
        Assert.AreEqual("/deep /inner.txt /deep/leaf.json", await BelowAsync(tree, destination));
        Assert.AreEqual("/deep /inner.txt /deep/leaf.json", await BelowAsync(tree, "/dir"));
        await WriteAsync(tree, "/dir/deep/later.txt", "later");
        var moved = await tree.Writing!.MoveAsync(Path("/dir"), Path(destination), TransferConditions.None, Token);
        Assert.AreEqual("Replaced", await ToldAsync(tree, moved, destination));

        Assert.AreEqual("/deep /inner.txt /deep/later.txt /deep/leaf.json", await BelowAsync(tree, destination));
        Assert.IsNull(await FindAsync(tree.Snapshot, "/dir"));
        await using var content = await OpenAsync(tree, destination + "/inner.txt");
        Assert.AreEqual("inside", await ReadAsync(content));
    }

    // RFC 4918, section 9.8.3: "Depth: 0" copies the collection without its members.
    [TestMethod]
    public async Task Copy_WithoutMembers_MakesAnEmptyDirectory_AlsoBelowItself()
    {
        var tree = await TreeOfAsync(Files);

        foreach (var destination in new[] { "/copy", "/dir/copy" })
        {
            var result = await tree.Writing!.CopyAsync(Path("/dir"), Path(destination), false, TransferConditions.None, Token);
            Assert.AreEqual("Created", await ToldAsync(tree, result, destination));
            Assert.AreEqual("", await BelowAsync(tree, destination));
        }
    }

    [TestMethod]
    public async Task Copy_OfTheRoot_GoesNowhere()
    {
        var tree = await TreeOfAsync(Files);

        var result = await tree.Writing!.CopyAsync(VirtualPath.Root, Path("/dir/all"), true, TransferConditions.None, Token);

        AssertRefused(WriteErrorKind.Overlap, result);
    }

    [TestMethod]
    [DataRow("/none", "/new", WriteErrorKind.NotFound)]
    [DataRow("/dir", "/dir", WriteErrorKind.Overlap)]
    [DataRow("/b.txt", "/b.txt", WriteErrorKind.Overlap)]
    [DataRow("/dir", "/dir/deep/new", WriteErrorKind.Overlap)]
    [DataRow("/dir/deep", "/dir", WriteErrorKind.Overlap)]
    [DataRow("/dir", "/", WriteErrorKind.Overlap)]
    [DataRow("/b.txt", "/none/new", WriteErrorKind.NoParent)]
    [DataRow("/b.txt", "/a.txt/new", WriteErrorKind.NotADirectory)]
    [DataRow("/b.txt", "/.dftp/new", WriteErrorKind.NameNotAllowed)]
    public async Task MoveAndCopy_WhereItCannotBe_ChangeNothing(string source, string destination, WriteErrorKind expected)
    {
        var tree = await TreeOfAsync(Files);
        var before = await StateAsync(tree);

        AssertRefused(expected, await tree.Writing!.MoveAsync(Path(source), Path(destination), TransferConditions.None, Token));
        AssertRefused(expected, await tree.Writing!.CopyAsync(Path(source), Path(destination), true, TransferConditions.None, Token));
        Assert.AreEqual(before, await StateAsync(tree));
    }

    [TestMethod]
    public async Task Move_OfTheRoot_IsForbidden()
    {
        var tree = await TreeOfAsync(Files);

        AssertRefused(
            WriteErrorKind.Forbidden, await tree.Writing!.MoveAsync(VirtualPath.Root, Path("/new"), TransferConditions.None, Token));
    }

    // RFC 4918, section 10.6: with "Overwrite: F" a destination that exists is a 412.
    [TestMethod]
    [DataRow("/b.txt", "none", "/dir/inner.txt", "absent", WriteErrorKind.Exists)]
    [DataRow("/b.txt", "none", "/dir", "absent", WriteErrorKind.Exists)]
    [DataRow("/b.txt", "other", "/new", "none", WriteErrorKind.PreconditionFailed)]
    [DataRow("/b.txt", "none", "/a.txt", "other", WriteErrorKind.PreconditionFailed)]
    [DataRow("/b.txt", "same", "/new", "present", WriteErrorKind.PreconditionFailed)]
    public async Task MoveAndCopy_UnderAFalseCondition_ChangeNothing(
        string source, string ofSource, string destination, string ofDestination, WriteErrorKind expected)
    {
        var tree = await TreeOfAsync(Files);
        var before = await StateAsync(tree);
        var conditions = new TransferConditions(
            ofSource is "none" ? default : await ConditionAsync(tree, ofSource, source),
            ofDestination is "none" ? default : await ConditionAsync(tree, ofDestination, destination));

        AssertRefused(expected, await tree.Writing!.MoveAsync(Path(source), Path(destination), conditions, Token));
        AssertRefused(expected, await tree.Writing!.CopyAsync(Path(source), Path(destination), true, conditions, Token));
        Assert.AreEqual(before, await StateAsync(tree));
    }

    [TestMethod]
    public async Task Move_ThatMustReplaceNothing_MovesToAFreePath()
    {
        var tree = await TreeOfAsync(Files);

        var result = await tree.Writing!.MoveAsync(Path("/b.txt"), Path("/new"), TransferConditions.KeepDestination, Token);

        Assert.AreEqual("Created four", await ToldAsync(tree, result, "/new"));
    }

    [TestMethod]
    [DataRow("/b.txt")]
    [DataRow("/dir")]
    public async Task SetFacts_SetsWhatIsGiven_AndLeavesTheRest(string path)
    {
        var tree = await TreeOfAsync(Files);
        var time = UnixTime.FromSeconds(1_000_000_000, 123_000_000);

        var timed = await tree.Writing!.SetFactsAsync(Path(path), new NewFacts(time, null), WriteCondition.Present, Token);
        await ToldAsync(tree, timed, path);
        var both = await tree.Writing!.SetFactsAsync(Path(path), new NewFacts(null, 0b111_000_000), WriteCondition.None, Token);
        await ToldAsync(tree, both, path);

        Assert.AreEqual((WriteOutcome.Changed, time), (timed.Outcome, timed.Entry!.Value.Modified));
        var entry = both.Entry!.Value;
        Assert.AreEqual((WriteOutcome.Changed, time, 0b111_000_000), (both.Outcome, entry.Modified, entry.Permissions));
    }

    [TestMethod]
    [DataRow("/none", "present", WriteErrorKind.NotFound)]
    [DataRow("/b.txt", "other", WriteErrorKind.PreconditionFailed)]
    [DataRow("/", "present", WriteErrorKind.Forbidden)]
    public async Task SetFacts_OfWhatIsNotThere_ChangesNothing(string path, string condition, WriteErrorKind expected)
    {
        var tree = await TreeOfAsync(Files);
        var before = await StateAsync(tree);

        AssertRefused(expected, await tree.Writing!.SetFactsAsync(
            Path(path), new NewFacts(UnixTime.FromSeconds(1), null), await ConditionAsync(tree, condition, path), Token));
        Assert.AreEqual(before, await StateAsync(tree));
    }

    // RFC 4331, sections 3 and 4.
    [TestMethod]
    public async Task FreeSpace_SaysWhatIsUsedBelowADirectory()
    {
        var tree = await TreeOfAsync(Files);

        var space = await tree.Writing!.FreeSpaceAsync(Path("/dir"), Token);

        Assert.AreEqual(8, space?.Used);
        Assert.IsTrue(space?.Available > 0);
        Assert.IsNull(await tree.Writing!.FreeSpaceAsync(Path("/b.txt"), Token));
        Assert.IsNull(await tree.Writing!.FreeSpaceAsync(Path("/none"), Token));
    }

    private static async Task<string> BelowAsync(ITreeView tree, string path) =>
        string.Join(' ', (await WalkAsync(tree.Snapshot, path)).Select(step => step.Path.Value[path.Length..]));
}
