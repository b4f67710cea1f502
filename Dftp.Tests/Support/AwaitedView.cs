using System.Net;
using Dftp.FileSystem;

namespace Dftp.Tests.Support;

/// <summary>A tree whose index waits, for tests that read synchronously: the thread waits instead.</summary>
internal sealed class AwaitedView(ITreeView tree) : ITreeView
{
    public ITreeSnapshot Snapshot => new AwaitedSnapshot(tree.Snapshot);

    public IReadOnlyList<NodeSummary> Nodes => tree.Nodes;

    public IReadOnlyList<MissingNode> Missing => tree.Missing;

    public ValueTask<OpenResult> OpenAsync(VirtualPath path, Entry file, RangeSpec part, CancellationToken cancellationToken) =>
        tree.OpenAsync(path, file, part, cancellationToken);

    public ValueTask<LookResult> LookAsync(VirtualPath path, Entry file, CancellationToken cancellationToken) =>
        tree.LookAsync(path, file, cancellationToken);

    public ContentDigest? KnownDigest(VirtualPath path, Entry file, NodeName? holder) => tree.KnownDigest(path, file, holder);

    public ValueTask<DigestResult> DigestAsync(
        VirtualPath path, Entry file, NodeName? holder, IPAddress? client, CancellationToken cancellationToken) =>
        tree.DigestAsync(path, file, holder, client, cancellationToken);

    private sealed class AwaitedSnapshot(ITreeSnapshot snapshot) : ITreeSnapshot
    {
        public ValueTask<Entry?> FindAsync(VirtualPath path, CancellationToken cancellationToken) => Wait(snapshot.FindAsync(path, cancellationToken));

        public ValueTask<TreeTotals> TotalsAsync(VirtualPath path, CancellationToken cancellationToken) =>
            Wait(snapshot.TotalsAsync(path, cancellationToken));

        public ValueTask<IReadOnlyList<Entry>> HoldersAsync(VirtualPath path, CancellationToken cancellationToken) =>
            Wait(snapshot.HoldersAsync(path, cancellationToken));

        public IAsyncEnumerable<ReadOnlyMemory<Entry>> ListAsync(VirtualPath directory, CancellationToken cancellationToken) =>
            Wait(snapshot.ListAsync(directory, cancellationToken));

        public IAsyncEnumerable<ReadOnlyMemory<WalkEntry>> WalkAsync(VirtualPath directory, CancellationToken cancellationToken) =>
            Wait(snapshot.WalkAsync(directory, cancellationToken));

        public IAsyncEnumerable<ReadOnlyMemory<WalkEntry>> SearchAsync(SearchQuery query, CancellationToken cancellationToken) =>
            Wait(snapshot.SearchAsync(query, cancellationToken));

        public IAsyncEnumerable<ReadOnlyMemory<WalkEntry>> CopiesAsync(VirtualPath directory, CancellationToken cancellationToken) =>
            Wait(snapshot.CopiesAsync(directory, cancellationToken));

        public object? Identity(VirtualPath directory) => snapshot.Identity(directory);

        private static ValueTask<T> Wait<T>(ValueTask<T> reading) => new(reading.AsTask().GetAwaiter().GetResult());

        private static IAsyncEnumerable<ReadOnlyMemory<T>> Wait<T>(IAsyncEnumerable<ReadOnlyMemory<T>> pages) =>
            Paged.Of(pages.AllAsync().GetAwaiter().GetResult());
    }
}
