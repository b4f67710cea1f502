namespace Dftp.Cluster.Persistence;

/// <summary>The state of the saved tree.</summary>
public sealed record SavedTreeStatus
{
    /// <summary>The time of the saved tree with which this node started; null if it started without.</summary>
    public DateTimeOffset? Restored { get; init; }

    /// <summary>The last write in this process; null before the first.</summary>
    public DateTimeOffset? Written { get; init; }

    /// <summary>The size of the file then.</summary>
    public long Bytes { get; init; }

    /// <summary>Why the last write failed; empty if it succeeded.</summary>
    public string Failure { get; init; } = "";
}
