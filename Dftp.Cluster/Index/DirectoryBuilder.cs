using System.Text;
using Dftp.FileSystem;

namespace Dftp.Cluster.Index;

/// <summary>
/// The entries of one node in one directory, while a scan or an update collects them. Not thread-safe, but different directories may be
/// filled by different threads.
/// </summary>
internal sealed class DirectoryBuilder(byte[] name)
{
    /// <summary>Directories are usually filled one after another, so they share one builder.</summary>
    private static FileColumnsBuilder? _spare;

    private FileColumnsBuilder? _open;
    private List<DirectoryBuilder>? _directories;
    private Dictionary<byte[], DirectoryBuilder>? _directoriesByName;
    private FileColumns _columns;
    private bool _wasReopened;
    private HashSet<byte[]>? _unreadable;

    /// <summary>UTF-8; empty for the root.</summary>
    public byte[] Name { get; } = name;

    /// <summary>Null while only entries in the directory are known.</summary>
    public DirectoryFacts? Facts { get; set; }

    /// <summary>Reading failed in the middle: entries that are missing here may exist.</summary>
    public bool IsPartial { get; set; }

    /// <summary>Copies a node's entries in and below a directory of a tree. The columns are shared with the tree.</summary>
    /// <param name="directory">The node has a part in it.</param>
    /// <param name="node">The node.</param>
    public static DirectoryBuilder Of(TreeDirectory directory, NodeName node)
    {
        var part = directory.PartOf(node)!;
        var copy = new DirectoryBuilder(directory.Name) { Facts = part.Announced };
        copy.SetFiles(part.Files);
        foreach (var child in directory.Children)
        {
            if (child.PartOf(node) is not null) copy.Add(Of(child, node));
        }

        return copy;
    }

    /// <summary>
    /// An entry of this name exists but could not be read: neither a file nor a directory of that name counts as deleted.
    /// </summary>
    public void MarkUnreadable(byte[] nameUtf8) => (_unreadable ??= new(NameBytes.Comparer)).Add(nameUtf8);

    /// <summary>Whether an entry that was not read may exist.</summary>
    public bool MayHold(ReadOnlySpan<byte> nameUtf8) =>
        (IsPartial || _unreadable?.GetAlternateLookup<ReadOnlySpan<byte>>().Contains(nameUtf8) == true)
        && FindDirectory(nameUtf8) is null && Files().Find(nameUtf8) < 0;

    /// <summary>Returns a whole tree in which this directory, the root of a scan, is mounted at a path.</summary>
    /// <remarks>
    /// The root of the tree is no entry and is not announced. If it is the mount, the facts of the scanned root are dropped.
    /// </remarks>
    public DirectoryBuilder MountedAt(VirtualPath mount)
    {
        var root = new DirectoryBuilder([]);
        if (mount.IsRoot)
        {
            root.TakeOver(this);
            root.Facts = null;
            return root;
        }

        var directory = root;
        foreach (var name in mount.Value.Split('/', StringSplitOptions.RemoveEmptyEntries))
            directory = directory.GetOrAddDirectory(Encoding.UTF8.GetBytes(name));
        directory.TakeOver(this);
        return root;
    }

    /// <summary>Adds a file. The name is a valid name of a VirtualPath in UTF-8. Of two files with one name the later wins.</summary>
    public void AddFile(ReadOnlySpan<byte> nameUtf8, in FileFacts facts)
    {
        if (_open is null) Reopen();
        _open!.Add(nameUtf8, facts);
    }

    /// <summary>Adds a directory. The name is a valid name of a VirtualPath in UTF-8, and new in this directory.</summary>
    public DirectoryBuilder AddDirectory(byte[] nameUtf8, in DirectoryFacts facts)
    {
        var added = new DirectoryBuilder(nameUtf8) { Facts = facts };
        Add(added);
        return added;
    }

    /// <summary>Adds a directory with its content. Its name must be new in this directory.</summary>
    public void Add(DirectoryBuilder added)
    {
        (_directories ??= []).Add(added);
        _directoriesByName?.Add(added.Name, added);
    }

    /// <summary>Returns the directory of that name, and adds it if it is new.</summary>
    public DirectoryBuilder GetOrAddDirectory(ReadOnlySpan<byte> nameUtf8) => GetOrAddDirectory(nameUtf8, out _);

    /// <inheritdoc cref="GetOrAddDirectory(ReadOnlySpan{byte})"/>
    public DirectoryBuilder GetOrAddDirectory(ReadOnlySpan<byte> nameUtf8, out bool isNew)
    {
        isNew = false;
        if (FindDirectory(nameUtf8) is { } found) return found;
        isNew = true;
        var added = new DirectoryBuilder(nameUtf8.ToArray());
        Add(added);
        return added;
    }

    /// <summary>The directories, sorted by name.</summary>
    public IReadOnlyList<DirectoryBuilder> Directories()
    {
        _directories?.Sort((a, b) => a.Name.AsSpan().SequenceCompareTo(b.Name));
        return _directories ?? [];
    }

    /// <summary>
    /// Frees the builder of the files. Call it when a directory is probably complete, so that collecting millions of files takes little
    /// more memory than the result. If files are added after all, the directory stays open, because otherwise entries in any order would
    /// unpack it each time.
    /// </summary>
    public void PackEarly()
    {
        if (!_wasReopened) Files();
    }

    /// <summary>The packed files. A file with the name of a directory is left out.</summary>
    public FileColumns Files()
    {
        if (_open is null) return _columns;
        _columns = WithoutNamesOfDirectories(_open.Build());
        _spare = _open;
        _open = null;
        return _columns;
    }

    /// <summary>Replaces all files of the directory.</summary>
    public void SetFiles(FileColumns columns)
    {
        _open = null;
        _columns = columns;
    }

    private DirectoryBuilder? FindDirectory(ReadOnlySpan<byte> nameUtf8)
    {
        if (_directoriesByName is null)
        {
            _directoriesByName = new Dictionary<byte[], DirectoryBuilder>(NameBytes.Comparer);
            foreach (var known in _directories ?? []) _directoriesByName.Add(known.Name, known);
        }

        return _directoriesByName.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(nameUtf8, out var found) ? found : null;
    }

    private void TakeOver(DirectoryBuilder other)
    {
        (Facts, IsPartial, _unreadable) = (other.Facts, other.IsPartial, other._unreadable);
        _columns = other.Files();
        _directories = other._directories;
    }

    private void Reopen()
    {
        _wasReopened = _columns.Count > 0;
        _open = Interlocked.Exchange(ref _spare, null) ?? new FileColumnsBuilder();
        _open.Add(_columns);
    }

    private FileColumns WithoutNamesOfDirectories(FileColumns files)
    {
        if (_directories is null || !_directories.Exists(directory => files.Find(directory.Name) >= 0)) return files;
        var names = new HashSet<byte[]>(_directories.Select(directory => directory.Name), NameBytes.Comparer);
        var left = new FileColumnsBuilder();
        for (var index = 0; index < files.Count; index++)
        {
            if (!names.Contains(files.Name(index).ToArray())) left.Add(files.NameSpan(index), files[index]);
        }

        return left.Build();
    }
}
