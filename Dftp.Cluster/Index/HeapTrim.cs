namespace Dftp.Cluster.Index;

/// <summary>
/// Gives back what gathering very many entries has left on the heap. The collector by itself would keep it until it is short of memory,
/// which on a machine with much of it is never.
/// </summary>
/// <remarks>It holds everything up for some 70 ms a million files, so it is only for a first scan: while an update is merged readers are not to wait.</remarks>
internal static class HeapTrim
{
    /// <summary>Fewer leave nothing behind that is worth the pause.</summary>
    private const long ManyEntries = 200_000;

    public static void AfterGathering(long entries)
    {
        if (entries >= ManyEntries) GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }
}
