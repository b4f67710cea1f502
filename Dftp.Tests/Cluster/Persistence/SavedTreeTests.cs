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
            new FileFacts(1L << (number % 50), new UnixTime(number), number % 0b1_000_000_000, new Stamp(number)))));
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
        model.Apply(Nodes[0], Enumerable.Range(0, 20_000).Select(number => EntryChange.Put(VirtualPath.Parse($"/{number:D6}-and-some-more"), new FileFacts(1, new UnixTime(number), 1, new Stamp(1)))));
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
            EntryChange.Put(VirtualPath.Parse("/d/one"), new FileFacts(1, new UnixTime(2), 3, new Stamp(4))),
            EntryChange.Put(VirtualPath.Parse("/d/two"), new FileFacts(1L << 40, new UnixTime(5), 6, new Stamp(7)))]);

        Assert.AreEqual((2, LayoutOfVersion2), (FileColumns.LayoutVersion, Convert.ToHexString(Tree(model).Root.Children[0].Owner.Files.Data)));
    }

    private const string LayoutOfVersion2 = "020000000B0003000100000000010000040000000000000002000000000000000500000000000000040000000000000007000000000000000100000000000000000000000001000003000600030006006F6E6574776F";

    // Written by the last program whose stamps were seconds.
    [TestMethod]
    public void FileOfTheEarlierFormat_IsReadOnceWithItsStampsAndDigests()
    {
        var read = Read(Convert.FromBase64String(EarlierFile));

        CollectionAssert.AreEqual(
            new[]
            {
                "/d/ 2", "/d/one 5 1600000000000000006 b 2", "/d/two 1099511627776 1600000000000000002 a 1", "/e/ 1",
                "/e/three 6 1600000000000000008 b 1", "/same 3 1600000000000000003 a 1", "/such 4 1600000000000000004 a 1",
            },
            TreeModel.Render(read.Tree).ToList());
        Assert.AreEqual((9733389246497468338, 1919080628145642452ul), (read.Tree.DigestOf(Nodes[0]), read.Tree.DigestOf(Nodes[1])));
        var part = read.Tree.Root.FindChild("d"u8)!.PartOf(Nodes[0])!;
        Assert.AreEqual(new DirectoryFacts(new UnixTime(1_600_000_000_000_000_005), 493, Stamp.FromSeconds(1_700_000_000)), part.Announced);
        Assert.AreEqual(
            new FileFacts(1, new UnixTime(1_600_000_000_000_000_001), 420, Stamp.FromSeconds(1_700_000_001)), part.Files[part.Files.Find("one"u8)]);
        Assert.AreEqual(
            new FileFacts(1L << 40, new UnixTime(1_600_000_000_000_000_002), 384, Stamp.FromSeconds(1_700_000_002), IsRevised: true),
            part.Files[part.Files.Find("two"u8)]);
        foreach (var directory in new[] { read.Tree.Root, read.Tree.Root.FindChild("d"u8)!, read.Tree.Root.FindChild("e"u8)! })
        {
            foreach (var known in directory.PartsArray())
            {
                var again = new FileColumnsBuilder();
                again.Add(known.Files);
                Assert.AreEqual(again.Build(), known.Files, "the columns are those of a new file");
            }
        }

        var next = Write(read.Tree);
        Assert.AreEqual(SavedTreeWriter.Version, BitConverter.ToInt32(next, SavedTreeWriter.Magic.Length));
        CollectionAssert.AreEqual(read.Tree.Holdings.ToList(), Read(next).Tree.Holdings.ToList());
    }

    [TestMethod]
    public void DamagedFileOfTheEarlierFormat_IsRefusedOrReadWithoutAFault()
    {
        var whole = Convert.FromBase64String(EarlierFile);
        for (var length = 0; length < whole.Length; length++) AssertRefused(whole[..length], $"{length} bytes");
        var random = new System.Random(10);
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

    private const string EarlierFile =
        "ZGZ0cHRyZWUBAQAAxQEAQPEcRkUBYQRob21lCC9zdG9yYWdlAS8K8VNlAAAAAAIBYQQAAAAAAAAAAQAAAAAAAAAIAAAAAAEAALKvFjLz8ROHAWIC"
        + "AAAAAAAAAAIAAAAAAAAACwAAAAAAAADUW/TfqfGhGgACAAAFAKDYhVc0Fu0BAAAAAOQ5gUBnso3dPAIAAAAAAAAABwAAAAAAAAAD8VNlpAEAAAMA"
        + "oNiFVzQWBACg2IVXNBYDAAAABAAAAAQACABzYW1lc3VjaAEABwCg2IVXNBbtAQAAAAAAAAAAAAAAAAACAWQCAAEFAKDYhVc0Fu0BAPFTZc51lfGL"
        + "P4apTgIAAAALAAAAAQAAAAABAAAB8VNlpAEAAAEAoNiFVzQWAgCg2IVXNBYBAAAAAAAAAAAAAAAAAQAAAfFTZQLxU2UDAAYApAGAgW9uZXR3bwEA"
        + "BgCg2IVXNBbtAQAAAAAoClLKRnDZxykBAAAAAAAAAAUAAAAAAAAABPFTZaQBAAAGAKDYhVc0FgUAAAADAG9uZQABZQEBAQcAoNiFVzQWwAEF8VNl"
        + "rFGiFWOByFIrAQAAAAAAAAAGAAAAAAAAAAbxU2WkAQAACACg2IVXNBYGAAAABQB0aHJlZQA=";

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
