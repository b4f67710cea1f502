using Dftp.FileSystem;
using Microsoft.Extensions.Logging;

namespace Dftp.Cluster.LocalFiles.Scanning;

/// <summary>
/// Reads the node's root, or a part of it, into drafts. Files and directories are told, and what is wrong with the rest is reported:
/// <list type="bullet">
/// <item>a symlink to a file beneath the root is a file with the facts of its target;</item>
/// <item>a symlink to a directory beneath the root is that directory, unless it lies in it, or in a directory reached by a symlink;</item>
/// <item>names that no path can hold, and what is neither file nor directory, are left out;</item>
/// <item>a directory that the permissions do not let this node read is left out and named in the log, once;</item>
/// <item>what cannot be read because of an error is marked in the draft: an error is not an absence;</item>
/// <item>what vanishes meanwhile is not there.</item>
/// </list>
/// Safe for use by many at once.
/// </summary>
internal sealed class Scanner(
    LocalRoot root, TimeProvider time, ILogger<Scanner> logger, int? threads = null, ScanObserver? observer = null)
{
    /// <summary>More threads than this wait for each other in the kernel's directory cache.</summary>
    private const int MostThreads = 4;

    /// <summary>A tree that is unreadable everywhere must not fill the memory with the paths that were logged.</summary>
    private const int MostLogged = 10_000;

    private readonly int _threads = Math.Max(1, threads ?? Math.Min(MostThreads, Environment.ProcessorCount));

    // Guarded by itself.
    private readonly HashSet<string> _logged = [];

    /// <summary>Reads a directory and all that is below it.</summary>
    /// <param name="start">Relative to the root directory; the path may lead through a symlink as a scan of the whole would.</param>
    /// <param name="cancellationToken">Ends the scan early.</param>
    /// <exception cref="RootDirectoryException">The root itself cannot be read any more.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> fired.</exception>
    public async Task<ScanResult> ScanAsync(VirtualPath start, CancellationToken cancellationToken)
    {
        var run = new ScanRun(root, observer, LogForbidden);
        var startedAt = time.GetTimestamp();
        await RunAsync(run, collector => run.BeginWhole(start, collector), _threads, cancellationToken);
        return run.ToResult(time.GetElapsedTime(startedAt));
    }

    /// <summary>Reads directories again: of what they hold, known directories come with their facts alone, and new ones whole.</summary>
    /// <param name="batch">Which.</param>
    /// <param name="cancellationToken">Ends the scan early.</param>
    /// <inheritdoc cref="ScanAsync"/>
    public async Task<PlacesResult> ScanPlacesAsync(DirtyBatch batch, CancellationToken cancellationToken)
    {
        var run = new ScanRun(root, observer, LogForbidden);
        var places = new PartialScan(run, batch, observer);
        // Mostly a few known directories, for which a second thread would only be started.
        await RunAsync(run, places.Begin, batch.Subtrees.Count > 0 || batch.Directories.Contains(VirtualPath.Root) ? _threads : 1, cancellationToken);
        return places.ToResult();
    }

    private static async Task RunAsync(ScanRun run, Action<EntryCollector> begin, int threads, CancellationToken cancellationToken)
    {
        // Threads of their own: a scan waits for the disk for as long as it takes, and the pool has others to serve.
        await Task.WhenAll(Enumerable.Range(0, threads).Select(index => Task.Factory.StartNew(
            () => run.Work(index == 0 ? begin : null, cancellationToken),
            cancellationToken,
            TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach,
            TaskScheduler.Default)));
    }

    private void LogForbidden(string path, string failure)
    {
        lock (_logged)
        {
            if (_logged.Count >= MostLogged || !_logged.Add(path)) return;
        }

        logger.LeftOut(path, failure);
    }
}
