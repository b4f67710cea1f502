using System.Text;
using Dftp.Cluster.Index;
using Dftp.FileSystem;
using Dftp.Tests.Support;

namespace Dftp.Tests.Http;

/// <summary>A root with many files that cannot be opened.</summary>
internal sealed class CrowdedTree(int files) : SynchronousSnapshot, ITestTree
{
    public ITreeSnapshot Snapshot => this;

    public IReadOnlyList<NodeSummary> Nodes => [];

    public override TreeTotals TotalsOf(VirtualPath path) => new(files, 0, 0, 0);

    public override bool TryFind(VirtualPath path, out Entry entry)
    {
        entry = new Entry(default, true, 0, MemoryFileTree.DefaultTime, 0, MemoryFileTree.Node);
        return path.IsRoot;
    }

    public override IEnumerable<Entry> List(VirtualPath directory) => Enumerable.Range(0, files).Select(i =>
        new Entry(Encoding.UTF8.GetBytes($"file {i:D6}"), false, i, MemoryFileTree.DefaultTime, 0, MemoryFileTree.Node));

    public override IEnumerable<WalkEntry> Walk(VirtualPath directory) => List(directory).Select(entry => new WalkEntry(directory, entry));

    public ValueTask<OpenResult> OpenAsync(VirtualPath path, Entry file, RangeSpec part, CancellationToken cancellationToken) =>
        new(OpenResult.Failed(FileErrorKind.NotFound, "nothing is here"));
}
