using Dftp.Cluster.Index;
using Dftp.FileSystem;
using Dftp.Tests.Cluster.Index;

namespace Dftp.Tests.Cluster.Convergence;

/// <summary>
/// A node's disk, and the rule about times of change said in the plainest way: an entry changed when the scan that first found it so
/// was made, counted anew after each start that does not know the scans before; and no change is earlier than the last one of its path.
/// </summary>
internal sealed class SimulatedDisk
{
    private static readonly FileFacts PlainDirectory = new(0, UnixTime.FromSeconds(9), 0b111_101_101);

    private readonly Dictionary<VirtualPath, EntryChange> _entries = [];
    private Dictionary<VirtualPath, EntryChange> _scanned = [];

    /// <summary>What the node that has the disk holds, with the times of change, as of its last scan.</summary>
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

    /// <summary>What was scanned is forgotten, as by the end of a process.</summary>
    public void Forget() => _scanned = [];

    /// <summary>What was scanned is known again as it was when it was written down: <see cref="Scanned"/> of then.</summary>
    public void Recall(IReadOnlyCollection<EntryChange> scanned) => _scanned = scanned.ToDictionary(entry => entry.Path);

    /// <summary>Scans the disk at a time in unix seconds.</summary>
    /// <returns>What a scanner finds: entries without their times of change.</returns>
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
