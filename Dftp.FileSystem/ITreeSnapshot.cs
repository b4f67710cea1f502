namespace Dftp.FileSystem;

/// <summary>An immutable view of the whole name space at one point in time.</summary>
public interface ITreeSnapshot
{
    TreeTotals Totals { get; }

    /// <summary>Finds the entry at a path. The root always exists.</summary>
    bool TryFind(VirtualPath path, out Entry entry);

    /// <summary>
    /// The entries of a directory: first the directories, then the files, each sorted by the bytes of their names. Empty when the
    /// path is not a directory.
    /// </summary>
    IEnumerable<Entry> List(VirtualPath directory);

    /// <summary>
    /// Every entry below a directory, each directory before its contents, in the order of <see cref="List"/>, except that the files
    /// of a directory come before the contents of its subdirectories. Empty when the path is not a directory.
    /// </summary>
    IEnumerable<WalkEntry> Walk(VirtualPath directory);

    /// <summary>The entries that match a query, in the order of <see cref="Walk"/>, up to the query's limit.</summary>
    /// <param name="query">The conditions.</param>
    /// <param name="cancellationToken">Cancels the search: a search with few hits can take long.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> fired.</exception>
    IEnumerable<WalkEntry> Search(SearchQuery query, CancellationToken cancellationToken) =>
        query.Filter(Walk(query.Under), cancellationToken);

    /// <summary>
    /// Every holder of a path, the owner first: one entry per holder, with the facts of its copy and with itself as the owner.
    /// Empty when the path does not exist. A directory's size is that of the whole merged tree below it.
    /// </summary>
    IReadOnlyList<Entry> HoldersOf(VirtualPath path) => TryFind(path, out var entry) ? [entry] : [];

    /// <summary>
    /// Every copy of every file of <see cref="Walk"/>: one entry per holder, with the facts of its copy and with the holder as the owner.
    /// </summary>
    IEnumerable<WalkEntry> Copies(VirtualPath directory) => Walk(directory).Where(step => !step.Entry.IsDirectory);

    /// <summary>
    /// Identifies the listing of a directory: two snapshots that return the same object list the same entries with the same facts.
    /// Null when the path is not a directory, or when the tree cannot distinguish versions.
    /// </summary>
    object? Identity(VirtualPath directory) => null;
}

/// <summary>Sums over a snapshot.</summary>
/// <param name="Files">The number of paths that are files.</param>
/// <param name="Directories">The number of paths that are directories, without the root.</param>
/// <param name="Bytes">The total size of the files, counting the owner's copy of each path.</param>
/// <param name="HiddenFiles">The number of copies that are not visible, because another node has a directory at their path.</param>
public readonly record struct TreeTotals(long Files, long Directories, long Bytes, long HiddenFiles);
