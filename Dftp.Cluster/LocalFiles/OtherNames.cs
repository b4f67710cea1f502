using System.Collections.Concurrent;
using Dftp.Cluster.Index;
using Dftp.FileSystem;
using Dftp.Sockets;

namespace Dftp.Cluster.LocalFiles;

/// <summary>
/// Corrects the other names of a file with several hard links. A write by one name raises no event for the others; when a read of one shows
/// that the file has changed, all have to be read again. The tree has one size and one time for all of them, so it finds them itself.
/// Thread-safe.
/// </summary>
internal sealed class OtherNames(NodeName node, TreeWriter tree, RewrittenFiles rewritten, TimeProvider time)
{
    /// <summary>A search visits every local file; a log that is read while it grows would cause one for each read.</summary>
    private static readonly TimeSpan MinInterval = TimeSpan.FromSeconds(1);

    private const int MaxSearched = 1024;

    private readonly ConcurrentDictionary<(long Size, UnixTime Modified), long> _searched = new();

    /// <summary>Has all local names that the tree shows with the same size and time read again, on a thread of the pool.</summary>
    /// <param name="known">What the tree says of the name that was read.</param>
    public void ReadAgain(in Entry known)
    {
        var key = (known.Size, known.Modified);
        var now = time.GetTimestamp();
        if (_searched.TryGetValue(key, out var last) && time.GetElapsedTime(last, now) < MinInterval) return;
        if (_searched.Count >= MaxSearched) _searched.Clear();
        _searched[key] = now;
        ThreadPool.UnsafeQueueUserWorkItem(Search, key, preferLocal: false);
    }

    private void Search((long Size, UnixTime Modified) key)
    {
        try
        {
            foreach (var (path, entry) in new NodeSnapshot(tree.Current, node).Walk(VirtualPath.Root).Select(step => (step.Path, step.Entry)))
            {
                if (!entry.IsDirectory && entry.Size == key.Size && entry.Modified == key.Modified) rewritten.Contradicts(path, isRewritten: false);
            }
        }
        catch (Exception defect)
        {
            // An exception that leaves a work item ends the process.
            BackgroundFailures.Report(defect);
        }
    }
}
