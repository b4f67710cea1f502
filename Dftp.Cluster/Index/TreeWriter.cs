using Dftp.FileSystem;

namespace Dftp.Cluster.Index;

/// <summary>The one place where the tree changes: each change swaps in a new snapshot, and readers go on with the one they took.</summary>
internal sealed class TreeWriter
{
    private readonly Lock _writing = new();
    private volatile TreeSnapshot _current = TreeSnapshot.Empty;

    public TreeSnapshot Current => _current;

    /// <summary>Called after each change, outside of the lock, by who made it: it must not wait.</summary>
    public event Action? Changed;

    /// <summary>Puts what a node says of its own entries into the tree.</summary>
    public TreeSnapshot Apply(NodeName node, DirectoryPatch patch) => Change(node, merge => merge.Apply(_current.Root, patch, []));

    /// <summary>Takes all that a node holds out of the tree.</summary>
    public TreeSnapshot Remove(NodeName node) => Change(node, merge => merge.Remove(_current.Root));

    /// <summary>Begins with a tree that was kept from an earlier start.</summary>
    /// <exception cref="InvalidOperationException">Something is in the tree already.</exception>
    public void Begin(TreeSnapshot kept)
    {
        lock (_writing)
        {
            if (_current.Version != 0) throw new InvalidOperationException("the tree has begun already");
            _current = new TreeSnapshot(kept.Root, kept.Holdings, 1);
        }
    }

    private TreeSnapshot Change(NodeName node, Func<TreeMerge, TreeDirectory?> change)
    {
        TreeSnapshot now;
        lock (_writing)
        {
            var old = _current;
            var merge = new TreeMerge(node);
            var root = change(merge) ?? TreeDirectory.Empty;
            if (ReferenceEquals(root, old.Root)) return old;
            var holding = old.HoldingOf(node) + merge.Difference;
            var holdings = root.PartOf(node) is null ? old.Holdings.Remove(node) : old.Holdings.SetItem(node, holding);
            _current = now = new TreeSnapshot(root, holdings, old.Version + 1);
        }

        Changed?.Invoke();
        return now;
    }
}
