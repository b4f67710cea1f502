using System.Buffers;
using System.Runtime.CompilerServices;

namespace Dftp.FileSystem;

/// <summary>Sequences in pages, as <see cref="ITreeSnapshot"/> gives them.</summary>
public static class Paged
{
    /// <summary>Of some 100 bytes each: a page stays in the processor's first cache, and the cost of a call for a page vanishes.</summary>
    private const int Size = 128;

    /// <summary>Pages of a sequence that never waits. Each enumeration starts the sequence again.</summary>
    /// <param name="items">The sequence.</param>
    /// <param name="cancellationToken">Checked before each page.</param>
    public static IAsyncEnumerable<ReadOnlyMemory<T>> Of<T>(IEnumerable<T> items, CancellationToken cancellationToken = default) =>
        new Sequence<T>(items, cancellationToken);

    /// <summary>The items one by one, for readers that do much for each.</summary>
    public static async IAsyncEnumerable<T> EachAsync<T>(
        this IAsyncEnumerable<ReadOnlyMemory<T>> pages, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var page in pages.WithCancellation(cancellationToken))
        {
            for (var index = 0; index < page.Length; index++) yield return page.Span[index];
        }
    }

    private sealed class Sequence<T>(IEnumerable<T> items, CancellationToken cancellationToken) : IAsyncEnumerable<ReadOnlyMemory<T>>
    {
        public IAsyncEnumerator<ReadOnlyMemory<T>> GetAsyncEnumerator(CancellationToken other) =>
            new Enumerator<T>(items.GetEnumerator(), cancellationToken.CanBeCanceled ? cancellationToken : other);
    }

    private sealed class Enumerator<T>(IEnumerator<T> items, CancellationToken cancellationToken) : IAsyncEnumerator<ReadOnlyMemory<T>>
    {
        private T[] _page = [];
        private int _used;

        public ReadOnlyMemory<T> Current { get; private set; }

        public ValueTask<bool> MoveNextAsync()
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (_page.Length == 0) _page = ArrayPool<T>.Shared.Rent(Size);
            var count = 0;
            while (count < _page.Length && items.MoveNext()) _page[count++] = items.Current;
            _used = Math.Max(_used, count);
            Current = _page.AsMemory(0, count);
            return new(count > 0);
        }

        public ValueTask DisposeAsync()
        {
            items.Dispose();
            if (_page.Length == 0) return default;
            // An entry keeps the tree that it is of in memory.
            Array.Clear(_page, 0, _used);
            ArrayPool<T>.Shared.Return(_page);
            (_page, Current) = ([], default);
            return default;
        }
    }
}
