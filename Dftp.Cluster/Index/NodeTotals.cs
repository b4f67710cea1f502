namespace Dftp.Cluster.Index;

/// <summary>Sums over what one node holds: the root is not counted, and what other nodes hold too is.</summary>
/// <param name="Files">Files.</param>
/// <param name="Directories">Directories, those included that were not announced but lead to a file.</param>
/// <param name="Bytes">The sizes of the files.</param>
/// <param name="Digest">The sum of the digests of the node's parts: equal where two nodes know the same of it.</param>
internal readonly record struct NodeTotals(long Files, long Directories, long Bytes, ulong Digest)
{
    public static NodeTotals operator +(NodeTotals left, NodeTotals right) => new(
        left.Files + right.Files,
        left.Directories + right.Directories,
        left.Bytes + right.Bytes,
        unchecked(left.Digest + right.Digest));
}
