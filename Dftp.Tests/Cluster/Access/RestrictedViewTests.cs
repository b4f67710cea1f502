using Dftp.FileSystem;
using Dftp.Tests.Support;

namespace Dftp.Tests.Cluster.Access;

[TestClass]
public sealed class RestrictedViewTests
{
    private static readonly MemoryFileTree Tree = new MemoryFileTree()
        .File("/open", "text").File("/secret/f", "secret").File("/secret/mine/m", "mine").File("/listed/l", "listed");

    private readonly ITreeView _view = ((IFileTree)Tree).For(new Principal("user", [
        new(VirtualPath.Root, Right.Read), new(Path("/secret"), Right.None), new(Path("/secret/mine"), Right.Write),
        new(Path("/listed"), Right.List),
    ]));

    [TestMethod]
    public void APrincipalThatReadsEverything_GetsTheWholeViewItself()
    {
        Assert.AreSame(Tree, ((IFileTree)Tree).For(Principal.Anonymous));
        Assert.AreNotSame(Tree, _view);
    }

    [TestMethod]
    [DataRow("/open", null)]
    [DataRow("/secret/mine/m", null)]
    [DataRow("/secret/f", FileErrorKind.NotFound)]
    [DataRow("/secret/none", FileErrorKind.NotFound)]
    [DataRow("/secret", FileErrorKind.IsDirectory)]
    [DataRow("/listed/l", FileErrorKind.AccessDenied)]
    [DataRow("/listed/none", FileErrorKind.NotFound)]
    [DataRow("/listed", FileErrorKind.IsDirectory)]
    public async Task OpenLookAndDigest_FailAlike(string text, FileErrorKind? expected)
    {
        var path = Path(text);
        _ = Tree.Snapshot.TryFind(path, out var file);

        var opened = await _view.OpenAsync(path, file, RangeSpec.Whole, CancellationToken.None);
        var looked = await _view.LookAsync(path, file, CancellationToken.None);
        var digest = await _view.DigestAsync(path, file, null, null, CancellationToken.None);

        Assert.AreEqual(expected, opened.Error?.Kind);
        Assert.AreEqual(expected, looked.Error?.Kind);
        Assert.AreEqual(expected, digest.Error?.Kind);
    }

    // What may not be seen answers word for word as what does not exist.
    [TestMethod]
    public async Task AHiddenFile_AnswersAsAnAbsentOne()
    {
        var (hidden, absent) = (Path("/secret/f"), Path("/absent"));
        Assert.IsTrue(Tree.Snapshot.TryFind(hidden, out var file));

        var error = (await _view.OpenAsync(hidden, file, RangeSpec.Whole, CancellationToken.None)).Error;
        var other = (await _view.OpenAsync(absent, file, RangeSpec.Whole, CancellationToken.None)).Error;

        Assert.AreEqual(other!.Message.Replace("/absent", "/secret/f", StringComparison.Ordinal), error!.Message);
    }

    [TestMethod]
    public async Task ADigest_IsKnownToReadersOnly()
    {
        var path = Path("/secret/f");
        Assert.IsTrue(Tree.Snapshot.TryFind(path, out var file));
        await Tree.DigestAsync(path, file, null, null, CancellationToken.None);

        Assert.IsNotNull(Tree.KnownDigest(path, file, null));
        Assert.IsNull(_view.KnownDigest(path, file, null));
    }

    [TestMethod]
    public void Nodes_HaveNoSums()
    {
        Assert.AreEqual(4L, Tree.Nodes.Single().Files);
        Assert.AreEqual((MemoryFileTree.Node, null, null), (_view.Nodes.Single().Name, _view.Nodes.Single().Files, _view.Nodes.Single().Bytes));
        Assert.IsNull(_view.FindNode(MemoryFileTree.Node)!.Files);
        Assert.IsNull(_view.FindNode(NodeName.Parse("other")));
    }

    [TestMethod]
    [DataRow(null, "/")]
    [DataRow("/", "/")]
    [DataRow("/open", "/open")]
    [DataRow("/secret/deep", "")]
    [DataRow("/secret", "/secret/mine")]
    [DataRow("/secret/mine/x", "/secret/mine/x")]
    public void UnreadablePlaces_AreNamedIfTheyAreVisible(string? place, string expected)
    {
        var node = NodeName.Parse("n");
        var tree = new MemoryFileTree { Missing = [new MissingNode(node, default, Path: place is null ? null : Path(place))] };

        var missing = ((IFileTree)tree).For(new Principal("user", [
            new(VirtualPath.Root, Right.Read), new(Path("/secret"), Right.None), new(Path("/secret/mine"), Right.Read),
        ])).Missing;

        Assert.AreEqual(expected, string.Join(' ', missing.Select(one => one.Path?.Value ?? "/")));
    }

    [TestMethod]
    public void ATreeWithoutEvents_HasNoneForAnyone() => Assert.IsNull(_view.Follow(null));

    private static VirtualPath Path(string text) => VirtualPath.Parse(text);
}
