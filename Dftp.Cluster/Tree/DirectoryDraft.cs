namespace Dftp.Cluster.Tree;

/// <summary>
/// What one node holds in one directory, while a scan or an update gathers it. One thread at a time; the drafts of different
/// directories may be filled by different threads.
/// </summary>
internal sealed class DirectoryDraft(byte[] name)
{
    private readonly List<byte> _names = [];
    private readonly List<(int Start, int Length, FileFacts Facts)> _files = [];
    private List<DirectoryDraft>? _directories;

    /// <summary>UTF-8; empty for the root.</summary>
    public byte[] Name { get; } = name;

    /// <summary>Null while the directory is only known by what it holds.</summary>
    public DirectoryFacts? Facts { get; set; }

    /// <summary>Adds a file. The name is a valid name of a VirtualPath in UTF-8, and new in this directory.</summary>
    public void AddFile(ReadOnlySpan<byte> nameUtf8, in FileFacts facts)
    {
        _files.Add((_names.Count, nameUtf8.Length, facts));
        _names.AddRange(nameUtf8);
    }

    /// <summary>Adds a directory. The name is a valid name of a VirtualPath in UTF-8, and new in this directory.</summary>
    public DirectoryDraft AddDirectory(ReadOnlySpan<byte> nameUtf8, in DirectoryFacts facts)
    {
        var added = new DirectoryDraft(nameUtf8.ToArray()) { Facts = facts };
        (_directories ??= []).Add(added);
        return added;
    }
}
