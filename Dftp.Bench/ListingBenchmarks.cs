using System.Diagnostics.Metrics;
using System.IO.Pipelines;
using BenchmarkDotNet.Attributes;
using Dftp.Cluster.Index;
using Dftp.FileSystem;
using Dftp.Ftp.Control;
using Dftp.Ftp.Listing;
using Dftp.Http;
using Dftp.Http.Operation;
using Dftp.Routes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dftp.Bench;

/// <summary>A directory of 10,000 entries in the forms in which it is asked for, from the request to the last byte handed to the server.</summary>
[MemoryDiagnoser]
public class ListingBenchmarks
{
    private readonly OneDirectory _tree = new(BigTree.Entries(10_000));
    private readonly RequestDispatcher _http;

    public ListingBenchmarks()
    {
        var options = new HttpOptions { NodeName = BigTree.Node, ClusterName = "bench", Version = "0" };
        var table = new RouteTable(new TreeRoutes(_tree, _tree, options, NullLogger.Instance).All());
        _http = new RequestDispatcher(
            table, managementCheck: null, new HttpMetrics(new Meter("bench")), accessLog: null, NullLogger.Instance);
    }

    [Benchmark]
    public Task<long> Html() => AnswerAsync("");

    [Benchmark]
    public Task<long> Json() => AnswerAsync("?format=json");

    [Benchmark]
    public Task<long> HtmlByTime() => AnswerAsync("?sort=time&order=desc");

    [Benchmark]
    public async Task<long> FtpList()
    {
        long sent = 0;
        var output = PipeWriter.Create(Stream.Null);
        var listing = new ListingOutput(output, async bytes =>
        {
            sent += bytes;
            await output.FlushAsync();
        });
        await listing.WriteAsync(_tree.ListAsync(VirtualPath.Root), Line);
        await listing.FlushAsync();
        return Expect(sent);
    }

    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);

    private static void Line(System.Buffers.IBufferWriter<byte> output, in Entry entry) => UnixLine.Write(output, entry, Now);

    private async Task<long> AnswerAsync(string query)
    {
        var body = new CountingStream();
        var http = new DefaultHttpContext();
        http.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(body));
        http.Features.Get<IHttpRequestFeature>()!.RawTarget = "/fs/" + query;
        http.Request.Method = "GET";
        http.Request.Path = "/fs/";
        http.Request.QueryString = new QueryString(query);
        await _http.AnswerAsync(http);
        await http.Response.BodyWriter.FlushAsync();
        return Expect(body.Length);
    }

    private static long Expect(long bytes) => bytes > 500_000 ? bytes : throw new InvalidOperationException($"a listing of {bytes} bytes");

    /// <summary>A tree whose root holds the entries. Each snapshot is another, so that no answer can be an old one.</summary>
    private sealed class OneDirectory(Entry[] entries) : SynchronousSnapshot, IFileTree, ITreeView
    {
        public ITreeView For(Principal principal) => this;

        public ITreeSnapshot Snapshot => this;

        public IReadOnlyList<NodeSummary> Nodes { get; } = [new(BigTree.Node, NodeState.Self, "", entries.Length, 0)];

        public override TreeTotals TotalsOf(VirtualPath path) => new(entries.Length, 0, 0, 0);

        public override bool TryFind(VirtualPath path, out Entry entry)
        {
            entry = new Entry(default, true, 0, default, 0b111_101_101, BigTree.Node);
            return path.IsRoot;
        }

        public override IEnumerable<Entry> List(VirtualPath directory) => entries;

        public override IEnumerable<WalkEntry> Walk(VirtualPath directory) => entries.Select(entry => new WalkEntry(VirtualPath.Root, entry));

        public ValueTask<OpenResult> OpenAsync(VirtualPath path, Entry file, RangeSpec part, CancellationToken cancellationToken) =>
            throw new NotSupportedException();
    }

    private sealed class CountingStream : Stream
    {
        private long _length;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => _length;

        public override long Position { get => _length; set => throw new NotSupportedException(); }

        public override void Write(byte[] buffer, int offset, int count) => _length += count;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            _length += buffer.Length;
            return default;
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
