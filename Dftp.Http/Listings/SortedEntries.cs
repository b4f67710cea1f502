using System.Buffers;
using Dftp.FileSystem;

namespace Dftp.Http.Listings;

/// <summary>A listing in another order than by name. Directories come before files; names break ties.</summary>
internal static class SortedEntries
{
    private const int FirstSize = 128;

    /// <param name="byName">The entries, directories first.</param>
    /// <param name="sort">What decides the order.</param>
    /// <param name="isDescending">Whether the greatest comes first.</param>
    public static async IAsyncEnumerable<ReadOnlyMemory<Entry>> OfAsync(
        IAsyncEnumerable<ReadOnlyMemory<Entry>> byName, ListingSort sort, bool isDescending)
    {
        var (entries, count) = (ArrayPool<Entry>.Shared.Rent(FirstSize), 0);
        try
        {
            await foreach (var page in byName)
            {
                if (count + page.Length > entries.Length) Grow(ref entries, count, page.Length);
                page.Span.CopyTo(entries.AsSpan(count));
                count += page.Length;
            }

            var order = Order(entries.AsSpan(0, count), sort, isDescending);
            await foreach (var page in Paged.Of(order.Select(number => entries[number]))) yield return page;
        }
        finally
        {
            Return(entries, count);
        }
    }

    private static void Grow(ref Entry[] entries, int count, int more)
    {
        var larger = ArrayPool<Entry>.Shared.Rent(Math.Max(2 * entries.Length, count + more));
        entries.AsSpan(0, count).CopyTo(larger);
        Return(entries, count);
        entries = larger;
    }

    /// <summary>An entry keeps the tree that it is of in memory.</summary>
    private static void Return(Entry[] entries, int count)
    {
        entries.AsSpan(0, count).Clear();
        ArrayPool<Entry>.Shared.Return(entries);
    }

    /// <summary>The places of the entries by name, in the new order. Only numbers are moved: entries are large.</summary>
    private static int[] Order(ReadOnlySpan<Entry> byName, ListingSort sort, bool isDescending)
    {
        var order = new int[byName.Length];
        var keys = new long[byName.Length];
        var directories = 0;
        for (var number = 0; number < byName.Length; number++)
        {
            order[number] = number;
            if (byName[number].IsDirectory) directories = number + 1;
            var key = sort switch
            {
                ListingSort.Time => byName[number].Modified.Nanoseconds,
                ListingSort.Size => byName[number].Size,
                _ => number,
            };
            // The complement turns the order around, without an overflow.
            keys[number] = isDescending ? ~key : key;
        }

        SortPart(keys.AsSpan(0, directories), order.AsSpan(0, directories));
        SortPart(keys.AsSpan(directories), order.AsSpan(directories));
        return order;
    }

    private static void SortPart(Span<long> keys, Span<int> order)
    {
        keys.Sort(order);
        for (int start = 0, end; start < keys.Length; start = end)
        {
            for (end = start + 1; end < keys.Length && keys[end] == keys[start];) end++;
            order[start..end].Sort();
        }
    }
}
