namespace Dftp.Cluster.Persistence;

/// <summary>The tree that a node keeps for its next start.</summary>
public sealed record SavedTreeStatus
{
    /// <summary>As of when the tree was that this node began with; null where it began with none.</summary>
    public DateTimeOffset? Restored { get; init; }

    /// <summary>When it was written last in this process; null before the first time.</summary>
    public DateTimeOffset? Written { get; init; }

    /// <summary>What it took on the disk then.</summary>
    public long Bytes { get; init; }

    /// <summary>Why it could not be written the last time; empty where it could.</summary>
    public string Failure { get; init; } = "";
}
