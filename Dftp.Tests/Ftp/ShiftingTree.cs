using Dftp.FileSystem;
using Dftp.Tests.Support;

namespace Dftp.Tests.Ftp;

/// <summary>A tree whose snapshot is behind: a file has other facts than the snapshot says, for a number of openings.</summary>
internal sealed class ShiftingTree(MemoryFileTree inner, string path, int changes) : IFileTree
{
    private int _left = changes;

    public ITreeSnapshot Snapshot => inner.Snapshot;

    public IReadOnlyList<NodeSummary> Nodes => inner.Nodes;

    public ValueTask<OpenResult> OpenAsync(VirtualPath at, Entry file, ByteRange range, CancellationToken cancellationToken)
    {
        if (at.Value != path || _left-- <= 0) return inner.OpenAsync(at, file, range, cancellationToken);
        inner.Snapshot.TryFind(at, out var now);
        return new(OpenResult.Changed(now));
    }
}
