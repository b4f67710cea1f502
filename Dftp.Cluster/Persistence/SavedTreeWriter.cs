using System.Buffers.Binary;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.Persistence;

/// <summary>
/// Writes a tree in the format of <see cref="SavedTreeReader"/>, directly from an immutable snapshot, through one block of memory.
/// <list type="number">
/// <item>eight letters and the version of the format, outside of the blocks; the rest in blocks with checksums (<see
/// cref="BlockWriter"/>);</item>
/// <item>the origin: node, cluster, root directory, mount; the time, in unix seconds;</item>
/// <item>the nodes by name, each with its totals: files, directories, bytes, digest;</item>
/// <item>the root directory, and recursively each directory: its name; the parts, each with its node's number, its facts, its digest and
/// the columns of its files as they are in memory; its subdirectories, sorted by name.</item>
/// </list>
/// </summary>
internal sealed class SavedTreeWriter
{
    /// <summary>The layout of the columns is part of the format.</summary>
    public const int Version = 2 << 8 | FileColumns.LayoutVersion;

    /// <summary>The size of modification time, permissions, stamp, and the digest of the part.</summary>
    internal const int FactsSize = sizeof(long) + sizeof(ushort) + sizeof(long) + sizeof(ulong);

    private readonly BlockWriter _blocks;
    private readonly Dictionary<NodeName, int> _numbers = [];
    private readonly CancellationToken _cancellationToken;

    private SavedTreeWriter(Stream output, CancellationToken cancellationToken)
    {
        _blocks = new BlockWriter(output);
        _cancellationToken = cancellationToken;
    }

    internal static ReadOnlySpan<byte> Magic => "dftptree"u8;

    /// <exception cref="OperationCanceledException">It took too long; the output is incomplete.</exception>
    public static void Write(Stream output, TreeOrigin origin, SavedTree saved, CancellationToken cancellationToken)
    {
        output.Write(Magic);
        Span<byte> version = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(version, Version);
        output.Write(version);
        new SavedTreeWriter(output, cancellationToken).Write(origin, saved);
    }

    private void Write(TreeOrigin origin, SavedTree saved)
    {
        _blocks.WriteText(origin.Node.Value);
        _blocks.WriteText(origin.ClusterName);
        _blocks.WriteText(origin.RootDirectory);
        _blocks.WriteText(origin.Mount.Value);
        _blocks.WriteNumber(saved.SavedAt.ToUnixTimeSeconds());
        _blocks.WriteCount(saved.Tree.Holdings.Count);
        foreach (var (node, holding) in saved.Tree.Holdings)
        {
            _numbers.Add(node, _numbers.Count);
            _blocks.WriteText(node.Value);
            _blocks.WriteNumber(holding.Files);
            _blocks.WriteNumber(holding.Directories);
            _blocks.WriteNumber(holding.Bytes);
            _blocks.WriteNumber((long)holding.Digest);
        }

        Write(saved.Tree.Root);
        _blocks.End();
    }

    private void Write(TreeDirectory directory)
    {
        _cancellationToken.ThrowIfCancellationRequested();
        _blocks.WriteCount(directory.Name.Length);
        _blocks.Write(directory.Name);
        var parts = directory.PartsArray();
        _blocks.WriteCount(parts.Length);
        foreach (var part in parts) Write(part);
        _blocks.WriteCount(directory.Children.Length);
        foreach (var child in directory.Children) Write(child);
    }

    private void Write(NodeEntries part)
    {
        Span<byte> facts = stackalloc byte[FactsSize];
        BinaryPrimitives.WriteInt64LittleEndian(facts, part.Facts.Modified.Nanoseconds);
        BinaryPrimitives.WriteUInt16LittleEndian(facts[sizeof(long)..], (ushort)part.Facts.Permissions);
        BinaryPrimitives.WriteInt64LittleEndian(facts[(sizeof(long) + sizeof(ushort))..], part.Facts.Stamp.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(facts[^sizeof(ulong)..], part.Digest);
        _blocks.WriteCount(_numbers[part.Node]);
        _blocks.Write(part.IsAnnounced ? [1] : [0]);
        _blocks.Write(facts);
        _blocks.WriteCount(part.Files.Data.Length);
        _blocks.Write(part.Files.Data);
    }
}
