using Dftp.FileSystem;

namespace Dftp.Cluster.Index;

/// <summary>All entries of one node at one moment, outside of any tree. Shares the columns with its tree.</summary>
internal sealed class RetainedEntries
{
    private readonly DirectoryBuilder _root;

    private RetainedEntries(DirectoryBuilder root, ulong digest)
    {
        _root = root;
        Digest = digest;
    }

    public ulong Digest { get; }

    /// <returns>Null if the tree has no entries of the node.</returns>
    public static RetainedEntries? Of(TreeSnapshot tree, NodeName node)
    {
        if (!tree.Holdings.TryGetValue(node, out var holding)) return null;
        return new RetainedEntries(DirectoryBuilder.Of(tree.Root, node), holding.Digest);
    }

    /// <summary>Restores them in place of the node's current entries.</summary>
    public DirectoryPatch AsPatch() => DirectoryPatch.Replace(_root);
}
