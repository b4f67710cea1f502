using System.Text;

namespace Dftp.FileSystem;

/// <summary>
/// A file or directory of the tree as its owner describes it. Names are kept as UTF-8 so that a listing of many entries
/// makes no strings.
/// </summary>
public readonly struct Entry
{
    public Entry(ReadOnlyMemory<byte> nameUtf8, bool isDirectory, long size, UnixTime modified, int permissions, NodeName owner, int holderCount = 1)
    {
        NameUtf8 = nameUtf8;
        IsDirectory = isDirectory;
        Size = size;
        Modified = modified;
        Permissions = permissions;
        Owner = owner;
        HolderCount = holderCount;
    }

    /// <summary>The last name of the path; empty for the root. It is a valid name of a <see cref="VirtualPath"/>.</summary>
    public ReadOnlyMemory<byte> NameUtf8 { get; }

    public bool IsDirectory { get; }

    /// <summary>Bytes of a file's content; for a directory the sum over the files below it.</summary>
    public long Size { get; }

    public UnixTime Modified { get; }

    /// <summary>The permission bits of POSIX' mode, 0 to 07777.</summary>
    public int Permissions { get; }

    /// <summary>The holder that wins the path and whose facts these are.</summary>
    public NodeName Owner { get; }

    /// <summary>How many nodes have this file (or have this directory, or something under it); at least 1.</summary>
    public int HolderCount { get; }

    /// <summary>When the holder saw the file change, in Unix seconds; 0 where that is not known.</summary>
    public uint Changed { get; init; }

    /// <summary>The content changed while size and time stayed: <see cref="Changed"/> is what tells it from the one before.</summary>
    public bool IsRevised { get; init; }

    /// <summary>What the holder says of its copy beyond size and time, when it was looked at or opened; the default in a snapshot.</summary>
    public ContentVersion Version { get; init; }

    public string Name => Encoding.UTF8.GetString(NameUtf8.Span);

    /// <summary>Whether two descriptions speak of the same content as far as size and modification time can tell.</summary>
    public bool HasSameContentFacts(in Entry other) => Size == other.Size && Modified == other.Modified;

    /// <summary>
    /// Whether two descriptions of one holder's copy are of the same state of it: where both come from a look, by all that the holder can
    /// see; otherwise by size and time.
    /// </summary>
    public bool IsSameVersion(in Entry other) =>
        HasSameContentFacts(other) && (Version == default || other.Version == default || Version.IsSame(other.Version));

    /// <summary>The same file with what a look has found.</summary>
    public Entry With(long size, UnixTime modified, NodeName holder, ContentVersion version) =>
        new(NameUtf8, false, size, modified, Permissions, holder, HolderCount)
        {
            Changed = size == Size && modified == Modified && holder == Owner ? Changed : 0,
            IsRevised = size == Size && modified == Modified && holder == Owner && IsRevised,
            Version = version,
        };

    public override string ToString() => $"{Name}{(IsDirectory ? "/" : "")} {Size} B @{Owner}";
}

/// <summary>What tells the contents of a copy apart, beyond size and modification time. It means something for one holder's copy of one path.</summary>
/// <param name="Revision">
/// Differs between contents that have the same size and time, as far as the holder knows. Links, renaming and changes of the permissions leave
/// it as it is. 0 where size and time are enough, or nothing is known.
/// </param>
/// <param name="Fingerprint">
/// Differs after everything that the file's status tells (device, inode, ctime): equal ones stand for equal content, different ones for nothing.
/// 0 where the holder cannot tell.
/// </param>
public readonly record struct ContentVersion(ulong Revision, ulong Fingerprint)
{
    /// <summary>Whether both stand for the same content of the same size and time.</summary>
    public bool IsSame(ContentVersion other) =>
        Fingerprint != 0 && other.Fingerprint != 0 ? Fingerprint == other.Fingerprint : Revision == other.Revision;
}
