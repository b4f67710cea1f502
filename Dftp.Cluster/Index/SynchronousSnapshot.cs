using Dftp.FileSystem;

namespace Dftp.Cluster.Index;

/// <summary>A snapshot that never waits: an implementation has the synchronous members only.</summary>
internal abstract class SynchronousSnapshot : ITreeSnapshot
{
    /// <summary>As <see cref="ITreeSnapshot.FindAsync"/>.</summary>
    public abstract bool TryFind(VirtualPath path, out Entry entry);

    /// <summary>As <see cref="ITreeSnapshot.TotalsAsync"/>.</summary>
    public abstract TreeTotals TotalsOf(VirtualPath path);

    /// <summary>As <see cref="ITreeSnapshot.ListAsync"/>.</summary>
    public abstract IEnumerable<Entry> List(VirtualPath directory);

    /// <summary>As <see cref="ITreeSnapshot.WalkAsync"/>.</summary>
    public abstract IEnumerable<WalkEntry> Walk(VirtualPath directory);

    /// <summary>As <see cref="ITreeSnapshot.SearchAsync"/>.</summary>
    public virtual IEnumerable<WalkEntry> Search(SearchQuery query, CancellationToken cancellationToken)
    {
        var left = query.Limit ?? int.MaxValue;
        foreach (var step in Walk(query.Under))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!query.Matches(step.Entry)) continue;
            yield return step;
            if (--left == 0) yield break;
        }
    }

    /// <summary>As <see cref="ITreeSnapshot.HoldersAsync"/>.</summary>
    public virtual IReadOnlyList<Entry> HoldersOf(VirtualPath path) => TryFind(path, out var entry) ? [entry] : [];

    /// <summary>As <see cref="ITreeSnapshot.CopiesAsync"/>.</summary>
    public virtual IEnumerable<WalkEntry> Copies(VirtualPath directory) => Walk(directory).Where(step => !step.Entry.IsDirectory);

    public virtual object? Identity(VirtualPath directory) => null;

    public ValueTask<Entry?> FindAsync(VirtualPath path, CancellationToken cancellationToken = default) =>
        new(TryFind(path, out var entry) ? entry : null);

    public ValueTask<TreeTotals> TotalsAsync(VirtualPath path, CancellationToken cancellationToken = default) => new(TotalsOf(path));

    public IAsyncEnumerable<ReadOnlyMemory<Entry>> ListAsync(VirtualPath directory, CancellationToken cancellationToken = default) =>
        Paged.Of(List(directory), cancellationToken);

    public IAsyncEnumerable<ReadOnlyMemory<WalkEntry>> WalkAsync(VirtualPath directory, CancellationToken cancellationToken = default) =>
        Paged.Of(Walk(directory), cancellationToken);

    public IAsyncEnumerable<ReadOnlyMemory<WalkEntry>> SearchAsync(SearchQuery query, CancellationToken cancellationToken = default) =>
        Paged.Of(Search(query, cancellationToken), cancellationToken);

    public ValueTask<IReadOnlyList<Entry>> HoldersAsync(VirtualPath path, CancellationToken cancellationToken = default) =>
        new(HoldersOf(path));

    public IAsyncEnumerable<ReadOnlyMemory<WalkEntry>> CopiesAsync(VirtualPath directory, CancellationToken cancellationToken = default) =>
        Paged.Of(Copies(directory), cancellationToken);
}
