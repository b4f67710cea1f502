using BenchmarkDotNet.Attributes;
using Dftp.Cluster.Index;
using Dftp.FileSystem;
using Dftp.Http.Search;

namespace Dftp.Bench;

/// <summary>Searches over the whole name space by a pattern of names.</summary>
[MemoryDiagnoser]
public class SearchBenchmarks
{
    private TreeSnapshot _tree = TreeSnapshot.Empty;
    private SearchQuery _query = new();

    [Params(1_000_000)]
    public int Files { get; set; }

    /// <summary>A part of a name that few have, the same as a glob, an ending that all have, and what nobody has.</summary>
    [Params("00012", "*00012*", "*.json", "zzz")]
    public string Pattern { get; set; } = "";

    [GlobalSetup]
    public void SetUp()
    {
        _tree = BigTree.Of(Files).Current;
        if (!GlobPattern.TryParse(Pattern, out var name)) throw new InvalidOperationException(Pattern);
        _query = new SearchQuery { Name = name, IsDirectory = false };
    }

    [Benchmark]
    public async Task<int> Search()
    {
        var hits = 0;
        await foreach (var page in _tree.SearchAsync(_query)) hits += page.Length;
        return hits;
    }

    [Benchmark]
    public async Task<long> Walk()
    {
        long bytes = 0;
        await foreach (var page in _tree.WalkAsync(VirtualPath.Root))
        {
            foreach (ref readonly var step in page.Span) bytes += step.Entry.Size;
        }

        return bytes;
    }
}
