using Dftp.FileSystem;
using Microsoft.Extensions.Logging;

namespace Dftp.Cluster.LocalFiles.Scanning;

/// <summary>
/// Reads the node's root, or a part of it, into drafts, by these rules:
/// <list type="bullet">
/// <item>a symlink to a file beneath the root is a file with the facts of its target;</item>
/// <item>a symlink to a directory beneath the root is that directory, unless it points to its own ancestor or lies in a directory reached
/// by a symlink;</item>
/// <item>entries with names that no path can hold, and entries that are neither file nor directory, are left out;</item>
/// <item>a directory that permissions do not let this node read is left out and logged once;</item>
/// <item>an entry that cannot be read because of an error is marked in the draft: an error does not mean that it is absent;</item>
/// <item>an entry that vanishes during the scan is absent.</item>
/// </list>
/// Thread-safe.
/// </summary>
internal sealed class Scanner(
    LocalRoot root, TimeProvider time, ILogger<Scanner> logger, int? threads = null, ScanObserver? observer = null)
{
    /// <summary>More threads than this contend for the kernel's directory cache.</summary>
    private const int MostThreads = 4;

    /// <summary>Bounds the memory for the paths that were logged when a whole tree is unreadable.</summary>
    private const int MostLogged = 10_000;

    private readonly int _threads = Math.Max(1, threads ?? Math.Min(MostThreads, Environment.ProcessorCount));

    // Guarded by a lock on itself.
    private readonly HashSet<string> _logged = [];

    /// <summary>Reads a directory and everything below it.</summary>
    /// <param name="start">The path, relative to the root directory. It may lead through a symlink, by the rules above.</param>
    /// <param name="cancellationToken">Cancels the scan.</param>
    /// <exception cref="RootDirectoryException">The root itself cannot be read any more.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> fired.</exception>
    public async Task<ScanResult> ScanAsync(VirtualPath start, CancellationToken cancellationToken)
    {
        var run = new ScanRun(root, observer, LogForbidden);
        var startedAt = time.GetTimestamp();
        await RunAsync(run, collector => run.BeginWhole(start, collector), _threads, cancellationToken);
        return run.ToResult(time.GetElapsedTime(startedAt));
    }

    /// <summary>
    /// Reads directories again: known subdirectories are returned with their facts only, new ones with their whole content.
    /// </summary>
    /// <param name="batch">The directories.</param>
    /// <param name="cancellationToken">Cancels the scan.</param>
    /// <inheritdoc cref="ScanAsync"/>
    public async Task<PlacesResult> ScanPlacesAsync(DirtyBatch batch, CancellationToken cancellationToken)
    {
        var run = new ScanRun(root, observer, LogForbidden);
        var places = new PartialScan(run, batch, observer);
        // Usually a few known directories, for which a second thread does not pay.
        var threads = batch.Subtrees.Count > 0 || batch.Directories.Contains(VirtualPath.Root) ? _threads : 1;
        await RunAsync(run, places.Begin, threads, cancellationToken);
        return places.ToResult();
    }

    private static async Task RunAsync(ScanRun run, Action<EntryCollector> begin, int threads, CancellationToken cancellationToken)
    {
        // Dedicated threads: a scan blocks on the disk, and pool threads have other work.
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
