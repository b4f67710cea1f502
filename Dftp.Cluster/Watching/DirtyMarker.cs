namespace Dftp.Cluster.Watching;

/// <summary>Turns what a source tells into directories to be read again, and counts it.</summary>
internal sealed class DirtyMarker(KnownDirectories known, DirtyPlaces dirty) : EventSink
{
    private long _events;
    private long _overflows;

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

    public override void EndBurst() => dirty.Raise();
}
