using System.Collections.Concurrent;
using Dftp.Cluster.Index;
using Dftp.FileSystem;
using Dftp.Sockets;

namespace Dftp.Cluster.LocalFiles;

/// <summary>
/// Corrects the other names of a file with several hard links. A write by one name causes no event for the others, so when a read of one
/// shows that the file has changed, all of them are read again. In the tree they have the same size and time, by which they are found.
/// Thread-safe.
/// </summary>
internal sealed class OtherNames(NodeName node, ITreeIndex tree, RewrittenFiles rewritten, TimeProvider time)
{
    /// <summary>The minimum time between two searches. Each visits all local files, and a growing log would cause one per read.</summary>
    private static readonly TimeSpan MinInterval = TimeSpan.FromSeconds(1);

    private const int MaxSearched = 1024;

    private readonly ConcurrentDictionary<(long Size, UnixTime Modified), long> _searched = new();

    /// <summary>Marks all local names with the same size and time in the tree to be read again. The search runs on a pool thread.</summary>
    /// <param name="known">The entry in the tree of the name that was read.</param>
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
            var snapshot = new NodeSnapshot(tree.Local, node);
            foreach (var step in snapshot.Walk(VirtualPath.Root))
            {
                // Only a hit needs its path, which costs a string.
                if (!step.Entry.IsDirectory && step.Entry.Size == key.Size && step.Entry.Modified == key.Modified)
                    rewritten.Contradicts(step.Path, isRewritten: false);
            }
        }
        catch (Exception defect)
        {
            // An exception that leaves a work item ends the process.
            BackgroundFailures.Report(defect);
        }
    }
}
