using Dftp.FileSystem;
using Dftp.Tests.Support;

namespace Dftp.Tests.FileSystem;

/// <summary>The tests' own tree, on which the front ends are tested.</summary>
[TestClass]
public sealed class MemoryTreeContractTests : FileTreeContract
{
    private static readonly MemoryFileTree Memory = FilesIn(new MemoryFileTree());

    private protected override ITreeView Tree => Memory;

    private static MemoryFileTree FilesIn(MemoryFileTree tree)
    {
        foreach (var (path, content) in Files) tree.File("/" + path, content);
        return tree;
    }
}

/// <summary>The cluster's tree over one node that holds everything.</summary>
[TestClass]
public sealed class OneNodeTreeContractTests : FileTreeContract
{
    private static readonly TestCluster Cluster = new();
    private static ITreeView? _tree;

    private protected override ITreeView Tree => _tree!;

    [ClassInitialize]
    public static async Task StartAsync(TestContext context)
    {
        var node = await Cluster.StartAsync("holder", Files);
        await Cluster.ConvergedAsync();
        _tree = node.Tree;
    }

    [ClassCleanup]
    public static async Task StopAsync() => await Cluster.DisposeAsync();
}

/// <summary>The cluster's tree over three nodes: this one has a part of the files, and some files have two holders.</summary>
[TestClass]
public sealed class ThreeNodesTreeContractTests : FileTreeContract
{
    private static readonly TestCluster Cluster = new();
    private static ITreeView? _tree;

    private protected override ITreeView Tree => _tree!;

    private protected override IReadOnlyDictionary<string, int> Copies =>
        new Dictionary<string, int> { ["/b.txt"] = 2, ["/dir/inner.txt"] = 3 };

    [ClassInitialize]
    public static async Task StartAsync(TestContext context)
    {
        await Cluster.StartAsync("one", Of("b.txt", "Z.txt", "dir/inner.txt"));
        await Cluster.StartAsync("two", Of("b.txt", "a.txt", "dir/inner.txt", "dir/deep/leaf.json"));
        var node = await Cluster.StartAsync("three", Of("ä.txt", "dir/inner.txt"));
        await Cluster.UniteAsync();
        _tree = node.Tree;

        static IEnumerable<(string Path, string Content)> Of(params string[] paths) => Files.Where(file => paths.Contains(file.Path));
    }

    [ClassCleanup]
    public static async Task StopAsync() => await Cluster.DisposeAsync();
}

/// <summary>The cluster's tree at a node that holds nothing: every read goes to a peer.</summary>
[TestClass]
public sealed class EmptyNodeTreeContractTests : FileTreeContract
{
    private static readonly TestCluster Cluster = new();
    private static ITreeView? _tree;

    private protected override ITreeView Tree => _tree!;

    [ClassInitialize]
    public static async Task StartAsync(TestContext context)
    {
        await Cluster.StartAsync("holder", Files);
        var node = await Cluster.StartAsync("empty", []);
        await Cluster.UniteAsync();
        _tree = node.Tree;
    }

    [ClassCleanup]
    public static async Task StopAsync() => await Cluster.DisposeAsync();
}
