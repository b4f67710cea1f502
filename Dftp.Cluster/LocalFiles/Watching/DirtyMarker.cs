namespace Dftp.Cluster.LocalFiles.Watching;

/// <summary>Converts the source's events into directories to read again, and counts the events.</summary>
internal sealed class DirtyMarker(KnownDirectories known, DirtySet dirty) : EventSink
{
    private long _events;
    private long _overflows;
    private Exception? _failure;

    public long Events => Interlocked.Read(ref _events);

    public long Overflows => Interlocked.Read(ref _overflows);

    public override void Tell(byte[] realPath, ReadOnlySpan<byte> name, EntryEvent change)
    {
        Interlocked.Increment(ref _events);
        known.MarkChanged(realPath, name, change);
    }

    public override void TellGone(byte[] realPath, bool isUnwatched)
    {
        Interlocked.Increment(ref _events);
        known.MarkGone(realPath, isUnwatched);
    }

    public override void TellOverflow()
    {
        Interlocked.Increment(ref _overflows);
        dirty.AddEverything();
    }

    public override void TellFailed(Exception failure)
    {
        Volatile.Write(ref _failure, failure);
        dirty.AddEverything();
        dirty.Raise();
    }

    /// <exception cref="InvalidOperationException">The source has failed since the last call.</exception>
    public void ThrowIfFailed()
    {
        if (Interlocked.Exchange(ref _failure, null) is { } failure)
            throw new InvalidOperationException($"events were not delivered: {failure.Message}", failure);
    }

    public override void EndBurst() => dirty.Raise();
}
