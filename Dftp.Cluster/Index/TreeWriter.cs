using Dftp.FileSystem;

namespace Dftp.Cluster.Index;

/// <summary>
/// The index in memory, and the only writer of the tree. Each change swaps in a new snapshot; readers keep the one they took.
/// </summary>
internal sealed class TreeWriter : ITreeIndex
{
    private readonly Lock _writing = new();
    private volatile TreeSnapshot _current = TreeSnapshot.Empty;

    public TreeSnapshot Current => _current;

    IIndexSnapshot ITreeIndex.Current => _current;

    TreeSnapshot ITreeIndex.Local => _current;

    TreeWriter ITreeIndex.InMemory => this;

    /// <summary>Called after each change, outside of the lock, on the thread of the change. It must not wait.</summary>
    public event Action? Changed;

    /// <summary>Applies a patch of a node's own entries.</summary>
    public TreeSnapshot Apply(NodeName node, DirectoryPatch patch) => Change(node, merge => merge.Apply(_current.Root, patch, []));

    /// <summary>Applies a patch of a node's own entries if all its entries together then have a digest.</summary>
    /// <returns>False if they would have another one. Nothing has changed.</returns>
    public bool TryApply(NodeName node, DirectoryPatch patch, ulong digest) =>
        Change(node, merge => merge.Apply(_current.Root, patch, []), digest).HoldingOf(node).Digest == digest;

    /// <summary>Removes all entries of a node.</summary>
    public TreeSnapshot Remove(NodeName node) => Change(node, merge => merge.Remove(_current.Root));

    ValueTask ITreeIndex.ApplyAsync(NodeName node, DirectoryPatch patch)
    {
        Apply(node, patch);
        return ValueTask.CompletedTask;
    }

    TreeSnapshot ITreeIndex.ApplyLocal(NodeName self, DirectoryPatch patch) => Apply(self, patch);

    void ITreeIndex.Remove(NodeName node) => Remove(node);

    /// <summary>Starts with the saved tree of an earlier start.</summary>
    /// <exception cref="InvalidOperationException">The tree is not empty.</exception>
    public void Begin(TreeSnapshot kept)
    {
        lock (_writing)
        {
            if (_current.Version != 0) throw new InvalidOperationException("the tree has begun already");
            _current = new TreeSnapshot(kept.Root, kept.Holdings, 1);
        }
    }

    private TreeSnapshot Change(NodeName node, Func<TreeMerge, TreeDirectory?> change, ulong? expectedDigest = null)
    {
        TreeSnapshot now;
        lock (_writing)
        {
            var old = _current;
            var merge = new TreeMerge(node);
            var root = change(merge) ?? TreeDirectory.Empty;
            if (ReferenceEquals(root, old.Root)) return old;
            var holding = old.HoldingOf(node) + merge.Difference;
            if (expectedDigest is { } expected && holding.Digest != expected) return old;
            var holdings = root.PartOf(node) is null ? old.Holdings.Remove(node) : old.Holdings.SetItem(node, holding);
            _current = now = new TreeSnapshot(root, holdings, old.Version + 1);
        }

        Changed?.Invoke();
        return now;
    }
}
