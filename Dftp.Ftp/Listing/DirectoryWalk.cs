using Dftp.FileSystem;

namespace Dftp.Ftp.Listing;

/// <summary>
/// Enumerates a directory and all directories below it in the order of <c>ls -R</c>: each before its children, empty ones included.
/// </summary>
internal static class DirectoryWalk
{
    public static IEnumerable<VirtualPath> From(ITreeSnapshot tree, VirtualPath top)
    {
        var ahead = new Stack<VirtualPath>([top]);
        while (ahead.TryPop(out var directory))
        {
            yield return directory;
            foreach (var child in tree.List(directory).TakeWhile(entry => entry.IsDirectory).Reverse())
            {
                ahead.Push(directory.Child(child.Name));
            }
        }
    }
}
