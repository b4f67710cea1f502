namespace Dftp.Cluster.LocalFiles.Scanning;

/// <summary>Is told by the threads of a scan what they come to, each directory before its entries are read.</summary>
internal abstract class ScanObserver
{
    /// <summary>The directory was opened and will be read. It brings the reader's facts up to date when it may have missed a change of them.</summary>
    public abstract void Enter(ScannedDirectory directory, DirectoryReader reader);

    /// <summary>The directory was read to its end.</summary>
    /// <returns>Why its entries may exist although none is here, as the end of a sentence; null where there is no such reason.</returns>
    public abstract string? Doubt(ScannedDirectory directory, bool isEmpty);

    /// <summary>Whether this very directory was entered at this path before, and its changes have been told since.</summary>
    public abstract bool IsKnown(ScannedDirectory directory);

    /// <summary>What a symlink in the directory leads to may change whenever the other directory does.</summary>
    /// <param name="directory">One that was entered.</param>
    /// <param name="realPath">Names joined by slashes; no part of it is a symlink.</param>
    public abstract void DependsOn(ScannedDirectory directory, byte[] realPath);
}
