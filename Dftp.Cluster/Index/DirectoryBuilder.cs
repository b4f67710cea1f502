using System.Text;
using Dftp.FileSystem;

namespace Dftp.Cluster.Index;

/// <summary>
/// What one node holds in one directory, while a scan or an update gathers it. One thread at a time; the drafts of different
/// directories may be filled by different threads.
/// </summary>
internal sealed class DirectoryBuilder(byte[] name)
{
    /// <summary>Directories are mostly gathered one after another: the builder of one serves the next.</summary>
    private static FileColumnsBuilder? _spare;

    private FileColumnsBuilder? _open;
    private List<DirectoryBuilder>? _directories;
    private Dictionary<byte[], DirectoryBuilder>? _directoriesByName;
    private FileColumns _columns;
    private bool _wasReopened;
    private HashSet<byte[]>? _unreadable;

    /// <summary>UTF-8; empty for the root.</summary>
    public byte[] Name { get; } = name;

    /// <summary>Null while the directory is only known by what it holds.</summary>
    public DirectoryFacts? Facts { get; set; }

    /// <summary>Reading broke off: entries that are not here may exist all the same.</summary>
    public bool IsPartial { get; set; }

    /// <summary>What a node holds in and below a directory of a tree. It shares the columns with the tree.</summary>
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

    /// <summary>Something exists under the name that could not be read: neither a file nor a directory of that name counts as deleted.</summary>
    public void MarkUnreadable(byte[] nameUtf8) => (_unreadable ??= new(NameBytes.Comparer)).Add(nameUtf8);

    /// <summary>Whether an entry of which nothing was read may exist all the same.</summary>
    public bool MayHold(ReadOnlySpan<byte> nameUtf8) =>
        (IsPartial || _unreadable?.GetAlternateLookup<ReadOnlySpan<byte>>().Contains(nameUtf8) == true)
        && FindDirectory(nameUtf8) is null && Files().Find(nameUtf8) < 0;

    /// <summary>A whole tree in which this directory, as the root of a scan, stands at a path.</summary>
    /// <remarks>The tree's root is nobody's entry and is not announced, so what was found out of it goes when it is the mount.</remarks>
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
        foreach (var name in mount.Value.Split('/', StringSplitOptions.RemoveEmptyEntries)) directory = directory.GetOrAddDirectory(Encoding.UTF8.GetBytes(name));
        directory.TakeOver(this);
        return root;
    }

    /// <summary>Adds a file. The name is a valid name of a VirtualPath in UTF-8; of two files of one name the later counts.</summary>
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

    /// <summary>Adds a directory whose name is new in this one, with all that it holds.</summary>
    public void Add(DirectoryBuilder added)
    {
        (_directories ??= []).Add(added);
        _directoriesByName?.Add(added.Name, added);
    }

    /// <summary>The directory of that name, which is made when it is not there yet.</summary>
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
    /// Gives back to the collector what gathered the files: call it when a directory is probably complete, so that gathering millions
    /// of files holds little more than its result. A directory that proved it wrong once stays open, or entries in any order would
    /// have it unpacked for each.
    /// </summary>
    public void PackEarly()
    {
        if (!_wasReopened) Files();
    }

    /// <summary>The files, packed. A file that has the name of one of the directories is left out.</summary>
    public FileColumns Files()
    {
        if (_open is null) return _columns;
        _columns = WithoutNamesOfDirectories(_open.Build());
        _spare = _open;
        _open = null;
        return _columns;
    }

    /// <summary>All the files of the directory, in the place of what was added.</summary>
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
