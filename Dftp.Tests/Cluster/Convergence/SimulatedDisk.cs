using Dftp.Cluster.Index;
using Dftp.FileSystem;
using Dftp.Tests.Cluster.Index;

namespace Dftp.Tests.Cluster.Convergence;

/// <summary>
/// A node's disk, with the rule for stamps in its simplest form: an entry gets a stamp by the scan that first finds it in its present state; a
/// start that does not know the earlier scans counts from its own first one.
/// </summary>
internal sealed class SimulatedDisk
{
    private static readonly FileFacts PlainDirectory = new(0, UnixTime.FromSeconds(9), 0b111_101_101);

    private readonly Dictionary<VirtualPath, EntryChange> _entries = [];
    private Dictionary<VirtualPath, EntryChange> _scanned = [];

    /// <summary>The entries of the node that has the disk, with their stamps, as of its last scan.</summary>
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

    /// <summary>Scans the disk. Then the node's stamps are entered by <see cref="Stamped"/>.</summary>
    /// <returns>The result of a scanner: entries without stamps.</returns>
    public DirectoryBuilder Scan()
    {
        var before = _scanned;
        _scanned = _entries.ToDictionary(
            entry => entry.Key,
            entry => before.TryGetValue(entry.Key, out var known) && known.Kind == entry.Value.Kind
                && known with { Facts = known.Facts with { Stamp = default } } == entry.Value ? known : entry.Value);
        return TreeModel.Draft(_entries.Values);
    }

    /// <summary>Checks that the node kept the stamps of unchanged entries, and takes over those that it gave the others.</summary>
    /// <param name="stampOf">The node's stamp of an entry.</param>
    /// <returns>The one stamp of all changed entries; default if none changed.</returns>
    public Stamp Stamped(Func<EntryChange, Stamp> stampOf)
    {
        var given = new HashSet<Stamp>();
        foreach (var entry in _scanned.Values.ToList())
        {
            var stamp = stampOf(entry);
            if (entry.Facts.Stamp != default)
            {
                Assert.AreEqual(entry.Facts.Stamp, stamp, $"the stamp of {entry.Path}, which did not change");
                continue;
            }

            given.Add(stamp);
            _scanned[entry.Path] = entry with { Facts = entry.Facts with { Stamp = stamp } };
        }

        Assert.IsTrue(given.Count <= 1, "a scan gave several stamps");
        return given.SingleOrDefault();
    }

    private void RemoveTree(VirtualPath path)
    {
        foreach (var below in _entries.Keys.Where(other => other.IsSameOrUnder(path)).ToList()) _entries.Remove(below);
    }
}
