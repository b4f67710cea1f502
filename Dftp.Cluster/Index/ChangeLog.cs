namespace Dftp.Cluster.Index;

/// <summary>The latest changes of this node's entries by sequence number, so that a peer that lags a little needs no full update.</summary>
/// <remarks>Not thread-safe: its owner locks.</remarks>
internal sealed class ChangeLog
{
    /// <summary>Some ten megabytes. More changes cost about as much as a full update.</summary>
    public const int MaxEntries = 50_000;

    private readonly Queue<(long Sequence, ulong Digest, IReadOnlyList<EntryChange> Changes)> _batches = new();
    private int _entries;
    private long _oldest;
    private ulong _oldestDigest;

    /// <param name="digest">The digest of the state before the first change.</param>
    public ChangeLog(ulong digest = 0) => _oldestDigest = digest;

    /// <summary>The last change; 0 before the first.</summary>
    public long Sequence { get; private set; }

    /// <summary>Appends changes.</summary>
    /// <param name="changes">The changes; null if they are too many to be sent one by one.</param>
    /// <param name="digest">The digest of the state after them.</param>
    public void Append(IReadOnlyList<EntryChange>? changes, ulong digest)
    {
        Sequence++;
        if (changes is null || changes.Count > MaxEntries)
        {
            _batches.Clear();
            _entries = 0;
            (_oldest, _oldestDigest) = (Sequence, digest);
            return;
        }

        _batches.Enqueue((Sequence, digest, changes));
        _entries += changes.Count;
        while (_entries > MaxEntries)
        {
            var dropped = _batches.Dequeue();
            _entries -= dropped.Changes.Count;
            (_oldest, _oldestDigest) = (dropped.Sequence, dropped.Digest);
        }
    }

    /// <summary>The changes that lead from a state to the current one, in order.</summary>
    /// <returns>Null if the log does not reach back that far.</returns>
    public IReadOnlyList<EntryChange>? Since(long sequence) =>
        sequence < _oldest || sequence > Sequence
            ? null
            : [.. _batches.Where(batch => batch.Sequence > sequence).SelectMany(batch => batch.Changes)];

    /// <summary>The last state with a digest, of those that the log reaches back to.</summary>
    public long? SequenceOf(ulong digest)
    {
        long? found = _oldestDigest == digest ? _oldest : null;
        foreach (var batch in _batches)
        {
            if (batch.Digest == digest) found = batch.Sequence;
        }

        return found;
    }
}
