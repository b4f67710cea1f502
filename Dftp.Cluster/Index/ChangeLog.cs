namespace Dftp.Cluster.Index;

/// <summary>The latest changes of what this node holds, by sequence number, so that a peer that lags a little need not be sent everything.</summary>
/// <remarks>Not safe for several threads: its owner locks.</remarks>
internal sealed class ChangeLog
{
    /// <summary>Some ten megabytes; beyond it a full update is hardly dearer.</summary>
    public const int MaxEntries = 50_000;

    private readonly Queue<(long Sequence, ulong Digest, IReadOnlyList<EntryChange> Changes)> _batches = new();
    private int _entries;
    private long _oldest;
    private ulong _oldestDigest;

    /// <param name="digest">The digest of the state before the first change.</param>
    public ChangeLog(ulong digest = 0) => _oldestDigest = digest;

    /// <summary>The last change; 0 before the first.</summary>
    public long Sequence { get; private set; }

    /// <summary>Notes changes.</summary>
    /// <param name="changes">The changes; null when they are too many to be told one by one.</param>
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

    /// <summary>The changes that lead from a state to the present one, in order.</summary>
    /// <returns>Null when the log does not reach back so far.</returns>
    public IReadOnlyList<EntryChange>? Since(long sequence) =>
        sequence < _oldest || sequence > Sequence
            ? null
            : [.. _batches.Where(batch => batch.Sequence > sequence).SelectMany(batch => batch.Changes)];

    /// <summary>The last state that had a digest, of those to which the log reaches back.</summary>
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
