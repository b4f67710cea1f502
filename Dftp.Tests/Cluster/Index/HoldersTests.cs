using Dftp.Cluster.Index;
using Dftp.FileSystem;
using Dftp.Tests.Support;

namespace Dftp.Tests.Cluster.Index;

[TestClass]
public sealed class HoldersTests
{
    private static readonly NodeName A = NodeName.Parse("a"), B = NodeName.Parse("b"), C = NodeName.Parse("c");

    private readonly TreeWriter _tree = new();

    [TestMethod]
    public void HoldersOfAFile_AreAllWithTheirOwnFacts_TheOwnerFirst()
    {
        Put(A, "/d/x", 1, changed: 1);
        Put(B, "/d/x", 2, changed: 3);
        Put(C, "/d/x", 3, changed: 2);

        Assert.AreEqual("b 2, c 3, a 1", Text("/d/x"));
        Assert.AreEqual("", Text("/d/nothing"));
        Assert.AreEqual("b 2", Text("/d/x", new NodeSnapshot(_tree.Current, B)));
    }

    [TestMethod]
    public void HoldersOfADirectory_AreThoseWithSomethingInIt()
    {
        Put(A, "/d/x", 1);
        Put(B, "/d/e/y", 2);
        Put(C, "/z", 3);

        Assert.AreEqual("a 3, b 3", Text("/d"));
        Assert.AreEqual("a 6, b 6, c 6", Text("/"));
        Assert.AreEqual("b 6", Text("/", new NodeSnapshot(_tree.Current, B)));
        Assert.AreEqual("", Text("/d/e", new NodeSnapshot(_tree.Current, A)));
        Assert.AreEqual("", Text("/", TreeSnapshot.Empty));
    }

    // A file that a directory hides is at no path.
    [TestMethod]
    public void Copies_AreThoseOfAllHolders_WithoutTheHiddenOnes()
    {
        Put(A, "/d/x", 1);
        Put(B, "/d/x", 2);
        Put(B, "/n", 3);
        Put(A, "/n/y", 4);

        ITreeSnapshot tree = _tree.Current;
        string Copies(ITreeSnapshot snapshot, string under) => string.Join(
            ", ", snapshot.Copies(VirtualPath.Parse(under)).Select(copy => $"{copy.Path} {copy.Entry.Owner} {copy.Entry.Size}").Order(StringComparer.Ordinal));
        Assert.AreEqual("/d/x a 1, /d/x b 2, /n/y a 4", Copies(tree, "/"));
        Assert.AreEqual("/d/x a 1, /d/x b 2", Copies(tree, "/d"));
        Assert.AreEqual("/d/x b 2, /n b 3", Copies(new NodeSnapshot(_tree.Current, B), "/"));
    }

    private string Text(string path, ITreeSnapshot? tree = null) =>
        string.Join(", ", (tree ?? _tree.Current).HoldersOf(VirtualPath.Parse(path)).Select(holder => $"{holder.Owner} {holder.Size}"));

    private void Put(NodeName node, string path, long size, uint changed = 1) => _tree.Apply(
        node, TreeModel.Patch([new EntryChange(VirtualPath.Parse(path), EntryChangeKind.PutFile, new FileFacts(size, UnixTime.FromSeconds(1), 420, Stamp.FromSeconds(changed)))]));
}
