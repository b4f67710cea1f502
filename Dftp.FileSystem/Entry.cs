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

    public string Name => Encoding.UTF8.GetString(NameUtf8.Span);

    /// <summary>Whether two descriptions speak of the same content as far as size and modification time can tell.</summary>
    public bool HasSameContentFacts(in Entry other) => Size == other.Size && Modified == other.Modified;

    public override string ToString() => $"{Name}{(IsDirectory ? "/" : "")} {Size} B @{Owner}";
}
