using System.Runtime.CompilerServices;
using Dftp.FileSystem;

namespace Dftp.Cluster.Access;

/// <summary>
/// A snapshot without hidden places. What is all visible comes from the whole snapshot as it is. Only the directories above a hidden
/// place (mixed ones) are put together here: their sums are the whole sums minus those of the hidden places, so the cost grows with the
/// number of places and not with that of entries. Their holders are those of their visible entries, of which the first few most often
/// have all; only where a node holds nothing but hidden things is the directory read to its end.
/// </summary>
/// <remarks>
/// A mixed directory shows nothing that a change of a hidden place could change: no time, no tag, and as its owner the first of its
/// holders by name. A hidden directory with a visible place below is shown as a directory with just that.
/// </remarks>
internal sealed class RestrictedSnapshot(ITreeSnapshot whole, VisiblePlace places) : ITreeSnapshot
{
    private const int DefaultPermissions = 0b111_101_101;

    public ValueTask<Entry?> FindAsync(VirtualPath path, CancellationToken cancellationToken = default)
    {
        var place = places.Deciding(path, out var isAtPath);
        if (isAtPath && (place.IsMixed || (path.IsRoot && !place.IsVisible))) return MixedAsync(place, cancellationToken);
        return place.IsVisible ? whole.FindAsync(path, cancellationToken) : default;
    }

    public async ValueTask<TreeTotals> TotalsAsync(VirtualPath path, CancellationToken cancellationToken = default)
    {
        var place = places.Deciding(path, out var isAtPath);
        if (isAtPath) return await TotalsAsync(place, cancellationToken);
        return place.IsVisible ? await whole.TotalsAsync(path, cancellationToken) : default;
    }

    public IAsyncEnumerable<ReadOnlyMemory<Entry>> ListAsync(VirtualPath directory, CancellationToken cancellationToken = default)
    {
        var place = places.Deciding(directory, out var isAtPath);
        if (isAtPath && place.IsMixed)
            return place.IsVisible ? FilterAsync(place, cancellationToken) : ClearingsAsync(place, cancellationToken);
        return place.IsVisible ? whole.ListAsync(directory, cancellationToken) : Paged.Of<Entry>([], cancellationToken);
    }

    public IAsyncEnumerable<ReadOnlyMemory<WalkEntry>> WalkAsync(VirtualPath directory, CancellationToken cancellationToken = default) =>
        BelowAsync(
            directory,
            visible => whole.WalkAsync(visible, cancellationToken),
            (mixed, page) => new(page.ToArray().Select(entry => new WalkEntry(mixed, entry)).ToArray()),
            cancellationToken);

    public async IAsyncEnumerable<ReadOnlyMemory<WalkEntry>> SearchAsync(
        SearchQuery query, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var left = query.Limit ?? int.MaxValue;
        var hits = BelowAsync(
            query.Under,
            visible => whole.SearchAsync(query with { Under = visible, Limit = left }, cancellationToken),
            (mixed, page) => new(
                page.ToArray().Where(entry => query.Matches(entry)).Select(entry => new WalkEntry(mixed, entry)).ToArray()),
            cancellationToken);
        await foreach (var page in hits)
        {
            var taken = page[..Math.Min(page.Length, left)];
            left -= taken.Length;
            yield return taken;
            if (left == 0) yield break;
        }
    }

    public async ValueTask<IReadOnlyList<Entry>> HoldersAsync(VirtualPath path, CancellationToken cancellationToken = default)
    {
        var place = places.Deciding(path, out var isAtPath);
        if (!isAtPath || !place.IsMixed) return place.IsVisible ? await whole.HoldersAsync(path, cancellationToken) : [];
        if (await FindAsync(path, cancellationToken) is not { } entry) return [];
        if (!entry.IsDirectory) return await whole.HoldersAsync(path, cancellationToken);
        var holders = await HoldersAsync(place, cancellationToken);
        return [.. holders.Select(holder => Directory(place, entry.Size, holder.Value, holder.Key, holders.Count))];
    }

    public IAsyncEnumerable<ReadOnlyMemory<WalkEntry>> CopiesAsync(VirtualPath directory, CancellationToken cancellationToken = default) =>
        BelowAsync(
            directory,
            visible => whole.CopiesAsync(visible, cancellationToken),
            (mixed, page) => CopiesAsync(mixed, page.ToArray(), cancellationToken),
            cancellationToken);

    /// <summary>None for a mixed directory: it would change with what is hidden.</summary>
    public object? Identity(VirtualPath directory)
    {
        var place = places.Deciding(directory, out var isAtPath);
        return place.IsVisible && !(isAtPath && place.IsMixed) ? whole.Identity(directory) : null;
    }

    /// <summary>The entry of a mixed directory, or of the root.</summary>
    private async ValueTask<Entry?> MixedAsync(VisiblePlace place, CancellationToken cancellationToken)
    {
        if (place.IsVisible)
        {
            var found = await whole.FindAsync(place.Path, cancellationToken);
            if (found is not { IsDirectory: true }) return found;
        }

        var totals = await TotalsAsync(place, cancellationToken);
        if (totals == default && !place.Path.IsRoot) return null;
        var holders = await HoldersAsync(place, cancellationToken);
        var (owner, permissions) = holders.Count > 0 ? holders.First() : new(default, DefaultPermissions);
        return Directory(place, totals.Bytes, permissions, owner, holders.Count);
    }

    private static Entry Directory(VisiblePlace place, long size, int permissions, NodeName holder, int holders) =>
        new(place.NameUtf8, true, size, default, permissions, holder, holders);

    /// <summary>The sums of what is visible at and below a place. Hidden copies are not counted: some may lie in hidden places.</summary>
    private async ValueTask<TreeTotals> TotalsAsync(VisiblePlace place, CancellationToken cancellationToken)
    {
        if (place is { IsVisible: false, IsMixed: false }) return default;
        var totals = place.IsVisible ? await whole.TotalsAsync(place.Path, cancellationToken) : default;
        foreach (var below in place.Below)
        {
            if (place.IsVisible) totals -= await whole.TotalsAsync(below.Path, cancellationToken);
            totals += await TotalsAsync(below, cancellationToken);
        }

        // A hidden directory is there for what is visible below it.
        if (!place.IsVisible && totals != default && !place.Path.IsRoot) totals += new TreeTotals(0, 1, 0, 0);
        return place.IsMixed ? totals with { HiddenFiles = 0 } : totals;
    }

    /// <summary>
    /// The holders of a mixed directory by name, with its permissions at each: those of its visible entries. A node that holds nothing but
    /// hidden ones would tell of them. A directory without visible entries has one holder.
    /// </summary>
    private async ValueTask<SortedDictionary<NodeName, int>> HoldersAsync(VisiblePlace place, CancellationToken cancellationToken)
    {
        var all = new SortedDictionary<NodeName, int>();
        if (place.IsVisible)
        {
            foreach (var holder in await whole.HoldersAsync(place.Path, cancellationToken)) all[holder.Owner] = holder.Permissions;
        }

        var shown = new SortedDictionary<NodeName, int>();
        await foreach (var page in ListAsync(place.Path, cancellationToken))
        {
            for (var index = 0; index < page.Length; index++)
            {
                var entry = page.Span[index];
                if (entry.HolderCount == 1) shown[entry.Owner] = all.GetValueOrDefault(entry.Owner, DefaultPermissions);
                else await AddAsync(entry.Name);
                // Most often the first entries have all of them.
                if (place.IsVisible && shown.Count == all.Count) return shown;
            }
        }

        if (shown.Count == 0 && all.Count > 0) shown.Add(all.First().Key, all.First().Value);
        return shown;

        async ValueTask AddAsync(string name)
        {
            foreach (var holder in await HoldersAsync(place.Path.Child(name), cancellationToken))
                shown[holder.Owner] = all.GetValueOrDefault(holder.Owner, DefaultPermissions);
        }
    }

    /// <summary>The entries of a visible mixed directory.</summary>
    private async IAsyncEnumerable<ReadOnlyMemory<Entry>> FilterAsync(
        VisiblePlace place, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var shown = new List<Entry>();
        await foreach (var page in whole.ListAsync(place.Path, cancellationToken))
        {
            shown.Clear();
            for (var index = 0; index < page.Length; index++)
            {
                var below = place.Find(page.Span[index].NameUtf8.Span);
                if (below is null) shown.Add(page.Span[index]);
                else if (await FindAsync(below.Path, cancellationToken) is { } entry) shown.Add(entry);
            }

            yield return shown.ToArray();
        }
    }

    /// <summary>The entries of a hidden directory: those with something visible.</summary>
    private async IAsyncEnumerable<ReadOnlyMemory<Entry>> ClearingsAsync(
        VisiblePlace place, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var shown = new List<Entry>();
        foreach (var below in place.Below)
        {
            if (await FindAsync(below.Path, cancellationToken) is { } entry) shown.Add(entry);
        }

        yield return shown.OrderBy(entry => !entry.IsDirectory).ToArray();
    }

    /// <summary>What is below a directory, in the order of a walk.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="ofVisible">What is below a directory that is all visible.</param>
    /// <param name="ofMixed">What a page of a mixed directory's own entries gives.</param>
    /// <param name="cancellationToken">Ends it.</param>
    private async IAsyncEnumerable<ReadOnlyMemory<WalkEntry>> BelowAsync(
        VirtualPath directory,
        Func<VirtualPath, IAsyncEnumerable<ReadOnlyMemory<WalkEntry>>> ofVisible,
        Func<VirtualPath, ReadOnlyMemory<Entry>, ValueTask<WalkEntry[]>> ofMixed,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var ahead = new Stack<VirtualPath>([directory]);
        while (ahead.TryPop(out var next))
        {
            var place = places.Deciding(next, out var isAtPath);
            if (!isAtPath || !place.IsMixed)
            {
                if (!place.IsVisible) continue;
                await foreach (var page in ofVisible(next)) yield return page;
                continue;
            }

            var children = new List<VirtualPath>();
            await foreach (var page in ListAsync(next, cancellationToken))
            {
                for (var index = 0; index < page.Length; index++)
                {
                    if (page.Span[index].IsDirectory) children.Add(next.Child(page.Span[index].Name));
                }

                yield return await ofMixed(next, page);
            }

            for (var index = children.Count - 1; index >= 0; index--) ahead.Push(children[index]);
        }
    }

    private async ValueTask<WalkEntry[]> CopiesAsync(VirtualPath directory, Entry[] page, CancellationToken cancellationToken)
    {
        var copies = new List<WalkEntry>();
        foreach (var file in page.Where(entry => !entry.IsDirectory))
        {
            IReadOnlyList<Entry> holders =
                file.HolderCount == 1 ? [file] : await whole.HoldersAsync(directory.Child(file.Name), cancellationToken);
            copies.AddRange(holders.Select(holder => new WalkEntry(directory, holder)));
        }

        return [.. copies];
    }
}
