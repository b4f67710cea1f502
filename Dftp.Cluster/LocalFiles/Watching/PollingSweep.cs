using System.Text;
using Dftp.Cluster.Index;
using Dftp.Cluster.LocalFiles.Scanning;
using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles.Watching;

/// <summary>
/// Directories that are read again in small batches, so that changes reported meanwhile do not wait for the last of them.
/// </summary>
internal sealed class PollingSweep(IEnumerable<VirtualPath> directories, long startedAt) : IDisposable
{
    /// <summary>About ten thousand files, which take about 30 ms to read.</summary>
    private const int DirectoriesAtOnce = 512;

    private readonly IEnumerator<VirtualPath> _rest = directories.GetEnumerator();

    public long StartedAt => startedAt;

    /// <summary>The next directories; none at the end.</summary>
    public DirtyBatch Next()
    {
        var next = new HashSet<VirtualPath>();
        while (next.Count < DirectoriesAtOnce && _rest.MoveNext()) next.Add(_rest.Current);
        return new DirtyBatch(next, new HashSet<VirtualPath>());
    }

    public void Dispose() => _rest.Dispose();

    /// <summary>The directories of a node in an immutable tree; a parent comes before its children.</summary>
    /// <returns>Paths relative to the mount.</returns>
    public static IEnumerable<VirtualPath> OwnDirectories(TreeSnapshot tree, NodeName node, VirtualPath mount)
    {
        yield return VirtualPath.Root;
        if (TreePath.FindDirectory(tree.Root, mount) is not { } start) yield break;
        var open = new Stack<(TreeDirectory Directory, VirtualPath Path)>();
        open.Push((start, VirtualPath.Root));
        while (open.TryPop(out var next))
        {
            foreach (var child in next.Directory.Children)
            {
                if (child.PartOf(node) is null) continue;
                var path = next.Path.Child(Encoding.UTF8.GetString(child.Name));
                yield return path;
                open.Push((child, path));
            }
        }
    }
}
