using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dftp.FileSystem;

namespace Dftp.Http.Duplicates;

/// <summary>
/// The copies whose content must be compared, in groups of equal size: copies on several nodes, of which the query selects at least
/// one. Comparing sizes is free: copies of different sizes need not be read.
/// </summary>
internal sealed class SizeGroups
{
    private readonly ITreeSnapshot _snapshot;
    private readonly SearchQuery _query;

    /// <summary>Sorted.</summary>
    private readonly long[] _sharedSizes;

    private readonly int _sharedCopies;

    private SizeGroups(ITreeSnapshot snapshot, SearchQuery query, long[] sharedSizes, int sharedCopies)
    {
        _snapshot = snapshot;
        _query = query;
        _sharedSizes = sharedSizes;
        _sharedCopies = sharedCopies;
    }

    /// <summary>Whether the query selects a copy.</summary>
    public static bool IsSought(SearchQuery query, in WalkEntry copy) => query.Matches(copy.Entry) && IsUnder(query, copy);

    /// <summary>
    /// Groups all copies of the whole tree by size: a copy below a directory is only unique if the whole tree has no other.
    /// </summary>
    public static async ValueTask<SizeGroups> OfAsync(ITreeSnapshot snapshot, SearchQuery query, CancellationToken aborted)
    {
        var nodes = new Dictionary<NodeName, int>();
        var totals = await snapshot.TotalsAsync(VirtualPath.Root, aborted);
        var sizes = new List<SizeAtNode>((int)Math.Min(totals.Files, int.MaxValue / 32));
        await foreach (var page in snapshot.CopiesAsync(VirtualPath.Root, aborted))
        {
            foreach (ref readonly var copy in page.Span)
            {
                if (!nodes.TryGetValue(copy.Entry.Owner, out var node)) nodes.Add(copy.Entry.Owner, node = nodes.Count);
                sizes.Add(new SizeAtNode(copy.Entry.Size, node, IsSought(query, copy)));
            }
        }

        var sorted = CollectionsMarshal.AsSpan(sizes);
        sorted.Sort();
        var shared = new List<long>();
        var copies = 0;
        for (int start = 0, end; start < sorted.Length; start = end)
        {
            var isSought = false;
            for (end = start; end < sorted.Length && sorted[end].Size == sorted[start].Size; end++) isSought |= sorted[end].IsSought;
            if (!isSought || sorted[start].Node == sorted[end - 1].Node) continue;
            shared.Add(sorted[start].Size);
            copies += end - start;
        }

        return new SizeGroups(snapshot, query, [.. shared], copies);
    }

    /// <summary>The selected copies whose size occurs on one node only: no other copy can have the same content.</summary>
    public IAsyncEnumerable<Copy> UniqueBySizeAsync(CancellationToken aborted) =>
        _snapshot.CopiesAsync(VirtualPath.Root, aborted).EachAsync(cancellationToken: aborted)
            .Where(copy => IsSought(_query, copy) && !IsShared(copy.Entry.Size)).Select(copy => Copy.Of(copy));

    /// <summary>All copies of each size that occurs on several nodes, the largest size first.</summary>
    public async IAsyncEnumerable<ArraySegment<Copy>> BySizeAsync([EnumeratorCancellation] CancellationToken aborted)
    {
        if (_sharedSizes.Length == 0) yield break;
        // An array of exactly the right length, sorted by numeric keys: there may be millions.
        var copies = new Copy[_sharedCopies];
        var keys = new long[_sharedCopies];
        var count = 0;
        await foreach (var page in _snapshot.CopiesAsync(VirtualPath.Root, aborted))
        {
            foreach (ref readonly var copy in page.Span)
            {
                if (!IsShared(copy.Entry.Size)) continue;
                keys[count] = -copy.Entry.Size;
                copies[count++] = Copy.Of(copy);
            }
        }

        Array.Sort(keys, copies);
        for (int start = 0, end; start < copies.Length; start = end)
        {
            for (end = start; end < copies.Length && copies[end].Size == copies[start].Size;) end++;
            yield return new ArraySegment<Copy>(copies, start, end - start);
        }
    }

    private bool IsShared(long size) => Array.BinarySearch(_sharedSizes, size) >= 0;

    private static bool IsUnder(SearchQuery query, in WalkEntry copy) =>
        query.Under.IsRoot || copy.Directory.IsSameOrUnder(query.Under)
        || (copy.Directory == query.Under.Parent && copy.Path == query.Under);

    /// <summary>By size, then by node.</summary>
    private readonly record struct SizeAtNode(long Size, int Node, bool IsSought) : IComparable<SizeAtNode>
    {
        public int CompareTo(SizeAtNode other) => Size != other.Size ? Size.CompareTo(other.Size) : Node.CompareTo(other.Node);
    }
}
