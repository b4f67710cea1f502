using System.Numerics;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.Replication;

/// <summary>
/// Finds the ranges in which a peer knows other entries of a node than the node has, by a few questions to the peer: the digests of 256
/// ranges of all entries, then those of the parts of the ranges that differ, down to parts of a few entries. Does no I/O itself.
/// </summary>
/// <remarks>
/// It gives up when a full update is probably cheaper: each of many differences costs some 250 bytes, each entry of a full update 14.
/// </remarks>
internal sealed class RangeSearch
{
    private const int FirstSplit = 8, NextSplit = 5;

    /// <summary>All searches ask at least twice, so that all ranges are as fine as the number of entries suggests.</summary>
    private const int FewestBits = FirstSplit + 1;

    /// <summary>The last ranges have two to the power of this number entries: fewer would cost more digests than they save entries.</summary>
    private const int BitsOfEntries = 2;

    /// <summary>One difference for so many entries is still few.</summary>
    private const int EntriesOfDifference = 32;

    /// <summary>So many differences are few in the smallest tree.</summary>
    private const int AlwaysFew = 8;

    private readonly TreeSnapshot _tree;
    private readonly NodeName _node;
    private readonly int _bits;
    private readonly long _mostDifferences;

    /// <param name="tree">The tree with the node's entries.</param>
    /// <param name="node">The node that asks.</param>
    public RangeSearch(TreeSnapshot tree, NodeName node)
    {
        (_tree, _node) = (tree, node);
        var holding = tree.HoldingOf(node);
        var entries = Math.Max(1, holding.Files + holding.Directories);
        _bits = Math.Clamp(BitOperations.Log2((ulong)entries) - BitsOfEntries, FewestBits, EntryRanges.MaxBits);
        _mostDifferences = Math.Max(entries / EntriesOfDifference, AlwaysFew);
        Question = new RangeQuestion(node, EntryRanges.All, FirstSplit);
    }

    /// <summary>The question to ask next; null if the search has ended.</summary>
    public RangeQuestion? Question { get; private set; }

    /// <summary>The ranges that differ; null while the search goes on, and if it has given up.</summary>
    public EntryRanges? Found { get; private set; }

    /// <summary>The digest of what the peer knows, once it has answered.</summary>
    public ulong? KnownDigest { get; private set; }

    /// <summary>Takes the answer to <see cref="Question"/>; null if the peer has none. Visits all entries of the node.</summary>
    /// <param name="answer">The answer.</param>
    public void Take(RangeAnswer? answer)
    {
        var question = Question!;
        Question = null;
        // The peer's knowledge must not change between two answers.
        if (answer is null || (KnownDigest is { } known && known != answer.KnownDigest)) return;
        KnownDigest = answer.KnownDigest;
        if (KnownDigest == _tree.HoldingOf(_node).Digest)
        {
            Found = new EntryRanges(0, []);
            return;
        }

        var own = RangeEntries.Digests(_tree, _node, question.Ranges, question.Split);
        if (answer.Digests.Length != own.Length) return;

        var bits = question.Ranges.Bits + question.Split;
        var differing = new List<uint>();
        for (var index = 0; index < own.Length; index++)
        {
            if (own[index] == answer.Digests[index]) continue;
            var part = (uint)index & ((1u << question.Split) - 1);
            differing.Add(question.Ranges[index >> question.Split] << question.Split | part);
        }

        if (differing.Count > EntryRanges.MaxCount || EstimateDifferences(differing.Count, 1 << bits) > _mostDifferences) return;
        var ranges = new EntryRanges(bits, [.. differing]);
        if (bits < _bits && differing.Count > 0) Question = new RangeQuestion(_node, ranges, NextSplitOf(ranges));
        else Found = ranges;
    }

    /// <summary>The number of differences that probably hit so many of all ranges.</summary>
    private static double EstimateDifferences(int hit, int ranges) =>
        -ranges * Math.Log(1 - (Math.Min(hit, ranges - 0.5) / ranges));

    private int NextSplitOf(EntryRanges ranges)
    {
        var affordable = BitOperations.Log2((uint)(RangeQuestion.MaxDigests / ranges.Count));
        return Math.Min(Math.Min(NextSplit, affordable), _bits - ranges.Bits);
    }
}
