using Dftp.Cluster.Index;
using Dftp.Cluster.Persistence;
using Dftp.FileSystem;
using Dftp.Tests.Cluster.Index;
using FsCheck;
using FsCheck.Fluent;

namespace Dftp.Tests.Cluster.Persistence;

[TestClass]
public sealed class SavedTreeTests
{
    private static readonly NodeName[] Nodes = [NodeName.Parse("a"), NodeName.Parse("b"), NodeName.Parse("c")];

    private static readonly TreeOrigin Origin = new(Nodes[0], "home", "/storage", VirtualPath.Root);

    private static readonly DateTimeOffset Then = DateTimeOffset.FromUnixTimeSeconds(1_477_224_426);

    [TestMethod]
    public void AnyTree_IsReadAsItWasWritten() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(200).WithReplay(new Replay(new Rnd(20261124, 1), null)).WithQuietOnSuccess(true),
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            var tree = RandomTree(new System.Random(seed));

            var read = Read(Write(tree));

            Assert.AreEqual(Then, read.SavedAt);
            CollectionAssert.AreEqual(TreeModel.Render(tree).ToList(), TreeModel.Render(read.Tree).ToList());
            CollectionAssert.AreEqual(tree.Holdings.ToList(), read.Tree.Holdings.ToList());
            foreach (var node in Nodes) Assert.AreEqual(tree.DigestOf(node), read.Tree.DigestOf(node));
            Assert.AreEqual(tree.Totals, read.Tree.Totals);
        }));

    [TestMethod]
    public void TreeCannotReplaceTheFile_ReportsTheWrittenBytes()
    {
        var state = Directory.CreateTempSubdirectory("dftp-state-").FullName;
        try
        {
            var path = Path.Combine(state, "tree");
            Directory.CreateDirectory(Path.Combine(path, "in the way"));
            var file = new SavedTreeFile(path, Origin);
            var tree = new SavedTree(RandomTree(new System.Random(1)), Then);

            Assert.Throws<Exception>(() => file.Write(tree, default));

            Assert.AreEqual(new SavedTreeFile(path + ".other", Origin).Write(tree, default), file.LastWritten);
        }
        finally
        {
            Directory.Delete(state, recursive: true);
        }
    }

    [TestMethod]
    public void NodesThatAreNotWanted_AreLeftOutAsIfTheyHadLeft() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(50).WithReplay(new Replay(new Rnd(20261124, 1), null)).WithQuietOnSuccess(true),
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            var tree = RandomTree(new System.Random(seed));
            var without = new TreeWriter();
            without.Begin(tree);
            var expected = without.Remove(Nodes[1]);

            var read = Read(Write(tree), node => node != Nodes[1]).Tree;

            CollectionAssert.AreEqual(TreeModel.Render(expected).ToList(), TreeModel.Render(read).ToList());
            CollectionAssert.AreEqual(expected.Holdings.ToList(), read.Holdings.ToList());
        }));

    [TestMethod]
    public void WideAndLargeColumns_AreReadAsTheyWereWritten()
    {
        var model = new TreeModel();
        model.Apply(Nodes[0], Enumerable.Range(0, 9000).Select(number => EntryChange.Put(
            VirtualPath.Parse($"/many/{number:D6}-{new string('n', 40)}"),
            new FileFacts(1L << (number % 50), new UnixTime(number), number % 0b1_000_000_000, (uint)number))));
        var tree = Tree(model);

        var file = Write(tree);

        Assert.IsTrue(file.Length > 2 * BlockWriter.BlockSize, "several blocks");
        CollectionAssert.AreEqual(TreeModel.Render(tree).ToList(), TreeModel.Render(Read(file).Tree).ToList());
    }

    [TestMethod]
    public void FileThatBreaksOff_IsRefusedWhereverItDoes()
    {
        var file = Write(RandomTree(new System.Random(1)));
        for (var length = 0; length < file.Length; length++) AssertRefused(file[..length], $"{length} of {file.Length} bytes");
        AssertRefused([.. file, 0], "a byte more");
    }

    [TestMethod]
    public void FileCutAtTheEndOfABlock_IsRefused()
    {
        var model = new TreeModel();
        model.Apply(Nodes[0], Enumerable.Range(0, 20_000).Select(number => EntryChange.Put(VirtualPath.Parse($"/{number:D6}-and-some-more"), new FileFacts(1, new UnixTime(number), 1, 1))));
        var file = Write(Tree(model));
        var firstBlock = 12 + BlockWriter.HeaderSize + BlockWriter.BlockSize;

        AssertRefused(file[..firstBlock], "one block");
        AssertRefused([.. file[..12], .. file[firstBlock..]], "without its first block");
    }

    [TestMethod]
    public void AnyFlippedBit_IsNoticed()
    {
        var file = Write(RandomTree(new System.Random(2)));
        for (var bit = 0; bit < file.Length * 8; bit++)
        {
            file[bit / 8] ^= (byte)(1 << (bit % 8));
            AssertRefused(file, $"bit {bit}");
            file[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    // The checksum finds accidents; what else is checked keeps the process whole should a file get past it.
    [TestMethod]
    public void WildBytesWithRightChecksums_AreRefusedOrReadWithoutAFault()
    {
        var whole = Write(RandomTree(new System.Random(3)));
        var random = new System.Random(4);
        for (var round = 0; round < 20_000; round++)
        {
            var block = whole[(12 + BlockWriter.HeaderSize)..];
            for (var count = random.Next(1, 4); count > 0; count--) block[random.Next(block.Length)] = (byte)random.Next(256);
            using var file = new MemoryStream();
            file.Write(whole, 0, 12);
            var writer = new BlockWriter(file);
            writer.Write(block);
            writer.End();
            file.Position = 0;
            try
            {
                TreeModel.Render(SavedTreeReader.Read(file, Origin, _ => true).Tree);
            }
            catch (InvalidDataException)
            {
                // As it should be.
            }
        }
    }

    [TestMethod]
    public void FileOfAnotherOrigin_IsRefusedAndNamesIt()
    {
        var file = Write(RandomTree(new System.Random(5)));

        Assert.AreEqual("it is of the node a", Refusal(file, Origin with { Node = Nodes[1] }));
        Assert.AreEqual("it is of the cluster home", Refusal(file, Origin with { ClusterName = "office" }));
        Assert.AreEqual("it is of the directory /storage", Refusal(file, Origin with { RootDirectory = "/data" }));
        Assert.AreEqual("it is of the mount /", Refusal(file, Origin with { Mount = VirtualPath.Parse("/under") }));
        file[8]++;
        Assert.AreEqual("it was written by another version of dftp", Refusal(file, Origin));
        Assert.AreEqual("it is no kept tree", Refusal("{\"nodes\": []}"u8.ToArray(), Origin));
    }

    // When this fails, the columns have another layout: count FileColumns.LayoutVersion on, so that no program reads another's files.
    [TestMethod]
    public void LayoutOfTheColumns_IsTheOneThatTheVersionStandsFor()
    {
        var model = new TreeModel();
        model.Apply(Nodes[0], [
            EntryChange.Put(VirtualPath.Parse("/d/one"), new FileFacts(1, new UnixTime(2), 3, 4)),
            EntryChange.Put(VirtualPath.Parse("/d/two"), new FileFacts(1L << 40, new UnixTime(5), 6, 7))]);

        Assert.AreEqual((1, LayoutOfVersion1), (FileColumns.LayoutVersion, Convert.ToHexString(Tree(model).Root.Children[0].Owner.Files.Data)));
    }

    private const string LayoutOfVersion1 = "020000000B000000010000000001000004000000030000000200000000000000050000000000000001000000000000000000000000010000040000000700000003000600030006006F6E6574776F";

    [TestMethod]
    public void FileIsWritten_OldFileStaysUntilItIsComplete()
    {
        using var state = new TemporaryState();
        var file = new SavedTreeFile(Path.Combine(state.Path, "below", "tree"), Origin);
        Assert.IsNull(file.Load(_ => true, out var nothing));
        Assert.IsNull(nothing, "a file that is not there is no news");

        var first = RandomTree(new System.Random(6));
        var length = file.Write(new SavedTree(first, Then), CancellationToken.None);
        Assert.AreEqual(new FileInfo(file.Path).Length, length);
        using (var ended = new CancellationTokenSource())
        {
            ended.Cancel();
            Assert.ThrowsExactly<OperationCanceledException>(() => file.Write(new SavedTree(RandomTree(new System.Random(7)), Then), ended.Token));
        }

        // As after a kill in the middle of a write.
        File.WriteAllBytes(file.Path + ".new", Write(RandomTree(new System.Random(8)))[..40]);
        CollectionAssert.AreEqual(TreeModel.Render(first).ToList(), TreeModel.Render(file.Load(_ => true, out _)!.Tree).ToList());

        var last = RandomTree(new System.Random(9));
        file.Write(new SavedTree(last, Then), CancellationToken.None);
        CollectionAssert.AreEqual(TreeModel.Render(last).ToList(), TreeModel.Render(file.Load(_ => true, out _)!.Tree).ToList());
        CollectionAssert.AreEqual(new[] { "tree" }, Directory.GetFiles(Path.GetDirectoryName(file.Path)!).Select(Path.GetFileName).ToList());
        if (!OperatingSystem.IsWindows()) Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file.Path));
    }

    private static TreeSnapshot RandomTree(System.Random random)
    {
        var writer = new TreeWriter();
        foreach (var node in Nodes)
        {
            if (random.Next(4) == 0) continue;
            for (var step = random.Next(1, 4); step > 0; step--)
                writer.Apply(node, TreeModel.Patch(TreeMergeTests.RandomChanges(random, random.Next(1, 12))));
        }

        return writer.Current;
    }

    private static TreeSnapshot Tree(TreeModel model)
    {
        var writer = new TreeWriter();
        return writer.Apply(Nodes[0], DirectoryPatch.Replace(TreeModel.Draft(model.Held(Nodes[0]))));
    }

    private static byte[] Write(TreeSnapshot tree)
    {
        using var file = new MemoryStream();
        SavedTreeWriter.Write(file, Origin, new SavedTree(tree, Then), CancellationToken.None);
        return file.ToArray();
    }

    private static SavedTree Read(byte[] bytes, Func<NodeName, bool>? isWanted = null)
    {
        using var file = new MemoryStream(bytes);
        return SavedTreeReader.Read(file, Origin, isWanted ?? (_ => true));
    }

    private static string Refusal(byte[] bytes, TreeOrigin origin)
    {
        using var file = new MemoryStream(bytes);
        return Assert.ThrowsExactly<InvalidDataException>(() => SavedTreeReader.Read(file, origin, _ => true)).Message;
    }

    private static void AssertRefused(byte[] bytes, string what)
    {
        using var file = new MemoryStream(bytes);
        Assert.ThrowsExactly<InvalidDataException>(() => SavedTreeReader.Read(file, Origin, _ => true), what);
    }

    private sealed class TemporaryState : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("dftp-state-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
