using Dftp.Cluster.Index;

namespace Dftp.Cluster.LocalFiles.Scanning;

/// <summary>What a scan found.</summary>
/// <param name="Root">The directory where the scan started, with its facts; null if there is no directory (any more).</param>
/// <param name="Files">Files found.</param>
/// <param name="Directories">Directories found, the start not counted.</param>
/// <param name="Bytes">The sum of the files' sizes.</param>
/// <param name="Duration">From start to end.</param>
/// <param name="Reports">The directories that have a <see cref="ScannedDirectory.Report"/>.</param>
internal sealed record ScanResult(
    DirectoryBuilder? Root, long Files, long Directories, long Bytes, TimeSpan Duration, IReadOnlyList<ScannedDirectory> Reports)
{
    /// <summary>What was left out.</summary>
    public SkippedEntries Skipped => new(Reports.Select(directory => (directory.Path, directory.Report!)));
}
