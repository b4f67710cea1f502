using System.Text;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.Replication;

/// <summary>
/// Collects the entries of one update message as it is read, within the limits of the receiver: a whole new state for a full update,
/// changes for an incremental one.
/// </summary>
internal sealed class UpdateEntries
{
    /// <summary>Memory of a collected file, without its name.</summary>
    private const int FileBytes = 64;

    /// <summary>Memory of a directory, or of a name in a patch, without the name: objects and dictionary slots.</summary>
    private const int NodeBytes = 320;

    /// <summary>Memory of an entry, without its path, that waits until it is known whether the update is full.</summary>
    private const int EarlyBytes = 128;

    private readonly UpdateMemory.Share _memory;
    private readonly Stamp _latestStamp;
    private readonly DirectoryBuilder _draft = new([]);
    private readonly DirectoryPatch _patch = new();
    private List<WireEntry>? _early;
    private long _earlyBytes;
    private VirtualPath _lastPatched;
    private VirtualPath _lastParent;
    private DirectoryBuilder _lastDirectory;

    // The path of that directory as a prefix of FullName, and the name of an entry in it.
    private readonly byte[] _siblingName = new byte[VirtualPath.MaxNameBytes];
    private byte[] _lastPrefix = [];
    private int _siblingNameLength;

    /// <param name="memory">Its account.</param>
    /// <param name="latestStamp">Later stamps do not count for <see cref="LatestStamp"/>.</param>
    public UpdateEntries(UpdateMemory.Share memory, Stamp latestStamp)
    {
        _memory = memory;
        _latestStamp = latestStamp;
        _lastDirectory = _draft;
    }

    /// <summary>Whether the update is full; null until Full was read.</summary>
    public bool? IsFull { get; set; }

    /// <summary>The number of entries.</summary>
    public int Count { get; private set; }

    /// <summary>The greatest stamp that is not after the given limit; default if there is none.</summary>
    public Stamp LatestStamp { get; private set; }

    /// <summary>The number of entries that were left out because their names are invalid in our tree.</summary>
    public int LeftOut { get; private set; }

    /// <summary>
    /// Takes the name of an entry in the directory of the previous one, which is the usual case and avoids creating and splitting a path
    /// for each. A name that is not certainly valid is left to the general case, which checks all rules.
    /// </summary>
    public bool TakeSibling(ReadOnlySpan<byte> path)
    {
        if (IsFull != true || !TryFindSibling(path, out var name)) return false;
        name.CopyTo(_siblingName);
        _siblingNameLength = name.Length;
        return true;
    }

    /// <summary>Adds a file of a full update that is in the directory of the previous entry.</summary>
    /// <returns>False if it is not, or its name is not certainly valid.</returns>
    public bool TryAddSibling(ReadOnlySpan<byte> path, in FileFacts facts)
    {
        if (!TryFindSibling(path, out var name)) return false;
        CountEntry(facts.Stamp);
        AddFile(name, facts);
        return true;
    }

    /// <summary>Adds an entry.</summary>
    /// <exception cref="UpdateFormatException">The message exceeds the limits of this node.</exception>
    public void Add(in WireEntry entry)
    {
        CountEntry(entry.Facts.Stamp);
        if (entry.IsLeftOut)
        {
            LeftOut++;
            return;
        }

        // Members may have any order: if Files precedes Full, the entries wait until Full is known.
        if (IsFull is null) Wait(entry);
        else Place(entry);
    }

    /// <summary>Ends the message.</summary>
    /// <returns>The changes of its sender's entries.</returns>
    public DirectoryPatch End()
    {
        IsFull ??= false;
        foreach (var entry in _early ?? []) Place(entry);
        return IsFull.Value ? DirectoryPatch.Replace(_draft) : _patch;
    }

    private bool TryFindSibling(ReadOnlySpan<byte> path, out ReadOnlySpan<byte> name)
    {
        name = default;
        if (path.Length >= VirtualPath.MaxPathBytes || !path.StartsWith(_lastPrefix)) return false;
        name = path[_lastPrefix.Length..];
        return !name.IsEmpty && name[0] != (byte)'.' && !name.Contains((byte)'/') && EntryName.Check(name) is null;
    }

    private void CountEntry(Stamp stamp)
    {
        if (stamp > LatestStamp && stamp <= _latestStamp) LatestStamp = stamp;
        if (++Count > _memory.Limits.MaxEntries)
            throw new UpdateFormatException($"it has more than {_memory.Limits.MaxEntries} entries", isTooLarge: true);
    }

    private void Wait(in WireEntry entry)
    {
        var bytes = EarlyBytes + (sizeof(char) * entry.Path.Value.Length);
        _memory.Take(bytes);
        if ((_earlyBytes += bytes) > _memory.Limits.MaxEarlyBytes)
            throw new UpdateFormatException(
                $"Files precedes Full and is larger than {_memory.Limits.MaxEarlyBytes >> 20} MiB: put Full first", isTooLarge: true);
        (_early ??= []).Add(entry);
    }

    private void Place(in WireEntry entry)
    {
        var facts = entry.Facts;
        if (IsFull == true)
        {
            PlaceInDraft(entry, facts);
            return;
        }

        TakeForPatch(entry.Path);
        if (entry.IsDeletion) _patch.Delete(entry.Path);
        else if (entry.IsDirectory) _patch.PutDirectory(entry.Path, new DirectoryFacts(facts.Modified, facts.Permissions, facts.Stamp));
        else _patch.PutFile(entry.Path, facts);
    }

    /// <summary>Directories on the path of an entry that differ from those of the previous entry count as new.</summary>
    private void TakeForPatch(VirtualPath path)
    {
        var parent = path.Parent;
        if (parent != _lastPatched) _memory.Take(NodeBytes * (1 + parent.Relative.Count('/')) + parent.Value.Length);
        _lastPatched = parent;
        _memory.Take(NodeBytes + (2 * path.Name.Length));
    }

    private void PlaceInDraft(in WireEntry entry, in FileFacts facts)
    {
        if (entry.IsDeletion) return;
        if (entry.IsSibling)
        {
            PutInLastDirectory(_siblingName.AsSpan(0, _siblingNameLength), entry, facts);
            return;
        }

        var parent = entry.Path.Parent;
        if (parent != _lastParent)
        {
            // Entries are usually grouped by directory: pack one as soon as the next begins.
            _lastDirectory.PackEarly();
            _lastDirectory = Descend(parent);
            _lastParent = parent;
            _lastPrefix = parent.IsRoot ? [] : Encoding.UTF8.GetBytes(string.Concat(parent.Relative, "/"));
        }

        PutInLastDirectory(Encoding.UTF8.GetBytes(entry.Path.Name), entry, facts);
    }

    private void PutInLastDirectory(ReadOnlySpan<byte> name, in WireEntry entry, in FileFacts facts)
    {
        if (entry.IsDirectory)
        {
            AddDirectory(_lastDirectory, name).Facts = new DirectoryFacts(facts.Modified, facts.Permissions, facts.Stamp);
            return;
        }

        AddFile(name, facts);
    }

    private void AddFile(ReadOnlySpan<byte> name, in FileFacts facts)
    {
        _memory.Take(FileBytes + name.Length);
        _lastDirectory.AddFile(name, facts);
    }

    private DirectoryBuilder AddDirectory(DirectoryBuilder parent, ReadOnlySpan<byte> name)
    {
        var directory = parent.GetOrAddDirectory(name, out var isNew);
        if (isNew) _memory.Take(NodeBytes + name.Length);
        return directory;
    }

    private DirectoryBuilder Descend(VirtualPath path)
    {
        var directory = _draft;
        foreach (var range in path.Relative.Split('/'))
        {
            var name = path.Relative[range];
            if (!name.IsEmpty) directory = AddDirectory(directory, Encoding.UTF8.GetBytes(name.ToArray()));
        }

        return directory;
    }
}
