using Dftp.Cluster.LocalFiles.Scanning;

namespace Dftp.Cluster.LocalFiles.Watching;

/// <summary>Whether the root exists and is the directory that this node followed until now.</summary>
internal sealed class RootCheck(LocalRoot root, LocalEntries own, string? savedTree)
{
    /// <summary>What is removed while the tree is saved may be in it still.</summary>
    private static readonly TimeSpan SavingTime = TimeSpan.FromMinutes(1);

    /// <exception cref="RootDirectoryException">It is lost.</exception>
    /// <exception cref="RootReplacedException">It is another one now: everything has to be read.</exception>
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

    /// <summary>
    /// An empty root that held files at the last start, and in which nothing was removed since, is what stands where a disk is not mounted yet.
    /// Only the operator can tell for certain, and does so by removing the file that remembers them.
    /// </summary>
    /// <exception cref="RootDirectoryException">It is to be doubted.</exception>
    public void DoubtEmptyRoot(ScanResult scan)
    {
        if (scan.Files + scan.Directories + scan.Reports.Count > 0) return;
        if (own.UnconfirmedFiles is not (> 0 and var files) || savedTree is not { } kept || !File.Exists(kept)) return;
        // Removing what a directory held is a change of it.
        if (Directory.GetLastWriteTimeUtc(root.Directory) > File.GetLastWriteTimeUtc(kept) - SavingTime) return;
        throw new RootDirectoryException(
            $"the root directory {root.Directory} is empty, but held {files} file(s) when this node ran last: no reason to believe that all is deleted. "
            + $"If it is, remove {kept}");
    }
}

/// <summary>Another directory stands in the root's place.</summary>
internal sealed class RootReplacedException : Exception;
