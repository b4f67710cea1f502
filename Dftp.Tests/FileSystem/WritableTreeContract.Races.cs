using System.Globalization;
using System.Text;
using Dftp.FileSystem;
using Dftp.Tests.Support;

namespace Dftp.Tests.FileSystem;

/// <summary>Several writers of one path, events and tokens.</summary>
public abstract partial class WritableTreeContract
{
    private const int Writers = 8;

    // Nobody's change is overwritten unseen: what a condition was decided on is still there in the moment of the change.
    [TestMethod]
    [DataRow("same", WriteErrorKind.PreconditionFailed)]
    [DataRow("present", WriteErrorKind.PreconditionFailed)]
    public async Task Write_OfAFileThatIsChangedMeanwhile_FailsUnderACondition(string condition, WriteErrorKind expected)
    {
        var tree = await TreeOfAsync(Files);
        var given = await ConditionAsync(tree, condition, "/b.txt");

        var result = await WriteSlowlyAsync(tree, "/b.txt", given, async () => await WriteAsync(tree, "/b.txt", "five!"));

        AssertRefused(expected, result);
        Assert.AreEqual(5, result.Error!.Current?.Size);
        await using var content = await OpenAsync(tree, "/b.txt");
        Assert.AreEqual("five!", await ReadAsync(content));
    }

    // Size and time are the same: the version tells.
    [TestMethod]
    public async Task Write_SeesAChangeThatSizeAndTimeDoNotShow()
    {
        var tree = await TreeOfAsync(Files);
        var facts = new NewFacts(UnixTime.FromSeconds(1_000_000_000), null);
        var first = await WriteAsync(tree, "/b.txt", "one!", content => content with { Facts = facts });

        var second = await WriteAsync(
            tree, "/b.txt", "two!", content => content with { Facts = facts }, WriteCondition.Is(first.Entry!.Value));
        var third = await WriteAsync(tree, "/b.txt", "3", condition: WriteCondition.Is(first.Entry!.Value));

        Assert.AreEqual("Replaced two!", await ToldAsync(tree, second, "/b.txt"));
        AssertRefused(WriteErrorKind.PreconditionFailed, third);
    }

    [TestMethod]
    public async Task Write_OfAFileThatIsChangedMeanwhile_ReplacesItWithoutACondition()
    {
        var tree = await TreeOfAsync(Files);

        var result = await WriteSlowlyAsync(
            tree, "/b.txt", WriteCondition.None, async () => await WriteAsync(tree, "/b.txt", "five!"));

        Assert.AreEqual("Replaced slow", await ToldAsync(tree, result, "/b.txt"));
    }

    [TestMethod]
    public async Task Write_OfAFileThatIsCreatedMeanwhile_KeepsTheOther()
    {
        var tree = await TreeOfAsync(Files);

        var result = await WriteSlowlyAsync(tree, "/new", WriteCondition.Absent, async () => await WriteAsync(tree, "/new", "first"));

        AssertRefused(WriteErrorKind.Exists, result);
        await using var content = await OpenAsync(tree, "/new");
        Assert.AreEqual("first", await ReadAsync(content));
    }

    // What was kept belongs to the version that is gone.
    [TestMethod]
    public async Task Append_ToAFileThatIsChangedMeanwhile_Fails()
    {
        var tree = await TreeOfAsync(Files);

        var result = await WriteSlowlyAsync(
            tree, "/b.txt", WriteCondition.None, async () => await WriteAsync(tree, "/b.txt", "five!"), offset: 4);

        AssertRefused(WriteErrorKind.PreconditionFailed, result);
    }

    [TestMethod]
    [DataRow("/dir/new.txt", WriteErrorKind.NoParent)]
    [DataRow("/dir/inner.txt", WriteErrorKind.NoParent)]
    public async Task Write_IntoADirectoryThatIsRemovedMeanwhile_DoesNotBringItBack(string path, WriteErrorKind expected)
    {
        var tree = await TreeOfAsync(Files);

        var result = await WriteSlowlyAsync(tree, path, WriteCondition.None, async () =>
            await tree.Writing!.RemoveAsync(Path("/dir"), RemoveTarget.Anything, WriteCondition.None, Token));

        AssertRefused(expected, result);
        Assert.IsNull(await FindAsync(tree.Snapshot, "/dir"));
    }

    [TestMethod]
    public async Task OfSeveralWriters_OneCreatesAFile()
    {
        var tree = await TreeOfAsync(Files);

        var results = await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(
            async () => await WriteAsync(tree, "/new", $"writer {writer}", condition: WriteCondition.Absent), Token)));

        var winner = results.Index().Single(result => result.Item.Outcome == WriteOutcome.Created);
        Assert.AreEqual($"Created writer {winner.Index}", await ToldAsync(tree, winner.Item, "/new"));
        Assert.IsTrue(results.All(result => result == winner.Item || result.Error?.Kind == WriteErrorKind.Exists));
    }

    // With the version as the condition, no count is lost.
    [TestMethod]
    public async Task SeveralWriters_CountWithoutLosses()
    {
        const int each = 5;
        var tree = await TreeOfAsync([("count", "0")]);

        await Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => Task.Run(CountAsync, Token)));

        await using var content = await OpenAsync(tree, "/count");
        Assert.AreEqual($"{Writers * each}", await ReadAsync(content));

        async Task CountAsync()
        {
            for (var done = 0; done < each;)
            {
                var seen = (await FindAsync(tree.Snapshot, "/count"))!.Value;
                var opened = await tree.OpenAsync(Path("/count"), seen, RangeSpec.Whole, Token);
                await using var open = opened.Content!;
                var next = int.Parse(await ReadAsync(open), CultureInfo.InvariantCulture) + 1;
                var result = await WriteAsync(tree, "/count", $"{next}", condition: WriteCondition.Is(opened.Facts));
                if (result.Error is null) done++;
                else Assert.AreEqual(WriteErrorKind.PreconditionFailed, result.Error.Kind);
            }
        }
    }

    [TestMethod]
    public async Task Followers_AreToldOfWrites()
    {
        var tree = await TreeOfAsync(Files);
        using var events = tree.Follow(null)!;

        await WriteAsync(tree, "/dir/new.txt", "new");
        await WriteAsync(tree, "/b.txt", "changed");
        await tree.Writing!.RemoveAsync(Path("/dir/deep"), RemoveTarget.Anything, WriteCondition.None, Token);
        await tree.Writing!.MoveAsync(Path("/other"), Path("/moved"), TransferConditions.None, Token);

        HashSet<string> expected =
            ["Created /dir/new.txt", "Changed /b.txt", "Deleted /dir/deep", "Deleted /other", "Created /moved/inner.txt"];
        await Eventually.TrueAsync(
            () =>
            {
                var read = events.Read(100, out var isCut);
                Assert.IsFalse(isCut);
                expected.ExceptWith(read.Select(told => $"{told.Kind} {told.Path}"));
                return expected.Count == 0;
            },
            "the events are told");
    }

    [TestMethod]
    public async Task Token_GoesThroughAHeaderField_AndNamesItsWrite()
    {
        var tree = await TreeOfAsync(Files);

        var token = (await WriteAsync(tree, "/b.txt", "1")).Token!.Value;

        Assert.IsTrue(WriteToken.TryParse(token.ToString(), out var parsed));
        Assert.AreEqual(token, parsed);
        Assert.IsTrue(await tree.Writing!.ContainsAsync(parsed, TimeSpan.Zero, Token));
    }

    [TestMethod]
    public async Task Token_OfNoWrite_IsNotContained()
    {
        var tree = await TreeOfAsync(Files);
        Assert.IsTrue(WriteToken.TryParse("nonsense", out var token));

        Assert.IsFalse(await tree.Writing!.ContainsAsync(token, TimeSpan.Zero, Token));
    }

    /// <summary>Writes "slow"; something happens when the body has arrived and its end has not.</summary>
    private async Task<WriteResult> WriteSlowlyAsync(
        ITreeView tree, string path, WriteCondition condition, Func<Task<WriteResult>> meanwhile, long offset = 0)
    {
        var body = new Body(Encoding.ASCII.GetBytes("slow")) { AtEnd = RunAsync };
        return await tree.Writing!.WriteAsync(Path(path), new NewContent(body, null) { Offset = offset }, condition, Token);

        async ValueTask RunAsync()
        {
            var result = await meanwhile();
            Assert.IsNull(result.Error, result.Error?.Message);
        }
    }
}
