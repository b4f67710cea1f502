using Dftp.FileSystem;
using Dftp.Tests.Support;

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
