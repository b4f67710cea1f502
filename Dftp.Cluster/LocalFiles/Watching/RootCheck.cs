using Dftp.Cluster.LocalFiles.Scanning;

namespace Dftp.Cluster.LocalFiles.Watching;

/// <summary>Checks that the root exists and is the directory that this node has followed so far.</summary>
internal sealed class RootCheck(LocalRoot root, LocalEntries own, string? savedTree)
{
    /// <summary>A file that is removed while the tree is saved may still be in the saved tree.</summary>
    private static readonly TimeSpan SavingTime = TimeSpan.FromMinutes(1);

    /// <exception cref="RootDirectoryException">The root is lost.</exception>
    /// <exception cref="RootReplacedException">Another directory is in its place: everything has to be read.</exception>
    public void Run()
    {
        switch (root.Look(out var failure))
        {
            case RootPresence.Lost:
                throw new RootDirectoryException($"the root directory {root.Directory} cannot be read: {failure}");
            case RootPresence.Replaced:
                throw new RootReplacedException();
        }
    }

    /// <summary>When entries of the root were added or removed last. Ask before a scan: a later change is not in its result.</summary>
    public DateTime Modified() => Directory.GetLastWriteTimeUtc(root.Directory);

    /// <summary>
    /// An empty root that held files at the last start, without any removal since, is typical of a disk that is not mounted yet. Only the
    /// operator knows for certain, and confirms it by removing the file of the saved tree.
    /// </summary>
    /// <param name="scan">What was found.</param>
    /// <param name="modified"><see cref="Modified"/> before the scan.</param>
    /// <exception cref="RootDirectoryException">The empty root is not accepted.</exception>
    public void DoubtEmptyRoot(ScanResult scan, DateTime modified)
    {
        if (scan.Files + scan.Directories + scan.Reports.Count > 0) return;
        if (own.UnconfirmedFiles is not (> 0 and var files) || savedTree is not { } kept || !File.Exists(kept)) return;
        // A removal of entries changes the modification time of their directory.
        if (modified > File.GetLastWriteTimeUtc(kept) - SavingTime) return;
        throw new RootDirectoryException(
            $"the root directory {root.Directory} is empty, but held {files} file(s) when this node ran last: "
            + $"no reason to believe that all is deleted. If it is, remove {kept}");
    }
}

/// <summary>Another directory is in the root's place.</summary>
internal sealed class RootReplacedException : Exception;
