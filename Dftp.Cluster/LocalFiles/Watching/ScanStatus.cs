using Dftp.Cluster.LocalFiles.Scanning;
using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles.Watching;

/// <summary>The state of this node's scanning and watching.</summary>
public sealed record ScanStatus
{
    public ScanState State { get; init; } = ScanState.FirstScan;

    /// <summary>Why the root directory cannot be read, or what failed; empty in the other states.</summary>
    public string Failure { get; init; } = "";

    /// <summary>The end of the last scan of the whole root; null before the first.</summary>
    public DateTimeOffset? LastScan { get; init; }

    /// <summary>The duration of that scan, including the work for changes during it.</summary>
    public TimeSpan LastScanDuration { get; init; }

    /// <summary>The number of files that it found.</summary>
    public long LastScanFiles { get; init; }

    /// <summary>The entries that are left out of the tree now.</summary>
    public IReadOnlyList<SkippedPlaces> Skipped { get; init; } = [];

    /// <summary>The places that cannot be read now, for which the tree keeps the earlier entries.</summary>
    public IReadOnlyList<UnreadableStatus> Unreadable { get; init; } = [];

    /// <summary>The number of directories whose changes the operating system reports.</summary>
    public long Watches { get; init; }

    /// <summary>The number of events since the start.</summary>
    public long Events { get; init; }

    /// <summary>How often events were lost; each time, everything was read again.</summary>
    public long Overflows { get; init; }

    /// <summary>The number of updates that resulted.</summary>
    public long Updates { get; init; }

    /// <summary>The directories that are polled instead.</summary>
    public IReadOnlyList<PolledPlaces> Polled { get; init; } = [];
}

/// <summary>A place of this node's root that cannot be read.</summary>
/// <param name="Path">The path in the tree.</param>
/// <param name="Since">The start of the failure, in whole seconds.</param>
/// <param name="Reason">The reason, as the end of a sentence.</param>
public sealed record UnreadableStatus(VirtualPath Path, UnixTime Since, string Reason);

public enum ScanState
{
    /// <summary>The root is read for the first time.</summary>
    FirstScan,

    /// <summary>The entries are equal to the disk.</summary>
    Following,

    /// <summary>The root directory cannot be read, and nothing is announced until it can.</summary>
    RootLost,

    /// <summary>An unexpected error occurred; a full rescan follows soon.</summary>
    Failed,

    Stopped,
}

/// <summary>Directories whose changes the operating system does not report, for one reason.</summary>
/// <param name="Reason">The reason, as the end of a sentence.</param>
/// <param name="Count">The number of directories.</param>
/// <param name="Example">The path of one of them, beneath the root directory.</param>
public sealed record PolledPlaces(string Reason, int Count, string Example);
