using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Engines;
using Dftp.Cluster.Index;
using Dftp.Cluster.Replication;

namespace Dftp.Bench;

/// <summary>The passes over a million entries that a repair takes. Each side makes one for each of three questions, and one for the entries.</summary>
[MemoryDiagnoser]
[SimpleJob(RunStrategy.Monitoring, launchCount: 1, warmupCount: 3, iterationCount: 7)]
public class RepairBenchmarks
{
    private const int Files = 1_000_000;

    private readonly TreeSnapshot _tree = BigTree.Of(Files).Current;

    /// <summary>Ten ranges, as they are for ten differences.</summary>
    private readonly EntryRanges _few = new(13, [.. Enumerable.Range(0, 10).Select(number => (uint)number * 800)]);

    /// <summary>The first question: the digest of each entry is computed.</summary>
    [Benchmark]
    public int DigestsOfAll() => RangeEntries.Digests(_tree, BigTree.Node, EntryRanges.All, 8).Length;

    [Benchmark]
    public int DigestsOfFewRanges() => RangeEntries.Digests(_tree, BigTree.Node, _few, 5).Length;

    [Benchmark]
    public int EntriesOfFewRanges() => RangeEntries.Of(_tree, BigTree.Node, _few).Count();
}
