namespace Dftp.Cluster.Index;

/// <summary>
/// Frees the garbage that collecting very many entries leaves on the heap. The collector alone would keep it until memory is short, which
/// on a large machine never happens.
/// </summary>
/// <remarks>
/// It stops all threads for some 70 ms for each million files, so it is only for a first scan: while an update is merged, readers must not
/// wait.
/// </remarks>
internal static class HeapTrim
{
    /// <summary>Fewer entries leave too little garbage to justify the pause.</summary>
    private const long ManyEntries = 200_000;

    public static void AfterGathering(long entries)
    {
        if (entries >= ManyEntries) GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }
}
