using Dftp.FileSystem;

namespace Dftp.Ftp.Listing;

/// <summary>
/// Enumerates a directory and all directories below it in the order of <c>ls -R</c>: each before its children, empty ones included.
/// </summary>
internal static class DirectoryWalk
{
    public static async IAsyncEnumerable<VirtualPath> FromAsync(ITreeSnapshot tree, VirtualPath top)
    {
        var ahead = new Stack<VirtualPath>([top]);
        while (ahead.TryPop(out var directory))
        {
            yield return directory;
            var children = tree.ListAsync(directory).EachAsync().TakeWhile(entry => entry.IsDirectory);
            foreach (var name in await children.Select(child => child.Name).Reverse().ToListAsync()) ahead.Push(directory.Child(name));
        }
    }
}
