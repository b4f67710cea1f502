using Dftp.FileSystem;

namespace Dftp.Cluster.Index;

/// <summary>All that one node held at one moment, apart from any tree. It shares the columns with the tree that it is of.</summary>
internal sealed class RetainedEntries
{
    private readonly DirectoryBuilder _root;

    private RetainedEntries(DirectoryBuilder root, ulong digest)
    {
        _root = root;
        Digest = digest;
    }

    public ulong Digest { get; }

    /// <returns>Null where the tree has nothing of the node.</returns>
    public static RetainedEntries? Of(TreeSnapshot tree, NodeName node)
    {
        if (!tree.Holdings.TryGetValue(node, out var holding)) return null;
        return new RetainedEntries(DirectoryBuilder.Of(tree.Root, node), holding.Digest);
    }

    /// <summary>Puts them back in the place of what the node holds now.</summary>
    public DirectoryPatch AsPatch() => DirectoryPatch.Replace(_root);
}
