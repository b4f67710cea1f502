using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using Dftp.Cluster.Index;
using Dftp.Cluster.Replication;
using Dftp.FileSystem;
using Dftp.Tests.Cluster.Index;
using FsCheck;
using FsCheck.Fluent;

namespace Dftp.Tests.Cluster.Replication;

/// <summary>The whole way of a repair, without a network: questions, answers, the update, and what the receiver makes of it.</summary>
[TestClass]
public sealed class RangeSearchTests
{
    private static readonly NodeName Node = NodeName.Parse("n"), Other = NodeName.Parse("o");

    // A flat directory and a deep tree both repair, whatever differs: other facts, more entries, fewer, files for directories.
    [TestMethod]
    public void RandomTreesWithFewDifferences_AreEqualAfterTheRepair()
    {
        var cases =
            from seed in Gen.Choose(0, int.MaxValue - 1)
            from files in Gen.Elements(0, 3, 300, 5_000)
            from isFlat in Gen.Elements(true, false)
            from differences in Gen.Choose(0, 8)
            select (seed, files, isFlat, differences);
        var config = Config.QuickThrowOnFailure.WithMaxTest(60).WithReplay(new Replay(new Rnd(7, 1), null)).WithQuietOnSuccess(true);

        Check.One(config, Prop.ForAll(cases.ToArbitrary(), RepairAsync));
    }

    private static async Task RepairAsync((int Seed, int Files, bool IsFlat, int Differences) given)
    {
        var random = new Random(given.Seed);
        var entries = Entries(given.Files, given.IsFlat);
        var known = TreeOf(entries);
        var own = TreeOf(entries);
        // Another holder of the same paths must not be mixed in.
        known.Apply(Other, DirectoryPatch.Replace(TreeModel.Draft(entries.Take(5))));
        for (var number = 0; number < given.Differences; number++)
        {
            own.Apply(Node, TreeModel.Patch([Change(random, entries)]));
            // A removed directory can have more entries than are worth a repair; the others stay few.
            if (given.IsFlat && random.Next(2) == 0) known.Apply(Node, TreeModel.Patch([Change(random, entries)]));
        }

        var search = Search(own.Current, known.Current, out _);
        if (search.Found is not { } ranges)
        {
            Assert.IsTrue(given.Files <= 300 || !given.IsFlat, "few differences among many entries are found");
            return;
        }

        var update = await SentAsync(own.Current, search.KnownDigest!.Value, ranges);
        RangeEntries.RemoveOthers(update.Patch, known.Current, Node, ranges);
        Assert.IsTrue(known.TryApply(Node, update.Patch, update.Header.Repair!.Digest));

        Assert.AreEqual(own.Current.HoldingOf(Node), known.Current.HoldingOf(Node));
        Assert.AreEqual(own.Current.DigestOf(Node), known.Current.DigestOf(Node));
        CollectionAssert.AreEqual(Paths(own.Current), Paths(known.Current));
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task TenDifferencesAmongFiftyThousand_CostAFewKilobytes(bool isFlat)
    {
        var entries = Entries(50_000, isFlat);
        var known = TreeOf(entries);
        var own = TreeOf(entries);
        own.Apply(Node, TreeModel.Patch(Enumerable.Range(0, 10).Select(number => Changed(entries[number * 4_999]))));

        var search = Search(own.Current, known.Current, out var bytes);
        var body = new MemoryStream();
        await WriteAsync(body, own.Current, search.KnownDigest!.Value, search.Found!);

        Assert.IsTrue(search.Found!.Count is > 0 and <= 10);
        Assert.IsTrue(bytes + body.Length < 16 * 1024, $"{bytes} bytes of questions and answers, and {body.Length} of entries");
    }

    [TestMethod]
    public void NothingDiffers_OneQuestionSaysSo()
    {
        var tree = TreeOf(Entries(5_000, isFlat: false)).Current;
        var search = new RangeSearch(tree, Node);

        search.Take(Answer(tree, search.Question!));

        Assert.IsNull(search.Question);
        Assert.AreEqual(0, search.Found!.Count);
        Assert.AreEqual(tree.HoldingOf(Node).Digest, search.KnownDigest);
    }

    // A full update costs less than the digests of very many ranges.
    [TestMethod]
    public void MuchDiffers_ItGivesUpBeforeItHasSpentMuch()
    {
        var entries = Entries(20_000, isFlat: true);
        var known = TreeOf(entries);
        var own = TreeOf(entries.Select(Changed));

        var search = Search(own.Current, known.Current, out var bytes);

        Assert.IsNull(search.Found);
        Assert.IsTrue(bytes < 100_000, $"{bytes} bytes");
    }

    [TestMethod]
    public void PeerThatHasNoAnswer_EndsTheSearch()
    {
        var search = new RangeSearch(TreeOf(Entries(10, isFlat: true)).Current, Node);

        search.Take(null);

        Assert.IsNull(search.Question);
        Assert.IsNull(search.Found);
    }

    [TestMethod]
    public void PeersKnowledgeChangesBetweenTwoAnswers_EndsTheSearch()
    {
        var entries = Entries(5_000, isFlat: true);
        var known = TreeOf(entries);
        var search = new RangeSearch(TreeOf([.. entries.Skip(1), Changed(entries[0])]).Current, Node);
        search.Take(Answer(known.Current, search.Question!));
        Assert.IsNotNull(search.Question);

        known.Apply(Node, TreeModel.Patch([Changed(entries[7])]));
        search.Take(Answer(known.Current, search.Question));

        Assert.IsNull(search.Question);
        Assert.IsNull(search.Found);
    }

    [TestMethod]
    public void AnswerOfAnotherLength_EndsTheSearch()
    {
        var search = new RangeSearch(TreeOf(Entries(10, isFlat: true)).Current, Node);

        search.Take(new RangeAnswer(1, [1, 2, 3]));

        Assert.IsNull(search.Question);
        Assert.IsNull(search.Found);
    }

    // The parts of a range add up to it: what is found at one level is found at the next.
    [TestMethod]
    public void DigestsOfTheParts_AddUpToThatOfTheRange()
    {
        var tree = TreeOf(Entries(2_000, isFlat: false)).Current;
        var ranges = new EntryRanges(3, [1, 2, 6]);

        var whole = RangeEntries.Digests(tree, Node, ranges, 0);
        var parts = RangeEntries.Digests(tree, Node, ranges, 4);

        CollectionAssert.AreEqual(whole, parts.Chunk(16).Select(chunk => chunk.Aggregate((sum, next) => unchecked(sum + next))).ToArray());
        Assert.AreEqual((uint)tree.HoldingOf(Node).Digest, RangeEntries.Digests(tree, Node, EntryRanges.All, 0).Single());
    }

    // A hash that favoured some ranges would make their entries expensive to repair.
    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void Entries_AreSpreadEvenlyOverTheRanges(bool isFlat)
    {
        var tree = TreeOf(Entries(3_200, isFlat)).Current;

        var counts = Enumerable.Range(0, 16).Select(prefix => RangeEntries.Of(tree, Node, new EntryRanges(4, [(uint)prefix])).Count()).ToList();

        Assert.IsTrue(counts.Min() > 140 && counts.Max() < 270, $"{counts.Min()} to {counts.Max()} of 200 expected");
    }

    // A directory that a node no longer announces stays while the node has something in it.
    [TestMethod]
    public void DirectoryThatIsNoLongerAnnounced_KeepsItsFiles()
    {
        var file = File("/d/f", 1);
        var known = TreeOf([Directory("/d"), file]);
        var own = TreeOf([file]);

        var patch = new DirectoryPatch();
        RangeEntries.RemoveOthers(patch, known.Current, Node, new EntryRanges(0, [0]));
        patch.PutFile(file.Path, file.Facts);

        Assert.IsTrue(known.TryApply(Node, patch, own.Current.HoldingOf(Node).Digest));
        CollectionAssert.AreEqual(Paths(own.Current), Paths(known.Current));
    }

    [TestMethod]
    public void PatchThatLeadsToAnotherDigest_ChangesNothing()
    {
        var known = TreeOf([File("/f", 1)]);
        var before = known.Current;

        Assert.IsFalse(known.TryApply(Node, TreeModel.Patch([File("/g", 1)]), 12345));

        Assert.AreSame(before, known.Current);
    }

    private static RangeSearch Search(TreeSnapshot own, TreeSnapshot known, out long bytes)
    {
        var search = new RangeSearch(own, Node);
        bytes = 0;
        for (var asked = 0; search.Question is { } question; asked++)
        {
            Assert.IsTrue(asked < 8, "the search does not end");
            var (sent, received) = (new ArrayBufferWriter<byte>(), new ArrayBufferWriter<byte>());
            question.Write(sent);
            Answer(known, RangeQuestion.Parse(sent.WrittenMemory)).Write(received);
            search.Take(RangeAnswer.Parse(received.WrittenMemory));
            bytes += sent.WrittenCount + received.WrittenCount;
        }

        return search;
    }

    private static RangeAnswer Answer(TreeSnapshot known, RangeQuestion question) =>
        new(known.HoldingOf(Node).Digest, RangeEntries.Digests(known, Node, question.Ranges, question.Split));

    private static async Task WriteAsync(Stream body, TreeSnapshot own, ulong known, EntryRanges ranges)
    {
        var header = new UpdateHeader(Node, false, 1, new UpdatePosition(1, 2, 2), known, new RangeRepair(ranges, own.HoldingOf(Node).Digest));
        await UpdateBody.WriteAsync(
            body, compress: true, (writer, token) => UpdateWriter.WriteChangesAsync(writer, header, RangeEntries.Of(own, Node, ranges), toLegacy: false, token), default);
    }

    private static async Task<ReceivedUpdate> SentAsync(TreeSnapshot own, ulong known, EntryRanges ranges)
    {
        using var body = new MemoryStream();
        await WriteAsync(body, own, known, ranges);
        body.Position = 0;
        using var memory = new UpdateMemory(new UpdateLimits()).Begin();
        return await UpdateReader.ReadAsync(
            PipeReader.Create(new System.IO.Compression.BrotliStream(body, System.IO.Compression.CompressionMode.Decompress)), memory, Stamp.Max, default);
    }

    /// <summary>One directory of so many files, or directories of twenty in each other.</summary>
    private static List<EntryChange> Entries(int files, bool isFlat)
    {
        if (isFlat) return [.. Enumerable.Range(0, files).Select(number => File($"/f{number:D6}", number))];
        var entries = new List<EntryChange>();
        for (var number = 0; number < files; number++)
        {
            var directory = $"/a{number / 2_000}/b{number / 200 % 10}/c{number / 20 % 10}";
            if (number % 2_000 == 0) entries.Add(Directory($"/a{number / 2_000}"));
            if (number % 200 == 0) entries.Add(Directory($"/a{number / 2_000}/b{number / 200 % 10}"));
            if (number % 20 == 0) entries.Add(Directory(directory));
            entries.Add(File(string.Create(CultureInfo.InvariantCulture, $"{directory}/f{number % 20}"), number));
        }

        return entries;
    }

    private static EntryChange Change(Random random, List<EntryChange> entries)
    {
        var some = entries.Count > 0 ? entries[random.Next(entries.Count)] : File("/none", 1);
        return random.Next(6) switch
        {
            0 => EntryChange.Delete(some.Path, Stamp.FromSeconds(9)),
            1 => File(some.Path.Value + "-new", random.Next()),
            2 => File(some.Path.Value + "-new/deep/er", random.Next()),
            3 => Directory(some.Path.Value),
            _ => Changed(some),
        };
    }

    private static EntryChange Changed(EntryChange entry) => entry with { Facts = entry.Facts with { Stamp = new Stamp(entry.Facts.Stamp.Value + 1) } };

    private static EntryChange File(string path, long size) =>
        EntryChange.Put(VirtualPath.Parse(path), new FileFacts(size, UnixTime.FromSeconds(5 + size), 0b110_100_100, Stamp.FromSeconds(7)));

    private static EntryChange Directory(string path) =>
        EntryChange.Put(VirtualPath.Parse(path), new DirectoryFacts(UnixTime.FromSeconds(3), 0b111_101_101, Stamp.FromSeconds(7)));

    private static TreeWriter TreeOf(IEnumerable<EntryChange> entries)
    {
        var tree = new TreeWriter();
        tree.Apply(Node, DirectoryPatch.Replace(TreeModel.Draft(entries)));
        return tree;
    }

    private static List<string> Paths(TreeSnapshot tree) =>
        [.. new NodeSnapshot(tree, Node).Walk(VirtualPath.Root)
            .Select(step => $"{step.Path} {(step.Entry.IsDirectory ? -1 : step.Entry.Size)} {step.Entry.Modified.Nanoseconds}")];
}
