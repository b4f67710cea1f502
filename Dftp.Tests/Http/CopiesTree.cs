using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Dftp.Cluster.Index;
using Dftp.FileSystem;
using Dftp.Tests.Support;

namespace Dftp.Tests.Http;

/// <summary>
/// A tree with copies of several nodes, the first of which is this one. The owner of a path is the node that got it last.
/// </summary>
internal sealed class CopiesTree(params string[] nodes) : ITestTree
{
    private readonly List<(NodeName Node, VirtualPath Path, string Text, UnixTime Modified)> _copies = [];

    public ITreeSnapshot Snapshot => new CopiesSnapshot(this, Merged());

    public IReadOnlyList<NodeSummary> Nodes =>
    [
        .. nodes.Select((node, index) => new NodeSummary(
            NodeName.Parse(node), index == 0 ? NodeState.Self : Suspects.Contains(node) ? NodeState.Suspect : NodeState.Alive, "", 0, 0,
                Urls.GetValueOrDefault(node, ""))),
    ];

    public IReadOnlyList<MissingNode> Missing { get; set; } = [];

    public Dictionary<string, string> Urls { get; } = [];

    public HashSet<string> Suspects { get; } = [];

    /// <summary>The hashed copies, as node and path.</summary>
    public ConcurrentQueue<string> Computed { get; } = new();

    public Dictionary<string, FileError> Failures { get; } = [];

    /// <summary>Awaited before each digest.</summary>
    public Func<CancellationToken, Task> Before { get; set; } = _ => Task.CompletedTask;

    public CopiesTree Copy(string node, string path, string text, int modified = 1)
    {
        _copies.Add((NodeName.Parse(node), VirtualPath.Parse(path), text, UnixTime.FromSeconds(modified, 5)));
        return this;
    }

    public ValueTask<OpenResult> OpenAsync(VirtualPath path, Entry file, RangeSpec part, CancellationToken cancellationToken)
    {
        var bytes = Encoding.UTF8.GetBytes(_copies.FindLast(copy => copy.Path == path).Text);
        return new(part.TryResolve(bytes.Length, out var range) ? OpenResult.Opened(new MemoryContent(bytes, range), file, range)
            : OpenResult.Outside(file));
    }

    public ContentDigest? KnownDigest(VirtualPath path, Entry file, NodeName? holder) =>
        Computed.Contains($"{holder} {path}") ? DigestOf(path, holder!.Value) : null;

    public async ValueTask<DigestResult> DigestAsync(VirtualPath path, Entry file, NodeName? holder, IPAddress? client,
        CancellationToken cancellationToken)
    {
        await Before(cancellationToken);
        if (Failures.TryGetValue($"{holder} {path}", out var error)) return DigestResult.Failed(error);
        Computed.Enqueue($"{holder} {path}");
        return DigestResult.Of(DigestOf(path, holder!.Value));
    }

    private ContentDigest DigestOf(VirtualPath path, NodeName node) =>
        new(SHA256.HashData(Encoding.UTF8.GetBytes(_copies.Find(copy => copy.Path == path && copy.Node == node).Text)));

    private MemoryFileTree Merged()
    {
        var merged = new MemoryFileTree();
        foreach (var copy in _copies) merged.File(copy.Path.Value, copy.Text, copy.Modified);
        return merged;
    }

    private sealed class CopiesSnapshot(CopiesTree tree, MemoryFileTree merged) : SynchronousSnapshot
    {
        private readonly ITreeSnapshot _merged = merged.Snapshot;

        public override TreeTotals TotalsOf(VirtualPath path) => _merged.TotalsOf(path);

        public override bool TryFind(VirtualPath path, out Entry entry)
        {
            if (!_merged.TryFind(path, out entry)) return false;
            if (HoldersOf(path) is [var owner, ..]) entry = owner;
            return true;
        }

        public override IEnumerable<Entry> List(VirtualPath directory) => _merged.List(directory);

        public override IEnumerable<WalkEntry> Walk(VirtualPath directory) => _merged.Walk(directory);

        public override IReadOnlyList<Entry> HoldersOf(VirtualPath path)
        {
            if (_merged.TryFind(path, out var entry) && entry.IsDirectory)
            {
                return [.. tree._copies.Where(copy => copy.Path.IsSameOrUnder(path)).Select(copy => copy.Node).Distinct()
                    .Select(node => new Entry(entry.NameUtf8, true, entry.Size, entry.Modified, 0, node))];
            }

            var held = tree._copies.Where(copy => copy.Path == path).Reverse().ToList();
            return held.ConvertAll(copy => ToEntry(copy, held.Count));
        }

        public override IEnumerable<WalkEntry> Copies(VirtualPath directory) =>
            tree._copies.Where(copy => copy.Path.IsSameOrUnder(directory))
                .Select(copy => new WalkEntry(copy.Path.Parent, ToEntry(copy, 1)));

        private static Entry ToEntry((NodeName Node, VirtualPath Path, string Text, UnixTime Modified) copy, int holders) =>
            new(Encoding.UTF8.GetBytes(copy.Path.Name), false, Encoding.UTF8.GetByteCount(copy.Text), copy.Modified, 420,
                copy.Node, holders);
    }
}
