namespace Dftp.Cluster.LocalFiles.Scanning;

/// <summary>Receives the progress of a scan, on the scan's threads: each directory before its entries are read.</summary>
internal abstract class ScanObserver
{
    /// <summary>
    /// Called after a directory was opened and before it is read. Refreshes the reader's facts if it may have missed a change of them.
    /// </summary>
    public abstract void Enter(ScannedDirectory directory, DirectoryReader reader);

    /// <summary>Called after a directory was read to its end.</summary>
    /// <returns>Why its entries may exist although none was found, as the end of a sentence; null if there is no such reason.</returns>
    public abstract string? Doubt(ScannedDirectory directory, bool isEmpty);

    /// <summary>Whether this very directory was entered at this path before and its changes have been reported since.</summary>
    public abstract bool IsKnown(ScannedDirectory directory);

    /// <summary>Records that the target of a symlink in the directory may change whenever the other directory does.</summary>
    /// <param name="directory">A directory that was entered.</param>
    /// <param name="realPath">Names joined by slashes, without symlinks.</param>
    public abstract void DependsOn(ScannedDirectory directory, byte[] realPath);
}
