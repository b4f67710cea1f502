using Dftp.Cluster;
using Dftp.Cluster.LocalFiles.Watching;
using Dftp.FileSystem;
using Dftp.Tests.Cluster.Index;
using Dftp.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dftp.Tests.FileSystem;

/// <summary>The tests' own tree, on which the front ends are tested.</summary>
[TestClass]
public sealed class MemoryTreeContractTests : FileTreeContract
{
    private protected override Task<ITreeView> TreeOfAsync(IReadOnlyList<(string Path, string Content)> files)
    {
        var tree = new MemoryFileTree();
        foreach (var (path, content) in files) tree.File("/" + path, content);
        return Task.FromResult<ITreeView>(tree);
    }
}

/// <summary>The tree of a principal who may not see all of it.</summary>
[TestClass]
public sealed class RestrictedTreeContractTests : FileTreeContract
{
    private protected override Task<ITreeView> TreeOfAsync(IReadOnlyList<(string Path, string Content)> files)
    {
        var tree = new MemoryFileTree().File("/hidden/a.txt", "hidden").File("/hidden.txt", "hidden");
        foreach (var (path, content) in files) tree.File("/" + path, content);
        var user = new Principal("user", [
            new(VirtualPath.Root, Right.Read), new(VirtualPath.Parse("/hidden"), Right.None), new(VirtualPath.Parse("/hidden.txt"), Right.None),
        ]);
        return Task.FromResult(((IFileTree)tree).For(user));
    }
}

/// <summary>The cluster's tree at the node that holds everything.</summary>
[TestClass]
public sealed class HolderTreeContractTests : FileTreeContract, IAsyncDisposable
{
    private readonly TestCluster _cluster = new();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    private protected override async Task<ITreeView> TreeOfAsync(IReadOnlyList<(string Path, string Content)> files)
    {
        var node = await _cluster.StartAsync("holder", files);
        await _cluster.ConvergedAsync();
        return node.Tree;
    }
}

/// <summary>The cluster's tree at a node that holds nothing: every read goes to a peer.</summary>
[TestClass]
public sealed class EmptyNodeTreeContractTests : FileTreeContract, IAsyncDisposable
{
    private readonly TestCluster _cluster = new();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    private protected override async Task<ITreeView> TreeOfAsync(IReadOnlyList<(string Path, string Content)> files)
    {
        await _cluster.StartAsync("holder", files);
        var node = await _cluster.StartAsync("empty", []);
        await _cluster.UniteAsync();
        return node.Tree;
    }
}

/// <summary>The cluster's tree at a node whose index is not in memory: nothing completes synchronously.</summary>
[TestClass]
public sealed class RemoteIndexTreeContractTests : FileTreeContract, IAsyncDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("dftp-test-").FullName;
    private readonly DictionaryIndex _index = new();
    private ClusterNode? _node;

    public async ValueTask DisposeAsync()
    {
        if (_node is not null) await _node.DisposeAsync();
        Directory.Delete(_root, recursive: true);
    }

    private protected override async Task<ITreeView> TreeOfAsync(IReadOnlyList<(string Path, string Content)> files)
    {
        foreach (var (path, content) in files)
        {
            var file = Path.Combine(_root, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, content);
        }

        _node = new ClusterNode(
            new ClusterOptions { NodeName = NodeName.Parse("holder") }, _root, TimeProvider.System, NullLoggerFactory.Instance, _index);
        _node.StartScan();
        await Eventually.TrueAsync(() => _node.ScanStatus.State == ScanState.Following, "the root is scanned");
        await _index.SettledAsync();
        var tree = _node.Tree.For(Principal.Anonymous);
        Assert.IsInstanceOfType<DictionarySnapshot>(tree.Snapshot);
        return new AwaitedView(tree);
    }
}
