using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Dftp.Cluster.Events;
using Dftp.Cluster.Index;
using Dftp.FileSystem;
using Dftp.Tests.Cluster.Index;
using Dftp.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dftp.Tests.Access;

/// <summary>
/// The product's index and events over the files of three nodes, with contents in memory. With secrets it has, besides the same visible
/// files, everything that <see cref="User"/> must not notice: hidden files in a hidden directory, in a hidden directory of a visible one,
/// and beside visible files; copies of visible contents; a node that holds nothing else; a place that cannot be read.
/// </summary>
internal sealed class HiddenTree : ITestTree, IAsyncDisposable
{
    public static readonly NodeName A = NodeName.Parse("a"), B = NodeName.Parse("b"), C = NodeName.Parse("c");

    private const long Incarnation = 1_795_208_830_059;

    private readonly TreeWriter _index = new();
    private readonly TreeEventLoop _events;
    private readonly ConcurrentDictionary<(NodeName Node, VirtualPath Path), byte[]> _contents = new();
    private readonly ConcurrentDictionary<(NodeName Node, VirtualPath Path), ContentDigest> _digests = new();
    private readonly bool _hasSecrets;

    // Of everything that happens: so times and stamps of what is visible do not depend on what is hidden.
    private long _lastVisible = 1_700_000_000, _lastHidden = 1_700_500_000;

    public HiddenTree(bool hasSecrets)
    {
        _hasSecrets = hasSecrets;
        _events = new TreeEventLoop(Incarnation, _index, () => [A, B, C], TimeProvider.System, NullLogger.Instance);
        _events.Start();
        Directory(A, "/music");
        Directory(A, "/pub");
        Directory(A, "/empty");
        Put(A, "/pub/one.txt", "the same content at two nodes");
        Put(B, "/pub/one.txt", "the same content at two nodes");
        Put(A, "/pub/report.txt", "the report, of which a hidden file is a copy");
        Put(A, "/pub/twin.bin", "twins of one size");
        Put(B, "/pub/other-twin.bin", "twins of one size");
        Put(B, "/pub/sub/only-b.txt", "another node has this");
        Put(A, "/music/song.mp3", new string('x', 300));
        Put(B, "/music/albums/first/song.mp3", "an album");
        Put(A, "/top.txt", "at the top");
        if (!hasSecrets) return;
        HidePlan();
        Directory(A, "/music", isHidden: true);
        Directory(A, "/pub", isHidden: true);
        HideFile(B, "/secret/deep/key.pem", "only b has this");
        HideFile(B, "/secret/copy-of-report.txt", "the report, of which a hidden file is a copy");
        HideFile(C, "/secret/node-c.txt", "only c has this");
        HideFile(A, "/music/private/demo.mp3", new string('x', 300));
        HideFile(B, "/music/private/song.mp3", "an album");
        HideFile(A, "/pub/hidden.txt", "beside visible files");
        HideFile(C, "/music/private", "a file where others have a directory");
    }

    /// <summary>Reads everything but the hidden places.</summary>
    public static Principal User { get; } = new("user", new (string Path, Right Right)[]
    {
        ("/", Right.Read), ("/secret", Right.None), ("/music/private", Right.None), ("/pub/hidden.txt", Right.None),
    }.Select(place => new PlaceRight(VirtualPath.Parse(place.Path), place.Right)));

    public ITreeSnapshot Snapshot => _index.Current;

    public IReadOnlyList<NodeSummary> Nodes =>
    [
        Summary(A, NodeState.Self, ""), Summary(B, NodeState.Alive, "http://b.example:7040"),
        Summary(C, NodeState.Suspect, "http://c.example:7040"),
    ];

    public IReadOnlyList<MissingNode> Missing { get; private set; } = [];

    /// <summary>The view of this node's own files.</summary>
    public ITestTree Local => new LocalTree(this);

    public void Put(NodeName node, string path, string text) => Put(node, path, text, Next(ref _lastVisible));

    /// <summary>Adds a hidden file, if there are secrets.</summary>
    public void HideFile(NodeName node, string path, string text)
    {
        if (_hasSecrets) Put(node, path, text, Next(ref _lastHidden));
    }

    public void HidePlan() => HideFile(A, "/secret/plan.txt", "the plan, version " + _lastHidden);

    public void RemoveHidden(NodeName node, string path)
    {
        if (_hasSecrets) Remove(node, path);
    }

    public void Remove(NodeName node, string path) =>
        _index.Apply(node, TreeModel.Patch([EntryChange.Delete(VirtualPath.Parse(path), default)]));

    /// <summary>A node cannot read a hidden place.</summary>
    public void LoseHiddenPlace()
    {
        if (_hasSecrets) Missing = [MissingNode.At(B, new UnconfirmedPlace(VirtualPath.Parse("/secret/deep"), UnixTime.FromSeconds(1)))];
    }

    public ValueTask<OpenResult> OpenAsync(VirtualPath path, Entry file, RangeSpec part, CancellationToken cancellationToken) =>
        new(Open(Snapshot, path, part));

    public ContentDigest? KnownDigest(VirtualPath path, Entry file, NodeName? holder) =>
        _digests.TryGetValue((holder ?? file.Owner, path), out var digest) ? digest : null;

    public ValueTask<DigestResult> DigestAsync(
        VirtualPath path, Entry file, NodeName? holder, IPAddress? client, CancellationToken cancellationToken)
    {
        var node = holder ?? file.Owner;
        if (!_contents.TryGetValue((node, path), out var bytes)) return new(DigestResult.Failed(FileError.NothingAt(path)));
        return new(DigestResult.Of(_digests[(node, path)] = new ContentDigest(System.Security.Cryptography.SHA256.HashData(bytes))));
    }

    public TreeEventReader Follow(TreeEventId? after) => _events.Follow(after);

    public ValueTask DisposeAsync() => _events.DisposeAsync();

    private static long Next(ref long seconds) => ++seconds;

    private void Directory(NodeName node, string path, bool isHidden = false)
    {
        var seconds = isHidden ? Next(ref _lastHidden) : Next(ref _lastVisible);
        var facts = new DirectoryFacts(UnixTime.FromSeconds(seconds), 0b111_101_101, Stamp.FromSeconds(seconds));
        _index.Apply(node, TreeModel.Patch([EntryChange.Put(VirtualPath.Parse(path), facts)]));
    }

    private void Put(NodeName node, string path, string text, long seconds)
    {
        var (at, bytes) = (VirtualPath.Parse(path), Encoding.UTF8.GetBytes(text));
        _contents[(node, at)] = bytes;
        _digests.TryRemove((node, at), out _);
        var facts = new FileFacts(bytes.Length, UnixTime.FromSeconds(seconds), 0b110_100_100, Stamp.FromSeconds(seconds));
        _index.Apply(node, TreeModel.Patch([EntryChange.Put(at, facts)]));
    }

    private NodeSummary Summary(NodeName node, NodeState state, string url)
    {
        var held = _index.Current.HoldingOf(node);
        return new NodeSummary(node, state, url.Replace("http://", "", StringComparison.Ordinal), held.Files, held.Bytes, url);
    }

    private OpenResult Open(ITreeSnapshot snapshot, VirtualPath path, RangeSpec part)
    {
        if (!snapshot.TryFind(path, out var now)) return OpenResult.Failed(FileErrorKind.NotFound, $"nothing is at {path}");
        if (now.IsDirectory) return OpenResult.Failed(FileErrorKind.IsDirectory, $"{path} is a directory");
        return part.TryResolve(now.Size, out var range)
            ? OpenResult.Opened(new MemoryContent(_contents[(now.Owner, path)], range), now, range)
            : OpenResult.Outside(now);
    }

    private sealed class LocalTree(HiddenTree tree) : ITestTree
    {
        public ITreeSnapshot Snapshot => new NodeSnapshot(tree._index.Current, A);

        public IReadOnlyList<NodeSummary> Nodes => [tree.Summary(A, NodeState.Self, "")];

        public ValueTask<OpenResult> OpenAsync(VirtualPath path, Entry file, RangeSpec part, CancellationToken cancellationToken) =>
            new(tree.Open(Snapshot, path, part));
    }
}
