using BenchmarkDotNet.Attributes;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Bench;

/// <summary>From the text of a path to its entry.</summary>
[MemoryDiagnoser]
public class LookupBenchmarks
{
    private const int Paths = 1024;

    private TreeSnapshot _tree = TreeSnapshot.Empty;
    private string[] _texts = [];
    private VirtualPath[] _paths = [];
    private int _next;

    [Params(10_000, 1_000_000)]
    public int Files { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        _tree = BigTree.Of(Files).Current;
        var random = new Random(1);
        _paths = [.. Enumerable.Range(0, Paths).Select(_ => BigTree.PathOf(random.Next(Files)))];
        _texts = [.. _paths.Select(path => path.Value)];
        foreach (var path in _paths)
        {
            if (!_tree.TryFind(path, out _)) throw new InvalidOperationException($"{path} is not in the tree");
        }
    }

    [Benchmark]
    public ValueTask<Entry?> Find() => _tree.FindAsync(_paths[_next++ % Paths]);

    [Benchmark]
    public ValueTask<Entry?> ParseAndFind() => _tree.FindAsync(VirtualPath.Parse(_texts[_next++ % Paths]));
}
