namespace Dftp.Cluster.Index;

/// <summary>Sums over the entries of one node. The root is not counted; entries that other nodes have too are counted.</summary>
/// <param name="Files">Files.</param>
/// <param name="Directories">Directories, including those that were not announced but lead to a file.</param>
/// <param name="Bytes">The sum of the sizes of the files.</param>
/// <param name="Digest">The sum of the digests of the node's parts: equal if two nodes know the same entries of it.</param>
internal readonly record struct NodeTotals(long Files, long Directories, long Bytes, ulong Digest)
{
    public static NodeTotals operator +(NodeTotals left, NodeTotals right) => new(
        left.Files + right.Files,
        left.Directories + right.Directories,
        left.Bytes + right.Bytes,
        unchecked(left.Digest + right.Digest));
}
