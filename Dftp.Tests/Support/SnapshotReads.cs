using Dftp.FileSystem;

namespace Dftp.Tests.Support;

/// <summary>Reads of a snapshot that must not wait: those of an index in memory never do.</summary>
internal static class SnapshotReads
{
    public static bool TryFind(this ITreeSnapshot tree, VirtualPath path, out Entry entry)
    {
        var found = Result(tree.FindAsync(path));
        entry = found ?? default;
        return found is not null;
    }

    public static TreeTotals TotalsOf(this ITreeSnapshot tree, VirtualPath path) => Result(tree.TotalsAsync(path));

    public static IReadOnlyList<Entry> HoldersOf(this ITreeSnapshot tree, VirtualPath path) => Result(tree.HoldersAsync(path));

    public static IEnumerable<Entry> List(this ITreeSnapshot tree, VirtualPath directory) => All(tree.ListAsync(directory));

    public static IEnumerable<WalkEntry> Walk(this ITreeSnapshot tree, VirtualPath directory) => All(tree.WalkAsync(directory));

    public static IEnumerable<WalkEntry> Copies(this ITreeSnapshot tree, VirtualPath directory) => All(tree.CopiesAsync(directory));

    public static IEnumerable<WalkEntry> Search(this ITreeSnapshot tree, SearchQuery query, CancellationToken cancellationToken) =>
        All(tree.SearchAsync(query, cancellationToken));

    /// <summary>Reads all pages, and waits for those that an index must fetch.</summary>
    public static async Task<List<T>> AllAsync<T>(this IAsyncEnumerable<ReadOnlyMemory<T>> pages)
    {
        var items = new List<T>();
        await foreach (var page in pages) items.AddRange(page.Span);
        return items;
    }

    private static List<T> All<T>(IAsyncEnumerable<ReadOnlyMemory<T>> pages)
    {
        var items = new List<T>();
        var reader = pages.GetAsyncEnumerator();
        while (Result(reader.MoveNextAsync())) items.AddRange(reader.Current.Span);
        Assert.IsTrue(reader.DisposeAsync().AsTask().IsCompletedSuccessfully);
        return items;
    }

    private static T Result<T>(ValueTask<T> task)
    {
        Assert.IsTrue(task.IsCompleted, "a snapshot in memory completes synchronously");
        return task.Result;
    }
}
