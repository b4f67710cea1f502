using System.Text;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.Replication;

/// <summary>
/// The entries of a node in ranges, and their digests. Each call visits all entries of the node: some 30 ms for a million, and nothing is
/// kept in memory afterwards.
/// </summary>
internal static class RangeEntries
{
    /// <summary>The digests of equal parts of ranges.</summary>
    /// <param name="tree">The tree.</param>
    /// <param name="node">The node.</param>
    /// <param name="ranges">The ranges.</param>
    /// <param name="split">Each range has two to the power of this number parts.</param>
    /// <returns>
    /// The parts of the first range, then those of the next. A digest is the lower half of the sum of <see cref="NodeEntries.Digest"/>s: of
    /// 2^32 different parts one has the same, which the digest of all entries then shows.
    /// </returns>
    public static uint[] Digests(TreeSnapshot tree, NodeName node, EntryRanges ranges, int split)
    {
        var digests = new uint[ranges.Count << split];
        var shift = 64 - ranges.Bits - split;
        var mask = (1u << split) - 1;
        var walk = new PartWalk(tree, node);
        while (walk.MoveNext())
        {
            var part = walk.Part;
            if (part.Announced is { } facts && ranges.IndexOf(walk.PathHash) is var own and >= 0)
                digests[IndexOf(walk.PathHash, own)] += (uint)NodeEntries.DigestOf(walk.PathHash, facts);
            for (var index = 0; index < part.Files.Count; index++)
            {
                var hash = NodeEntries.FileHash(walk.PathHash, part.Files.NameSpan(index));
                if (ranges.IndexOf(hash) is var range and >= 0)
                    digests[IndexOf(hash, range)] += (uint)NodeEntries.DigestOf(hash, part.Files[index]);
            }
        }

        return digests;

        int IndexOf(ulong hash, int range) => range << split | (int)((uint)(hash >> shift) & mask);
    }

    /// <summary>The announced entries in ranges, each directory before its files and subdirectories.</summary>
    public static IEnumerable<EntryChange> Of(TreeSnapshot tree, NodeName node, EntryRanges ranges)
    {
        var walk = new PartWalk(tree, node);
        while (walk.MoveNext())
        {
            var part = walk.Part;
            if (part.Announced is { } facts && ranges.IndexOf(walk.PathHash) >= 0) yield return EntryChange.Put(walk.Path, facts);
            for (var index = 0; index < part.Files.Count; index++)
            {
                if (ranges.IndexOf(NodeEntries.FileHash(walk.PathHash, part.Files.NameSpan(index))) < 0) continue;
                var (name, file) = part.Files.File(index);
                yield return EntryChange.Put(walk.Path.Child(Encoding.UTF8.GetString(name.Span)), file);
            }
        }
    }

    /// <summary>Makes a patch that puts a node's entries in ranges remove its other entries there.</summary>
    /// <param name="patch">Puts all entries that the node has in the ranges.</param>
    /// <param name="tree">The tree to which the patch will be applied.</param>
    /// <param name="node">The node.</param>
    /// <param name="ranges">The ranges.</param>
    public static void RemoveOthers(DirectoryPatch patch, TreeSnapshot tree, NodeName node, EntryRanges ranges)
    {
        foreach (var entry in Of(tree, node, ranges))
        {
            if (entry.Kind == EntryChangeKind.PutFile) patch.RemoveFileUnlessPut(entry.Path);
            else patch.WithdrawDirectoryUnlessPut(entry.Path);
        }
    }
}
