using Dftp.Cluster.LocalFiles.Scanning;
using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles.Watching;

/// <summary>How this node's entries follow its disk.</summary>
public sealed record ScanStatus
{
    public ScanState State { get; init; } = ScanState.FirstScan;

    /// <summary>Why the root directory cannot be read, or what failed; empty in the other states.</summary>
    public string Failure { get; init; } = "";

    /// <summary>When the last reading of the whole root ended; null before the first.</summary>
    public DateTimeOffset? LastScan { get; init; }

    /// <summary>How long that took, what was done for changes in between included.</summary>
    public TimeSpan LastScanDuration { get; init; }

    /// <summary>Files that it found.</summary>
    public long LastScanFiles { get; init; }

    /// <summary>What is left out of the tree now.</summary>
    public IReadOnlyList<SkippedPlaces> Skipped { get; init; } = [];

    /// <summary>The places that cannot be read now, and of which the tree has what was known before.</summary>
    public IReadOnlyList<UnreadableStatus> Unreadable { get; init; } = [];

    /// <summary>Directories whose changes the operating system tells.</summary>
    public long Watches { get; init; }

    /// <summary>What it told since the start.</summary>
    public long Events { get; init; }

    /// <summary>How often it lost events; everything was read again then.</summary>
    public long Overflows { get; init; }

    /// <summary>Updates that came of it.</summary>
    public long Updates { get; init; }

    /// <summary>The directories that are read again and again instead.</summary>
    public IReadOnlyList<PolledPlaces> Polled { get; init; } = [];
}

/// <summary>A place of this node's root that cannot be read.</summary>
/// <param name="Path">The path in the tree.</param>
/// <param name="Since">Since when, in whole seconds.</param>
/// <param name="Reason">Why, as the end of a sentence.</param>
public sealed record UnreadableStatus(VirtualPath Path, UnixTime Since, string Reason);

public enum ScanState
{
    /// <summary>The root is read for the first time.</summary>
    FirstScan,

    /// <summary>The entries are those of the disk.</summary>
    Following,

    /// <summary>The root directory cannot be read, and nothing is announced until it can.</summary>
    RootLost,

    /// <summary>An unexpected error occurred; a full rescan follows soon.</summary>
    Failed,

    Stopped,
}

/// <summary>Directories whose changes the operating system does not tell, for one reason.</summary>
/// <param name="Reason">Why, as the end of a sentence.</param>
/// <param name="Count">How many.</param>
/// <param name="Example">The path of one beneath the root directory.</param>
public sealed record PolledPlaces(string Reason, int Count, string Example);
