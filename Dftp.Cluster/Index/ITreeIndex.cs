using Dftp.FileSystem;

namespace Dftp.Cluster.Index;

/// <summary>
/// Where the merged tree is kept: the entries of each node, and the tree that they make by <see cref="OwnerRule"/>. The usual index is in
/// memory (<see cref="TreeWriter"/>) and completes every call synchronously; another one can be remote. Thread-safe.
/// </summary>
/// <remarks>
/// The entries of this node are in memory whatever the index is: scans are compared with them, reads check them, and updates are written
/// from them.
/// </remarks>
internal interface ITreeIndex
{
    /// <summary>The tree as of the last change that has taken effect. A request takes it once.</summary>
    IIndexSnapshot Current { get; }

    /// <summary>A tree in memory that has this node's own entries, as of the last <see cref="ApplyLocal"/>.</summary>
    TreeSnapshot Local { get; }

    /// <summary>
    /// The whole tree in memory; null if it is kept elsewhere. What works on parts of the tree in memory is then not offered: saving the
    /// tree, retaining the entries of a node that left, repair by ranges, single events instead of a reset.
    /// </summary>
    TreeWriter? InMemory => null;

    /// <summary>Raised after each change, outside of all locks. Handlers must not wait.</summary>
    event Action? Changed;

    /// <summary>Applies a patch of a peer's entries in one step. Changes take effect in the order of the calls.</summary>
    /// <returns>Completes when <see cref="Current"/> has the change. If it fails, nothing of the patch is applied.</returns>
    ValueTask ApplyAsync(NodeName node, DirectoryPatch patch);

    /// <summary>
    /// Applies a patch of this node's own entries. <see cref="Current"/> has the change at once, or in the order of the calls.
    /// </summary>
    /// <returns>The new <see cref="Local"/>.</returns>
    TreeSnapshot ApplyLocal(NodeName self, DirectoryPatch patch);

    /// <summary>Removes all entries of a node, at once or in the order of the calls.</summary>
    void Remove(NodeName node);
}

/// <summary>
/// The tree of an <see cref="ITreeIndex"/> at one moment, with what the cluster needs beyond a reader. Sums are always known.
/// </summary>
internal interface IIndexSnapshot : ITreeSnapshot
{
    TreeTotals Totals { get; }

    /// <summary>The totals of each node. A node without entries is not in it.</summary>
    IReadOnlyDictionary<NodeName, NodeTotals> Holdings { get; }

    NodeTotals HoldingOf(NodeName node) => Holdings.GetValueOrDefault(node);

    /// <summary>All holders of a file, the owner first, each with its own facts; empty for a directory or a missing path.</summary>
    ValueTask<IReadOnlyList<Entry>> FileHoldersAsync(VirtualPath path, CancellationToken cancellationToken = default);
}
