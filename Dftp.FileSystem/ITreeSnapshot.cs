namespace Dftp.FileSystem;

/// <summary>
/// An immutable view of the whole name space at one point in time. An index in memory completes every call synchronously. Sequences come
/// in pages, so that waiting costs nothing for each entry; a page is valid until the next one is asked for.
/// </summary>
public interface ITreeSnapshot
{
    /// <summary>Finds the entry at a path; null when nothing is there. The root always exists.</summary>
    ValueTask<Entry?> FindAsync(VirtualPath path, CancellationToken cancellationToken = default);

    /// <summary>Sums over a path and everything below it; zeros when nothing is there. The root itself does not count.</summary>
    ValueTask<TreeTotals> TotalsAsync(VirtualPath path, CancellationToken cancellationToken = default);

    /// <summary>
    /// The entries of a directory: first the directories, then the files, each sorted by the bytes of their names. Empty when the
    /// path is not a directory.
    /// </summary>
    IAsyncEnumerable<ReadOnlyMemory<Entry>> ListAsync(VirtualPath directory, CancellationToken cancellationToken = default);

    /// <summary>
    /// Every entry below a directory, each directory before its contents, in the order of <see cref="ListAsync"/>, except that the
    /// files of a directory come before the contents of its subdirectories. Empty when the path is not a directory.
    /// </summary>
    IAsyncEnumerable<ReadOnlyMemory<WalkEntry>> WalkAsync(VirtualPath directory, CancellationToken cancellationToken = default);

    /// <summary>The entries that match a query, in the order of <see cref="WalkAsync"/>, up to the query's limit.</summary>
    /// <param name="query">The conditions.</param>
    /// <param name="cancellationToken">Cancels the search: a search with few hits can take long.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> fired.</exception>
    IAsyncEnumerable<ReadOnlyMemory<WalkEntry>> SearchAsync(SearchQuery query, CancellationToken cancellationToken = default);

    /// <summary>
    /// Every holder of a path, the owner first: one entry per holder, with the facts of its copy and with itself as the owner.
    /// Empty when the path does not exist. A directory's size is that of the whole merged tree below it.
    /// </summary>
    ValueTask<IReadOnlyList<Entry>> HoldersAsync(VirtualPath path, CancellationToken cancellationToken = default);

    /// <summary>
    /// Every copy of every file of <see cref="WalkAsync"/>: one entry per holder, with the facts of its copy and with the holder as
    /// the owner.
    /// </summary>
    IAsyncEnumerable<ReadOnlyMemory<WalkEntry>> CopiesAsync(VirtualPath directory, CancellationToken cancellationToken = default);

    /// <summary>
    /// Identifies the listing of a directory: two snapshots that return the same object list the same entries with the same facts.
    /// Null when the path is not a directory, or when the tree cannot distinguish versions.
    /// </summary>
    object? Identity(VirtualPath directory);
}

/// <summary>Sums over a part of a snapshot.</summary>
/// <param name="Files">The number of paths that are files.</param>
/// <param name="Directories">The number of paths that are directories, without the root.</param>
/// <param name="Bytes">The total size of the files, counting the owner's copy of each path.</param>
/// <param name="HiddenFiles">The number of copies that are not visible, because another node has a directory at their path.</param>
public readonly record struct TreeTotals(long Files, long Directories, long Bytes, long HiddenFiles)
{
    public static TreeTotals operator +(TreeTotals left, TreeTotals right) => new(
        left.Files + right.Files, left.Directories + right.Directories, left.Bytes + right.Bytes, left.HiddenFiles + right.HiddenFiles);

    public static TreeTotals operator -(TreeTotals left, TreeTotals right) => new(
        left.Files - right.Files, left.Directories - right.Directories, left.Bytes - right.Bytes, left.HiddenFiles - right.HiddenFiles);
}
