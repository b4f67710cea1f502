using Dftp.FileSystem;

namespace Dftp.Cluster.Access;

/// <summary>A tree that gives each principal what it may see of a view.</summary>
internal sealed class GuardedTree(ITreeView whole) : IFileTree
{
    public ITreeView For(Principal principal) => principal.ReadsEverything
        ? whole
        : throw new NotSupportedException("a principal that does not read everything");
}
