using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.Replication;

/// <summary>
/// The seconds of the stamps that are announced to one legacy node. A legacy node applies an entry only if its time is greater than the
/// previous one of the path, in whole seconds, and would ignore a change or a deletion in the second of the last announcement. So its time
/// is raised by one. Updates to a legacy node must be at least a second apart; then no time is ahead of the clock
/// (<see cref="StampClock.Now"/>).
/// </summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class LegacyStamps
{
    /// <summary>The announced times of paths at or after <see cref="_lastUpdate"/>. A new change cannot collide with older ones.</summary>
    private readonly Dictionary<VirtualPath, long> _recent = [];

    /// <summary>Seconds of the clock at the last update; 0 before the first.</summary>
    private long _lastUpdate;

    /// <summary>The greatest time to which a full update may have raised an entry.</summary>
    private long _raisedInFull;

    /// <summary>Returns the changes to announce: the last one of each path, with a time that is greater than the previous one.</summary>
    /// <param name="changes">In order.</param>
    /// <param name="now">Seconds of the clock that makes the stamps.</param>
    public IReadOnlyList<EntryChange> Raise(IReadOnlyList<EntryChange> changes, long now)
    {
        var before = new Dictionary<VirtualPath, long>();
        var last = new Dictionary<VirtualPath, int>();
        for (var index = 0; index < changes.Count; index++)
        {
            before.TryAdd(changes[index].Path, changes[index].Before.Seconds);
            last[changes[index].Path] = index;
        }

        var raised = new List<EntryChange>(last.Count);
        foreach (var (path, index) in last.OrderBy(item => item.Value))
        {
            var change = changes[index];
            var announced = Math.Max(before[path], Math.Max(_recent.GetValueOrDefault(path), _raisedInFull));
            if (announced > 0 && change.Facts.Stamp.Seconds <= announced)
                change = change with { Facts = change.Facts with { Stamp = Stamp.FromSeconds(announced + 1) } };
            raised.Add(change);
        }

        Forget(now);
        foreach (var change in raised) _recent[change.Path] = change.Facts.Stamp.Seconds;
        return raised;
    }

    /// <summary>Starts a full update.</summary>
    /// <param name="now">Seconds of the clock that makes the stamps.</param>
    /// <returns>
    /// The seconds of entries that may have changed in the second in which they were announced before. Announce these with the
    /// second after it. 0: there are none.
    /// </returns>
    public long RaiseInFull(long now)
    {
        var second = _lastUpdate;
        if (second > 0) _raisedInFull = second + 1;
        Forget(now);
        return second;
    }

    private void Forget(long now)
    {
        _lastUpdate = now;
        foreach (var (path, stamp) in _recent)
        {
            if (stamp < now) _recent.Remove(path);
        }

        if (_raisedInFull < now) _raisedInFull = 0;
    }
}
