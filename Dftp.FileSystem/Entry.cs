using System.Text;

namespace Dftp.FileSystem;

/// <summary>
/// A file or directory of the tree as its owner describes it. Names are stored as UTF-8, so that a large listing allocates no strings.
/// </summary>
public readonly struct Entry
{
    public Entry(
        ReadOnlyMemory<byte> nameUtf8, bool isDirectory, long size, UnixTime modified, int permissions, NodeName owner, int holderCount = 1)
    {
        NameUtf8 = nameUtf8;
        IsDirectory = isDirectory;
        Size = size;
        Modified = modified;
        Permissions = permissions;
        Owner = owner;
        HolderCount = holderCount;
    }

    /// <summary>The last segment of the path; empty for the root. It is a valid name in a <see cref="VirtualPath"/>.</summary>
    public ReadOnlyMemory<byte> NameUtf8 { get; }

    public bool IsDirectory { get; }

    /// <summary>The size in bytes: of a file's content, or of all files below a directory.</summary>
    public long Size { get; }

    public UnixTime Modified { get; }

    /// <summary>The POSIX permission bits, 0 to 07777.</summary>
    public int Permissions { get; }

    /// <summary>The holder whose copy wins the path. The facts of this entry are those of its copy.</summary>
    public NodeName Owner { get; }

    /// <summary>The number of nodes that hold this file, or this directory or anything below it; at least 1.</summary>
    public int HolderCount { get; }

    /// <summary>The stamp of the holder's version; default if unknown.</summary>
    public Stamp Stamp { get; init; }

    /// <summary>
    /// The content changed but size and time did not: only <see cref="Stamp"/> distinguishes it from the previous content.
    /// </summary>
    public bool IsRevised { get; init; }

    /// <summary>The holder's version of its copy beyond size and time, from a look or an opening; default in a snapshot.</summary>
    public ContentVersion Version { get; init; }

    public string Name => Encoding.UTF8.GetString(NameUtf8.Span);

    /// <summary>Whether two entries have the same size and modification time, and so presumably the same content.</summary>
    public bool HasSameContentFacts(in Entry other) => Size == other.Size && Modified == other.Modified;

    /// <summary>
    /// Whether two entries describe the same state of one holder's copy: by the holder's version if both come from a look or an
    /// opening, otherwise by size and time.
    /// </summary>
    public bool IsSameVersion(in Entry other) =>
        HasSameContentFacts(other) && (Version == default || other.Version == default || Version.IsSame(other.Version));

    /// <summary>The same file with the facts of a look.</summary>
    public Entry With(long size, UnixTime modified, NodeName holder, ContentVersion version) =>
        new(NameUtf8, false, size, modified, Permissions, holder, HolderCount)
        {
            Stamp = size == Size && modified == Modified && holder == Owner ? Stamp : default,
            IsRevised = size == Size && modified == Modified && holder == Owner && IsRevised,
            Version = version,
        };

    public override string ToString() => $"{Name}{(IsDirectory ? "/" : "")} {Size} B @{Owner}";
}

/// <summary>
/// Distinguishes the contents of a copy beyond size and modification time. It is valid for one holder's copy of one path.
/// </summary>
/// <param name="Revision">
/// Differs between contents with the same size and time, as far as the holder knows. Links, renames and permission changes do not
/// affect it. 0 if size and time are enough, or if nothing is known.
/// </param>
/// <param name="Fingerprint">
/// Changes with the file's status (device, inode, ctime): equal values mean equal content; different values mean nothing. 0 if the
/// holder has none.
/// </param>
public readonly record struct ContentVersion(ulong Revision, ulong Fingerprint)
{
    /// <summary>Whether both mean the same content, given the same size and time.</summary>
    public bool IsSame(ContentVersion other) =>
        Fingerprint != 0 && other.Fingerprint != 0 ? Fingerprint == other.Fingerprint : Revision == other.Revision;
}
