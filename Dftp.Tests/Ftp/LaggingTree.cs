using System.Net;
using Dftp.FileSystem;
using Dftp.Tests.Support;

namespace Dftp.Tests.Ftp;

/// <summary>
/// A tree that lags behind the disks: it shows the snapshot of <paramref name="shown"/> and opens files of <paramref name="actual"/>.
/// </summary>
internal sealed class LaggingTree(MemoryFileTree shown, MemoryFileTree actual) : ITestTree
{
    public ITreeSnapshot Snapshot => shown.Snapshot;

    public IReadOnlyList<NodeSummary> Nodes => shown.Nodes;

    public ValueTask<OpenResult> OpenAsync(VirtualPath at, Entry file, RangeSpec part, CancellationToken cancellationToken) =>
        actual.OpenAsync(at, file, part, cancellationToken);

    public ContentDigest? KnownDigest(VirtualPath path, Entry file, NodeName? holder) =>
        shown.KnownDigest(path, file, holder) ?? actual.KnownDigest(path, file, holder);

    public ValueTask<DigestResult> DigestAsync(VirtualPath path, Entry file, NodeName? holder, IPAddress? client, CancellationToken cancellationToken) =>
        actual.DigestAsync(path, file, holder, client, cancellationToken);
}
