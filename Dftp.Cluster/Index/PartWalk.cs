using System.Text;
using Dftp.FileSystem;

namespace Dftp.Cluster.Index;

/// <summary>Visits all parts of a node with the hashes of their paths, each directory before its children.</summary>
internal sealed class PartWalk
{
    private readonly NodeName _node;
    private readonly Stack<(TreeDirectory Directory, ulong PathHash, int Depth)> _open = new();
    private readonly List<byte[]> _names = [];

    public PartWalk(TreeSnapshot tree, NodeName node)
    {
        _node = node;
        if (tree.Root.PartOf(node) is not null) _open.Push((tree.Root, 0, 0));
    }

    public NodeEntries Part { get; private set; } = null!;

    /// <summary>The hash of the directory's path, from which those of its files follow: <see cref="NodeEntries.FileHash"/>.</summary>
    public ulong PathHash { get; private set; }

    /// <summary>The directory's path, put together at each call.</summary>
    public VirtualPath Path => _names.Count == 0
        ? VirtualPath.Root : VirtualPath.Parse("/" + string.Join('/', _names.Select(Encoding.UTF8.GetString)));

    public bool MoveNext()
    {
        if (!_open.TryPop(out var next)) return false;
        Part = next.Directory.PartOf(_node)!;
        PathHash = next.PathHash;
        if (next.Depth > 0)
        {
            _names.RemoveRange(next.Depth - 1, _names.Count - next.Depth + 1);
            _names.Add(next.Directory.Name);
        }

        for (var index = next.Directory.Children.Length - 1; index >= 0; index--)
        {
            var child = next.Directory.Children[index];
            if (child.PartOf(_node) is not null) _open.Push((child, TreeMerge.ChildHash(next.PathHash, child.Name), next.Depth + 1));
        }

        return true;
    }
}
