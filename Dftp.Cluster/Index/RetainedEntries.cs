using Dftp.FileSystem;

namespace Dftp.Cluster.Index;

/// <summary>All entries of one node at one moment, outside of any tree. Shares the columns with its tree.</summary>
internal sealed class RetainedEntries
{
    private readonly DirectoryBuilder _root;

    private readonly NodeName _node;

    private RetainedEntries(DirectoryBuilder root, NodeName node, ulong digest)
    {
        _root = root;
        _node = node;
        Digest = digest;
    }

    public ulong Digest { get; }

    /// <returns>Null if the tree has no entries of the node, or is not in memory.</returns>
    public static RetainedEntries? Of(ITreeIndex index, NodeName node)
    {
        if (index.InMemory?.Current is not { } tree || !tree.Holdings.TryGetValue(node, out var holding)) return null;
        return new RetainedEntries(DirectoryBuilder.Of(tree.Root, node), node, holding.Digest);
    }

    /// <summary>A tree of these entries alone. Computes their digests again: a tenth of a second for a million files.</summary>
    public TreeSnapshot AsTree() => new TreeWriter().Apply(_node, AsPatch());

    /// <summary>Restores them in place of the node's current entries.</summary>
    public DirectoryPatch AsPatch() => DirectoryPatch.Replace(_root);
}
