namespace Dftp.Cluster.Replication;

/// <summary>
/// What an update may cost its receiver. The bounds go together: 10 GiB are 40 million entries of 268 bytes, twice what our nodes write and
/// about what a legacy node does. Ten million files of one node, the largest tree that this is built for, take 1.5 to 3 GiB decompressed, and
/// some 900 MiB of memory while they are read.
/// </summary>
internal sealed record UpdateLimits
{
    /// <summary>Bytes of a message, decompressed.</summary>
    public long MaxBytes { get; init; } = 10L << 30;

    /// <summary>Entries of a message, those that are left out included.</summary>
    public int MaxEntries { get; init; } = 40_000_000;

    /// <summary>Bytes of memory for entries that come before Full, which says what they mean. All known senders put it first.</summary>
    public long MaxEarlyBytes { get; init; } = 16L << 20;

    /// <summary>Bytes of memory that all updates together take while they are read and applied.</summary>
    public long MaxKeptBytes { get; init; } = Math.Max(256L << 20, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2);
}
