namespace Dftp.Cluster.Replication;

/// <summary>
/// The maximum cost of updates for their receiver. The limits fit together: 10 GiB are 40 million entries of 268 bytes, twice what our
/// nodes write and about what a legacy node writes. Ten million files of one node, the largest supported tree, take 1.5 to 3 GiB
/// decompressed, and some 900 MiB of memory while they are read.
/// </summary>
internal sealed record UpdateLimits
{
    /// <summary>The maximum length of a decompressed message in bytes.</summary>
    public long MaxBytes { get; init; } = 10L << 30;

    /// <summary>The maximum number of entries of a message, including those that are left out.</summary>
    public int MaxEntries { get; init; } = 40_000_000;

    /// <summary>
    /// The maximum memory in bytes for entries that precede Full, which decides what they mean. All known senders write Full first.
    /// </summary>
    public long MaxEarlyBytes { get; init; } = 16L << 20;

    /// <summary>The maximum memory in bytes for all updates together that are being read or applied.</summary>
    public long MaxKeptBytes { get; init; } = Math.Max(256L << 20, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2);
}
