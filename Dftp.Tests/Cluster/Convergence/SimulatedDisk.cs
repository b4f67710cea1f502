using Dftp.Cluster.Index;
using Dftp.FileSystem;
using Dftp.Tests.Cluster.Index;

namespace Dftp.Tests.Cluster.Convergence;

/// <summary>
/// A node's disk, with the rule for change stamps in its simplest form: an entry changed at the time of the scan that first found it in its
/// present state; a start that does not know the earlier scans counts from its own first one; and no stamp is earlier than the previous one
/// of its path.
/// </summary>
internal sealed class SimulatedDisk
{
    private static readonly FileFacts PlainDirectory = new(0, UnixTime.FromSeconds(9), 0b111_101_101);

    private readonly Dictionary<VirtualPath, EntryChange> _entries = [];
    private Dictionary<VirtualPath, EntryChange> _scanned = [];

    /// <summary>The entries of the node that has the disk, with their change stamps, as of its last scan.</summary>
    public IReadOnlyCollection<EntryChange> Scanned => _scanned.Values;

    public void Change(DiskChange change)
    {
        if (change.Kind == DiskChangeKind.Remove)
        {
            RemoveTree(change.Path);
            return;
        }

        for (var above = change.Path.Parent; !above.IsRoot; above = above.Parent)
        {
            if (!_entries.TryGetValue(above, out var there) || there.Kind == EntryChangeKind.PutFile)
                _entries[above] = new EntryChange(above, EntryChangeKind.PutDirectory, PlainDirectory);
        }

        var modified = UnixTime.FromSeconds(change.Facts);
        if (change.Kind == DiskChangeKind.MakeDirectory)
        {
            _entries[change.Path] = new EntryChange(change.Path, EntryChangeKind.PutDirectory, PlainDirectory with { Modified = modified });
            return;
        }

        RemoveTree(change.Path);
        _entries[change.Path] = new EntryChange(change.Path, EntryChangeKind.PutFile, new FileFacts(change.Facts, modified, 0b110_100_100));
    }

    /// <summary>Forgets what was scanned, as the end of a process does.</summary>
    public void Forget() => _scanned = [];

    /// <summary>Restores the state of the scan that was saved: <see cref="Scanned"/> of that time.</summary>
    public void Recall(IReadOnlyCollection<EntryChange> scanned) => _scanned = scanned.ToDictionary(entry => entry.Path);

    /// <summary>Scans the disk at a time in unix seconds.</summary>
    /// <returns>The result of a scanner: entries without change stamps.</returns>
    public DirectoryBuilder Scan(uint now)
    {
        var before = _scanned;
        _scanned = _entries.ToDictionary(
            entry => entry.Key,
            entry => !before.TryGetValue(entry.Key, out var known) || known.Kind != entry.Value.Kind ? Changed(entry.Value, now)
                : known with { Facts = known.Facts with { Changed = 0 } } == entry.Value ? known
                : Changed(entry.Value, Math.Max(now, known.Facts.Changed)));
        return TreeModel.Draft(_entries.Values);
    }

    private static EntryChange Changed(EntryChange entry, uint time) => entry with { Facts = entry.Facts with { Changed = time } };

    private void RemoveTree(VirtualPath path)
    {
        foreach (var below in _entries.Keys.Where(other => other.IsSameOrUnder(path)).ToList()) _entries.Remove(below);
    }
}
