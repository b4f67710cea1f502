using Dftp.Cluster.Index;

namespace Dftp.Cluster.LocalFiles.Scanning;

/// <summary>The result of a scan.</summary>
/// <param name="Root">The directory where the scan started, with its facts; null if the directory does not exist (any more).</param>
/// <param name="Files">The number of files found.</param>
/// <param name="Directories">The number of directories found, without the start.</param>
/// <param name="Bytes">The sum of the files' sizes.</param>
/// <param name="Duration">The time from start to end.</param>
/// <param name="Reports">The directories that have a <see cref="ScannedDirectory.Report"/>.</param>
internal sealed record ScanResult(
    DirectoryBuilder? Root, long Files, long Directories, long Bytes, TimeSpan Duration, IReadOnlyList<ScannedDirectory> Reports)
{
    /// <summary>The entries that were left out.</summary>
    public SkippedEntries Skipped => new(Reports.Select(directory => (directory.Path, directory.Report!)));
}
