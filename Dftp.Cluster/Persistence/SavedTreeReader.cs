using System.Buffers.Binary;
using System.Collections.Immutable;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.Persistence;

/// <summary>
/// Reads a tree that <see cref="SavedTreeWriter"/> wrote. Besides the checksums of the blocks, it recomputes the totals of each node and
/// checks the names: no file, whatever its content, can harm readers of the tree.
/// </summary>
internal sealed class SavedTreeReader
{
    /// <summary>The maximum number of names in a path.</summary>
    private const int MaxDepth = VirtualPath.MaxPathBytes / 2;

    private readonly BlockReader _blocks;
    private readonly Func<NodeName, bool> _isWanted;
    private readonly bool _isEarlier;
    private NodeName[] _nodes = [];
    private bool[] _wanted = [];
    private NodeTotals[] _counted = [];

    private SavedTreeReader(Stream input, Func<NodeName, bool> isWanted, bool isEarlier)
    {
        _blocks = new BlockReader(input);
        _isWanted = isWanted;
        _isEarlier = isEarlier;
    }

    /// <summary>Reads a tree.</summary>
    /// <param name="input">The whole file, at its beginning.</param>
    /// <param name="origin">The expected origin.</param>
    /// <param name="isWanted">Selects nodes.</param>
    /// <exception cref="InvalidDataException">The file is damaged, or of another version or origin; the message ends a sentence about the
    /// file.</exception>
    public static SavedTree Read(Stream input, TreeOrigin origin, Func<NodeName, bool> isWanted)
    {
        Span<byte> start = stackalloc byte[SavedTreeWriter.Magic.Length + sizeof(int)];
        if (input.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) < start.Length || !start.StartsWith(SavedTreeWriter.Magic))
            throw new InvalidDataException("it is no kept tree");
        var version = BinaryPrimitives.ReadInt32LittleEndian(start[SavedTreeWriter.Magic.Length..]);
        if (version is not (SavedTreeWriter.Version or EarlierFormat.Version))
            throw new InvalidDataException("it was written by another version of dftp");
        return new SavedTreeReader(input, isWanted, version == EarlierFormat.Version).Read(origin);
    }

    private SavedTree Read(TreeOrigin origin)
    {
        CheckOrigin(origin);
        var seconds = _blocks.ReadNumber();
        if (seconds < 0 || seconds > DateTimeOffset.MaxValue.ToUnixTimeSeconds()) throw Damaged();
        var savedAt = DateTimeOffset.FromUnixTimeSeconds(seconds);

        var holdings = new NodeTotals[_blocks.ReadCount()];
        (_nodes, _wanted, _counted) = (new NodeName[holdings.Length], new bool[holdings.Length], new NodeTotals[holdings.Length]);
        for (var node = 0; node < holdings.Length; node++)
        {
            if (!NodeName.TryParse(_blocks.ReadText(), out _nodes[node]) || (node > 0 && _nodes[node - 1] >= _nodes[node])) throw Damaged();
            _wanted[node] = _isWanted(_nodes[node]);
            holdings[node] = new NodeTotals(_blocks.ReadNumber(), _blocks.ReadNumber(), _blocks.ReadNumber(), (ulong)_blocks.ReadNumber());
        }

        var root = ReadDirectory(depth: 0) ?? TreeDirectory.Empty;
        _blocks.End();

        var kept = ImmutableSortedDictionary.CreateBuilder<NodeName, NodeTotals>();
        for (var node = 0; node < holdings.Length; node++)
        {
            if (!_wanted[node]) continue;
            if (_counted[node] != holdings[node]) throw Damaged();
            kept.Add(_nodes[node], holdings[node]);
        }

        return new SavedTree(new TreeSnapshot(root, kept.ToImmutable(), 0), savedAt);
    }

    private void CheckOrigin(TreeOrigin origin)
    {
        var (node, cluster, root, mount) = (_blocks.ReadText(), _blocks.ReadText(), _blocks.ReadText(), _blocks.ReadText());
        var difference =
            node != origin.Node.Value ? $"it is of the node {Printable(node)}"
            : cluster != origin.ClusterName ? $"it is of the cluster {Printable(cluster)}"
            : root != origin.RootDirectory ? $"it is of the directory {Printable(root)}"
            : mount != origin.Mount.Value ? $"it is of the mount {Printable(mount)}"
            : null;
        if (difference is not null) throw new InvalidDataException(difference);
    }

    /// <returns>Null if no selected node has a part in it.</returns>
    private TreeDirectory? ReadDirectory(int depth)
    {
        if (depth > MaxDepth) throw Damaged();
        var name = _blocks.ReadBytes(_blocks.ReadCount());
        if (depth == 0 ? name.Length > 0 : !IsName(name)) throw Damaged();
        var parts = new NodeEntries[_blocks.ReadCount()];
        int kept = 0, last = -1;
        for (var count = parts.Length; count > 0; count--)
        {
            var node = _blocks.ReadIndex();
            if (node <= last || node >= _nodes.Length) throw Damaged();
            last = node;
            var part = ReadPart(node);
            if (!_wanted[node]) continue;
            _counted[node] += new NodeTotals(part.Files.Count, depth == 0 ? 0 : 1, part.Files.Bytes, part.Digest);
            parts[kept++] = part;
        }

        var children = new TreeDirectory[_blocks.ReadCount()];
        var keptChildren = 0;
        for (var count = children.Length; count > 0; count--)
        {
            if (ReadDirectory(depth + 1) is not { } child) continue;
            if (keptChildren > 0 && children[keptChildren - 1].Name.AsSpan().SequenceCompareTo(child.Name) >= 0) throw Damaged();
            children[keptChildren++] = child;
        }

        if (kept == 0) return null;
        if (kept < parts.Length) Array.Resize(ref parts, kept);
        if (keptChildren < children.Length) Array.Resize(ref children, keptChildren);
        return new TreeDirectory(name, parts, children.Length == 0 ? [] : children);
    }

    private NodeEntries ReadPart(int node)
    {
        var isAnnounced = _blocks.ReadByte() != 0;
        Span<byte> most = stackalloc byte[SavedTreeWriter.FactsSize];
        var bytes = most[..(_isEarlier ? EarlierFormat.FactsSize : SavedTreeWriter.FactsSize)];
        _blocks.Read(bytes);
        var stamp = bytes[(sizeof(long) + sizeof(ushort))..];
        var facts = new DirectoryFacts(
            new UnixTime(BinaryPrimitives.ReadInt64LittleEndian(bytes)),
            BinaryPrimitives.ReadUInt16LittleEndian(bytes[sizeof(long)..]),
            _isEarlier
                ? Stamp.FromSeconds(BinaryPrimitives.ReadUInt32LittleEndian(stamp))
                : new Stamp(BinaryPrimitives.ReadInt64LittleEndian(stamp)));
        var columns = _blocks.ReadBytes(_blocks.ReadCount());
        if (_isEarlier) columns = EarlierFormat.Convert(columns) ?? throw Damaged();
        if (!FileColumns.TryFromData(columns, out var files)) throw Damaged();
        for (var index = 0; index < files.Count; index++)
        {
            if (!IsName(files.NameSpan(index))) throw Damaged();
        }

        return new NodeEntries(
            _nodes[node], isAnnounced ? facts : null, facts.Modified, files,
            new KnownDigest(BinaryPrimitives.ReadUInt64LittleEndian(bytes[^sizeof(ulong)..])));
    }

    private static bool IsName(ReadOnlySpan<byte> name) =>
        !name.IsEmpty && EntryName.Check(name) is null && !name.Contains((byte)'/') && !name.SequenceEqual("."u8)
            && !name.SequenceEqual(".."u8);

    private static InvalidDataException Damaged() => new("it is damaged");

    private static string Printable(string text) => new([.. text.Take(200).Select(c => char.IsControl(c) ? '?' : c)]);
}
