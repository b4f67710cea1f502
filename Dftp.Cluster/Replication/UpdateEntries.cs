using System.Text;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.Replication;

/// <summary>
/// Gathers the entries of one update message as it is read, within the limits of the receiver: a whole new state of a full update, changes of an
/// incremental one.
/// </summary>
internal sealed class UpdateEntries
{
    /// <summary>Memory that a file takes beside its name, while it is gathered.</summary>
    private const int FileBytes = 64;

    /// <summary>Memory that a directory takes beside its name, or a path's name in a patch: objects and places in dictionaries.</summary>
    private const int NodeBytes = 320;

    /// <summary>Memory that an entry takes beside its path while it waits for what it means.</summary>
    private const int EarlyBytes = 128;

    private readonly UpdateMemory.Share _memory;
    private readonly DirectoryBuilder _draft = new([]);
    private readonly DirectoryPatch _patch = new();
    private List<WireEntry>? _early;
    private long _earlyBytes;
    private VirtualPath _lastPatched;
    private VirtualPath _lastParent;
    private DirectoryBuilder _lastDirectory;

    // The path of that directory as FullName begins with it, and the name of an entry that lies in it too.
    private readonly byte[] _siblingName = new byte[VirtualPath.MaxNameBytes];
    private byte[] _lastPrefix = [];
    private int _siblingNameLength;

    public UpdateEntries(UpdateMemory.Share memory)
    {
        _memory = memory;
        _lastDirectory = _draft;
    }

    /// <summary>Whether the message is a full update; null until it has said so.</summary>
    public bool? IsFull { get; set; }

    /// <summary>How many entries there were.</summary>
    public int Count { get; private set; }

    /// <summary>How many of them have names that no tree of ours can hold, and were left out.</summary>
    public int LeftOut { get; private set; }

    /// <summary>
    /// Takes the name of an entry that lies in the directory of the last one, as most do: a million paths would be made and cut into names
    /// again. Whatever is not plainly good is left to the way on which every rule is looked at.
    /// </summary>
    public bool TakeSibling(ReadOnlySpan<byte> path)
    {
        if (IsFull != true || !TryFindSibling(path, out var name)) return false;
        name.CopyTo(_siblingName);
        _siblingNameLength = name.Length;
        return true;
    }

    /// <summary>Adds a file of a full update that lies in the directory of the last entry.</summary>
    /// <returns>False where it does not, or its name is not plainly good.</returns>
    public bool TryAddSibling(ReadOnlySpan<byte> path, in FileFacts facts)
    {
        if (!TryFindSibling(path, out var name)) return false;
        CountEntry();
        AddFile(name, facts);
        return true;
    }

    /// <summary>Adds an entry that was read.</summary>
    /// <exception cref="UpdateFormatException">The message is larger than this node takes.</exception>
    public void Add(in WireEntry entry)
    {
        CountEntry();
        if (entry.IsLeftOut)
        {
            LeftOut++;
            return;
        }

        // The order of the members is free: where Files comes before Full, the entries wait until it is known what they mean.
        if (IsFull is null) Wait(entry);
        else Place(entry);
    }

    /// <summary>Ends the message.</summary>
    /// <returns>What it does to its sender's entries.</returns>
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

    private void CountEntry()
    {
        if (++Count > _memory.Limits.MaxEntries) throw new UpdateFormatException($"it has more than {_memory.Limits.MaxEntries} entries", isTooLarge: true);
    }

    private void Wait(in WireEntry entry)
    {
        var bytes = EarlyBytes + (sizeof(char) * entry.Path.Value.Length);
        _memory.Take(bytes);
        if ((_earlyBytes += bytes) > _memory.Limits.MaxEarlyBytes)
            throw new UpdateFormatException($"Files stands before Full, and is larger than {_memory.Limits.MaxEarlyBytes >> 20} MiB: put Full first", isTooLarge: true);
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
        else if (entry.IsDirectory) _patch.PutDirectory(entry.Path, new DirectoryFacts(facts.Modified, facts.Permissions, facts.Changed));
        else _patch.PutFile(entry.Path, facts);
    }

    /// <summary>Of the directories on the way to an entry those that differ from the last entry's are taken for new.</summary>
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
            // Entries mostly come directory by directory: pack one as soon as the next begins.
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
            AddDirectory(_lastDirectory, name).Facts = new DirectoryFacts(facts.Modified, facts.Permissions, facts.Changed);
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
