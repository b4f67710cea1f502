namespace Dftp.Cluster.Updates;

/// <summary>The latest changes of what this node holds, by sequence number, so that a peer that lags a little need not be sent everything.</summary>
/// <remarks>Not safe for several threads: its owner locks.</remarks>
internal sealed class ChangeLog
{
    /// <summary>Some ten megabytes; beyond it a full update is hardly dearer.</summary>
    private const int MaxEntries = 50_000;

    private readonly Queue<(long Sequence, IReadOnlyList<EntryChange> Changes)> _batches = new();
    private int _entries;
    private long _oldest;

    /// <summary>The last change; 0 before the first.</summary>
    public long Sequence { get; private set; }

    /// <summary>Notes changes.</summary>
    /// <param name="changes">The changes; null when they are too many to be told one by one.</param>
    public void Append(IReadOnlyList<EntryChange>? changes)
    {
        Sequence++;
        if (changes is null || changes.Count > MaxEntries)
        {
            _batches.Clear();
            _entries = 0;
            _oldest = Sequence;
            return;
        }

        _batches.Enqueue((Sequence, changes));
        _entries += changes.Count;
        while (_entries > MaxEntries)
        {
            var (sequence, dropped) = _batches.Dequeue();
            _entries -= dropped.Count;
            _oldest = sequence;
        }
    }

    /// <summary>The changes that lead from a state to the present one, in order.</summary>
    /// <returns>Null when the log does not reach back so far.</returns>
    public IReadOnlyList<EntryChange>? Since(long sequence) =>
        sequence < _oldest || sequence > Sequence
            ? null
            : [.. _batches.Where(batch => batch.Sequence > sequence).SelectMany(batch => batch.Changes)];
}
