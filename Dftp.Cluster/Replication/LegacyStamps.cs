using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.Replication;

/// <summary>
/// The times of change that are announced to one legacy node. A legacy node applies an entry only if its time is greater than the previous
/// one of the path, in whole seconds, and would ignore a change or a deletion in the second of the last announcement. So its time is raised
/// by one. Updates to a legacy node must be at least a second apart; then no time is ahead of the clock.
/// </summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class LegacyStamps
{
    /// <summary>The announced times of paths at or after <see cref="_lastUpdate"/>. A new change cannot collide with older ones.</summary>
    private readonly Dictionary<VirtualPath, uint> _recent = [];

    /// <summary>Unix seconds of the last update; 0 before the first.</summary>
    private uint _lastUpdate;

    /// <summary>The greatest time to which a full update may have raised an entry.</summary>
    private uint _raisedInFull;

    /// <summary>Returns the changes to announce: the last one of each path, with a time that is greater than the previous one.</summary>
    /// <param name="changes">In order.</param>
    /// <param name="now">Unix seconds.</param>
    public IReadOnlyList<EntryChange> Raise(IReadOnlyList<EntryChange> changes, uint now)
    {
        var before = new Dictionary<VirtualPath, uint>();
        var last = new Dictionary<VirtualPath, int>();
        for (var index = 0; index < changes.Count; index++)
        {
            before.TryAdd(changes[index].Path, changes[index].Before);
            last[changes[index].Path] = index;
        }

        var raised = new List<EntryChange>(last.Count);
        foreach (var (path, index) in last.OrderBy(item => item.Value))
        {
            var change = changes[index];
            var announced = Math.Max(before[path], Math.Max(_recent.GetValueOrDefault(path), _raisedInFull));
            if (announced > 0 && change.Facts.Changed <= announced)
                change = change with { Facts = change.Facts with { Changed = announced + 1 } };
            raised.Add(change);
        }

        Forget(now);
        foreach (var change in raised) _recent[change.Path] = change.Facts.Changed;
        return raised;
    }

    /// <summary>Starts a full update.</summary>
    /// <param name="now">Unix seconds.</param>
    /// <returns>
    /// The time of change of entries that may have changed in the second in which they were announced before. Announce these with the
    /// second after it. 0: there are none.
    /// </returns>
    public uint RaiseInFull(uint now)
    {
        var second = _lastUpdate;
        if (second > 0) _raisedInFull = second + 1;
        Forget(now);
        return second;
    }

    private void Forget(uint now)
    {
        _lastUpdate = now;
        foreach (var (path, stamp) in _recent)
        {
            if (stamp < now) _recent.Remove(path);
        }

        if (_raisedInFull < now) _raisedInFull = 0;
    }
}
