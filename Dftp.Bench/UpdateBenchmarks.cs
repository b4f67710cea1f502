using System.IO.Pipelines;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Engines;
using Dftp.Cluster.Index;
using Dftp.Cluster.Replication;
using Dftp.FileSystem;

namespace Dftp.Bench;

/// <summary>A full update as JSON, without its compression and its way over the network.</summary>
[MemoryDiagnoser]
[SimpleJob(RunStrategy.Monitoring, launchCount: 1, warmupCount: 2, iterationCount: 5)]
public class UpdateBenchmarks
{
    private static readonly UpdateHeader Header = new(BigTree.Node, true, 1_700_000_000, new UpdatePosition(1, 1, 1));

    private TreeSnapshot _tree = TreeSnapshot.Empty;
    private byte[] _message = [];

    [Params(100_000, 1_000_000)]
    public int Files { get; set; }

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        _tree = BigTree.Of(Files).Current;
        using var body = new MemoryStream();
        await WriteAsync(body);
        _message = body.ToArray();
    }

    [Benchmark]
    public Task Write() => WriteAsync(Stream.Null);

    [Benchmark]
    public async Task<int> Read()
    {
        var input = PipeReader.Create(new MemoryStream(_message), new StreamPipeReaderOptions(bufferSize: 64 * 1024));
        using var memory = new UpdateMemory(new UpdateLimits()).Begin();
        var update = await UpdateReader.ReadAsync(input, memory, Stamp.Max, CancellationToken.None);
        await input.CompleteAsync();
        return update.Entries >= Files ? update.Entries : throw new InvalidOperationException($"{update.Entries} entries were read");
    }

    private async Task WriteAsync(Stream body)
    {
        var output = PipeWriter.Create(body, new StreamPipeWriterOptions(minimumBufferSize: 64 * 1024, leaveOpen: true));
        await UpdateWriter.WriteFullAsync(output, Header, _tree, toLegacy: false, CancellationToken.None);
        await output.CompleteAsync();
    }
}
