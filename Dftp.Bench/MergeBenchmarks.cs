using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Engines;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Bench;

/// <summary>Updates into a tree of a million files. Each invocation has a patch of its own, for a patch is used up.</summary>
[MemoryDiagnoser]
[SimpleJob(RunStrategy.Monitoring, launchCount: 1, warmupCount: 2, iterationCount: 5)]
public class MergeBenchmarks
{
    private const int Files = 1_000_000, Changes = 1000;

    private static readonly NodeName Peer = NodeName.Parse("peer");

    private TreeWriter _tree = new();
    private DirectoryPatch _patch = new();
    private uint _now = 1_700_000_000;

    [IterationSetup(Target = nameof(FullIntoEmpty))]
    public void SetUpEmpty()
    {
        _tree = new TreeWriter();
        _patch = DirectoryPatch.Replace(BigTree.Draft(Files));
    }

    [Benchmark]
    public long FullIntoEmpty() => Expect(Files, _tree.Apply(BigTree.Node, _patch));

    /// <summary>Every path gets a second holder.</summary>
    [IterationSetup(Target = nameof(FullBesideAnother))]
    public void SetUpFull()
    {
        _tree = BigTree.Of(Files);
        _patch = DirectoryPatch.Replace(BigTree.Draft(Files));
    }

    [Benchmark]
    public long FullBesideAnother() => Expect(Files, _tree.Apply(Peer, _patch));

    [IterationSetup(Target = nameof(FullWithoutChange))]
    public void SetUpSame()
    {
        if (_tree.Current.Totals.Files == 0) _tree = BigTree.Of(Files);
        _patch = DirectoryPatch.Replace(BigTree.Draft(Files));
    }

    [Benchmark]
    public long FullWithoutChange() => Expect(Files, _tree.Apply(BigTree.Node, _patch));

    /// <summary>A thousand changed files all over the tree.</summary>
    [IterationSetup(Target = nameof(Incremental))]
    public void SetUpChanges()
    {
        if (_tree.Current.Totals.Files == 0) _tree = BigTree.Of(Files);
        _patch = new DirectoryPatch();
        _now++;
        for (var change = 0; change < Changes; change++)
        {
            var number = (int)(change * 999_983L % Files);
            _patch.PutFile(BigTree.PathOf(number), BigTree.Facts(number, _now));
        }
    }

    [Benchmark]
    public long Incremental() => Expect(Files, _tree.Apply(BigTree.Node, _patch));

    private static long Expect(long files, TreeSnapshot tree) =>
        tree.Totals.Files == files ? files : throw new InvalidOperationException($"the tree has {tree.Totals.Files} files");
}
