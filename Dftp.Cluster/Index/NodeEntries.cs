using Dftp.FileSystem;

namespace Dftp.Cluster.Index;

/// <summary>
/// The entries of one node in one directory. A node has a part in every directory that leads to one of its entries. Immutable.
/// </summary>
internal sealed class NodeEntries
{
    /// <param name="node">The node.</param>
    /// <param name="announced">The announced facts of the directory itself; null if only entries in it were announced.</param>
    /// <param name="implied">The modification time to show for a directory that was not announced.</param>
    /// <param name="files">The files.</param>
    /// <param name="pathHash">The hash of the directory's path: <see cref="NameBytes.Hash(ulong, ReadOnlySpan{byte})"/> over its
    /// names.</param>
    public NodeEntries(NodeName node, DirectoryFacts? announced, UnixTime implied, FileColumns files, ulong pathHash)
        : this(node, announced, implied, files, new KnownDigest(DigestOf(announced, files, pathHash)))
    {
    }

    /// <summary>Creates a part with a saved <see cref="Digest"/>, which is expensive to compute.</summary>
    public NodeEntries(NodeName node, DirectoryFacts? announced, UnixTime implied, FileColumns files, KnownDigest digest)
    {
        Node = node;
        IsAnnounced = announced is not null;
        Facts = announced ?? new DirectoryFacts(implied, DefaultPermissions);
        Files = files;
        Digest = digest.Value;
    }

    /// <summary>rwxr-xr-x, shown for a directory without announced facts.</summary>
    public const int DefaultPermissions = 0b111_101_101;

    public NodeName Node { get; }

    public bool IsAnnounced { get; }

    public DirectoryFacts Facts { get; }

    public FileColumns Files { get; }

    /// <summary>
    /// A sum over the announced entries with their paths. The digests of a node's parts add up to the digest of all its announced entries,
    /// in any order.
    /// </summary>
    public ulong Digest { get; }

    public DirectoryFacts? Announced => IsAnnounced ? Facts : null;

    /// <summary>A file as an entry of which this node is the only holder.</summary>
    public Entry ToEntry(int index)
    {
        var (name, facts) = Files.File(index);
        return facts.ToEntry(name, Node);
    }

    public bool IsSameAs(DirectoryFacts? announced, UnixTime implied, FileColumns files) =>
        announced == Announced && (IsAnnounced || implied == Facts.Modified) && files.Equals(Files);

    /// <summary>The hash of a file's path.</summary>
    /// <param name="pathHash">The hash of its directory's path.</param>
    /// <param name="name">Its name.</param>
    public static ulong FileHash(ulong pathHash, ReadOnlySpan<byte> name) => NameBytes.Hash(pathHash, name);

    /// <summary>What a file adds to <see cref="Digest"/>.</summary>
    /// <param name="fileHash">The hash of its path.</param>
    /// <param name="file">Its facts.</param>
    public static ulong DigestOf(ulong fileHash, in FileFacts file) =>
        DigestOf(fileHash, file.Size, file.Modified, file.Permissions, file.Stamp);

    /// <summary>What the directory itself adds to <see cref="Digest"/>, if it is announced.</summary>
    public static ulong DigestOf(ulong pathHash, in DirectoryFacts directory) =>
        DigestOf(pathHash, -1, directory.Modified, directory.Permissions, directory.Stamp);

    private static ulong DigestOf(DirectoryFacts? announced, FileColumns files, ulong pathHash)
    {
        var sum = announced is { } facts ? DigestOf(pathHash, facts) : 0;
        for (var index = 0; index < files.Count; index++) sum += DigestOf(FileHash(pathHash, files.NameSpan(index)), files[index]);
        return sum;
    }

    /// <remarks>
    /// A stamp of whole seconds counts as in the time when stamps were seconds: digests that were saved or announced then stay valid.
    /// </remarks>
    private static ulong DigestOf(ulong path, long size, UnixTime modified, int permissions, Stamp stamp)
    {
        var (seconds, nanoseconds) = (stamp.Seconds, stamp.Nanoseconds);
        var hash = NameBytes.Hash(NameBytes.Hash(NameBytes.Hash(path, size), modified.Nanoseconds), seconds << 16 | (uint)permissions);
        return nanoseconds == 0 ? hash : NameBytes.Hash(hash, nanoseconds);
    }
}

/// <summary>A digest that is already known.</summary>
internal readonly record struct KnownDigest(ulong Value);
