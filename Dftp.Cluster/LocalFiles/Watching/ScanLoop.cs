using Dftp.Cluster.Index;
using Dftp.Cluster.LocalFiles.Scanning;
using Dftp.FileSystem;
using Microsoft.Extensions.Logging;

namespace Dftp.Cluster.LocalFiles.Watching;

/// <summary>
/// Keeps this node's entries what its disk holds, from the first scan to the end of the process.
/// </summary>
internal sealed class ScanLoop : IAsyncDisposable
{
    /// <summary>After a change, so long without another one is taken for the end of a burst.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(20);

    /// <summary>A burst that goes on is told in parts: the first soon, the others less often.</summary>
    private static readonly TimeSpan FirstPart = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan NextPart = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan LongestQuiet = TimeSpan.FromSeconds(2);

    /// <summary>How often it is tried again when the root is lost, or after a failure.</summary>
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(5);

    /// <summary>An unmounted root tells nothing.</summary>
    private static readonly TimeSpan RootCheckInterval = TimeSpan.FromSeconds(10);

    /// <summary>Reading again and again takes at most this part of the time.</summary>
    private const int PollShare = 10;

    /// <summary>What is removed while the tree is kept may be in it still.</summary>
    private static readonly TimeSpan SavingTime = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan OverflowLogInterval = TimeSpan.FromMinutes(1);

    private readonly LocalRoot _root;
    private readonly LocalEntries _local;
    private readonly ClusterOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _scanLog;
    private readonly ILogger _log;
    private readonly EventSource _source;
    private readonly DirtySet _dirty;
    private readonly KnownDirectories _known;
    private readonly DirtyMarker _marker;
    private readonly Scanner _scanner;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _statusLock = new();
    private readonly HashSet<string> _polledLogged = [];

    // Guarded by _statusLock.
    private ScanStatus _status = new();
    private Task _running = Task.CompletedTask;
    private PollingSweep? _sweep;
    private PollingSweep? _poll;
    private long _rescannedAt;
    private long _polledAt;
    private TimeSpan _pollPause;
    private bool _wasCut;
    private TimeSpan _lastReading;
    private int _polledCount;
    private long? _overflowLoggedAt;

    /// <param name="root">Where the entries are; not disposed of.</param>
    /// <param name="own">Where they go.</param>
    /// <param name="options">The node's options.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logs">Where it says what it does.</param>
    /// <param name="source">Who tells the changes; disposed of at the end. Null: the best that the system has.</param>
    public ScanLoop(LocalRoot root, LocalEntries own, ClusterOptions options, TimeProvider time, ILoggerFactory logs, EventSource? source = null)
    {
        (_root, _local, _options, _time) = (root, own, options, time);
        _scanLog = logs.CreateLogger<Scanner>();
        _log = logs.CreateLogger("Watching");
        _source = source ?? OpenSource(root, time);
        _dirty = new DirtySet(time);
        _known = new KnownDirectories(_source, _dirty);
        _marker = new DirtyMarker(_known, _dirty);
        _scanner = new Scanner(root, time, logs.CreateLogger<Scanner>(), observer: _known);
        _pollPause = options.PollInterval;
    }

    public ScanStatus Status
    {
        get
        {
            ScanStatus status;
            lock (_statusLock) status = _status;
            return status with
            {
                Watches = _source.Watches,
                Events = _marker.Events,
                Overflows = _marker.Overflows,
                Polled = _known.PolledByReason(),
            };
        }
    }

    public void Start() => _running = RunAsync(_stopping.Token);

    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _running;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _source.Dispose();
        _sweep?.Dispose();
        _poll?.Dispose();
        _stopping.Dispose();
    }

    private static EventSource OpenSource(LocalRoot root, TimeProvider time)
    {
        if (root is not LinuxRoot) return new PortableSource(RealPath.Of(root.Directory, out _) ?? root.Directory, time);
        return InotifySource.TryOpen(out var failure) ?? (EventSource)new PollOnlySource($"the system gives no inotify: {failure}");
    }

    /// <summary>
    /// The life of the loop:
    /// <list type="number">
    /// <item>read all, each directory watched before it is read;</item>
    /// <item>follow what is told, until the root is lost or something fails;</item>
    /// <item>say so, wait, and begin anew. What was announced stays meanwhile.</item>
    /// </list>
    /// </summary>
    private async Task RunAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        try
        {
            _source.Start(_marker);
            while (true)
            {
                try
                {
                    // 1
                    HeapTrim.AfterGathering(await ReadAllAsync(cancellationToken));
                    // 2
                    await FollowAsync(cancellationToken);
                }
                catch (RootReplacedException)
                {
                    _log.RootReplaced();
                    continue;
                }
                catch (RootDirectoryException lost)
                {
                    // 3
                    if (Enter(ScanState.RootLost, lost.Message)) _scanLog.RootLost(lost.Message, Retry.TotalSeconds);
                }
                catch (Exception failure) when (failure is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
                {
                    if (Enter(ScanState.Failed, failure.Message)) _log.Failed(failure, failure.Message);
                }

                await Task.Delay(Retry, _time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            _log.Ended();
        }
        catch (Exception failure)
        {
            _log.Failed(failure, failure.Message);
        }
        finally
        {
            Enter(ScanState.Stopped, "");
        }
    }

    /// <returns>How many files were found.</returns>
    private async Task<long> ReadAllAsync(CancellationToken cancellationToken)
    {
        _sweep = _poll = null;
        _known.Clear();
        // What was told until now is read with all the rest.
        _dirty.Take(out _);
        CheckRoot();
        var scan = await _scanner.ScanAsync(VirtualPath.Root, cancellationToken);
        CheckRoot();
        DoubtEmptyRoot(scan);
        var isFirst = !_local.IsScanned;
        _local.Replace(scan.Root!.MountedAt(_options.Mount));
        _rescannedAt = _polledAt = _time.GetTimestamp();

        bool wasLost;
        lock (_statusLock) wasLost = _status.State == ScanState.RootLost;
        Note(scan.Duration, scan.Files, scan.Skipped);
        if (isFirst) _scanLog.Scanned(scan.Files);
        else if (wasLost) _log.RootBack();
        if (scan.Skipped.Total > 0) _scanLog.Skipped(scan.Skipped.Describe());
        if (isFirst) _log.Following(_source.Watches);
        LogPolled();
        return scan.Files;
    }

    /// <summary>
    /// One turn after another:
    /// <list type="number">
    /// <item>wait until something is told or due, unless there is more to sweep;</item>
    /// <item>wait for the end of the burst;</item>
    /// <item>read again what was told;</item>
    /// <item>read again the next part of what is swept: all, because it is time or events were lost, and what is polled.</item>
    /// </list>
    /// </summary>
    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (_sweep is null && _poll is null)
            {
                // 1
                if (_dirty.IsEmpty) await _dirty.WaitAsync(UntilNext(), cancellationToken);
                // 2
                if (!_dirty.IsEmpty) await GatherAsync(cancellationToken);
            }

            // 3
            _marker.ThrowIfFailed();
            var batch = _dirty.Take(out var everything);
            await ReadAgainAsync(batch, new SkippedEntries(), cancellationToken);
            // 4
            if (everything) StartAnewAfterOverflow();
            else if (_sweep is null && Remaining(_rescannedAt, _options.RescanInterval) == TimeSpan.Zero) _sweep = SweepAll();
            if (_sweep is null && _poll is null && _known.PolledCount > 0 && Remaining(_polledAt, _pollPause) == TimeSpan.Zero)
            {
                _poll = new PollingSweep(_known.Polled(), _time.GetTimestamp());
            }

            if (_sweep is not null && await SweepOnAsync(_sweep, cancellationToken)) EndSweep(_sweep);
            else if (_poll is not null && await SweepOnAsync(_poll, cancellationToken)) EndPoll(_poll);
        }
    }

    private TimeSpan UntilNext()
    {
        var until = Min(Remaining(_rescannedAt, _options.RescanInterval), RootCheckInterval);
        if (_known.PolledCount > 0) until = Min(until, Remaining(_polledAt, _pollPause));
        return _dirty.NextDue is { } due ? Min(until, due) : until;
    }

    private async Task GatherAsync(CancellationToken cancellationToken)
    {
        var since = _time.GetTimestamp();
        // Where reading takes long, as of a directory of a million files, it takes no more than half of the time.
        var quiet = Max(Quiet, Min(_lastReading, LongestQuiet));
        var atMost = Max(quiet, _wasCut ? NextPart : FirstPart);
        _wasCut = false;
        while (await _dirty.WaitAsync(quiet, cancellationToken))
        {
            if (_time.GetElapsedTime(since) < atMost) continue;
            _wasCut = true;
            return;
        }
    }

    private async Task ReadAgainAsync(DirtyBatch batch, SkippedEntries skipped, CancellationToken cancellationToken)
    {
        CheckRoot();
        if (batch.Directories.Count == 0) return;
        var since = _time.GetTimestamp();
        var scan = await _scanner.ScanPlacesAsync(batch, skipped, cancellationToken);
        // What became unreadable meanwhile must not look deleted.
        CheckRoot();
        var changes = _local.Update(scan, _options.Mount);
        _known.Reconcile(scan);
        _lastReading = _time.GetElapsedTime(since);
        if (changes > 0)
        {
            lock (_statusLock) _status = _status with { Updates = _status.Updates + 1 };
            _log.Changed(changes, scan.Places.Count);
        }

        LogPolled();
    }

    /// <returns>Whether it was the last part.</returns>
    private async Task<bool> SweepOnAsync(PollingSweep sweep, CancellationToken cancellationToken)
    {
        var next = sweep.Next();
        await ReadAgainAsync(next, sweep.Skipped, cancellationToken);
        return next.Directories.Count == 0;
    }

    private PollingSweep SweepAll() =>
        new(PollingSweep.OwnDirectories(_local.Full().Tree, _options.NodeName, _options.Mount), _time.GetTimestamp());

    private void StartAnewAfterOverflow()
    {
        _sweep?.Dispose();
        _sweep = SweepAll();
        if (_overflowLoggedAt is { } logged && _time.GetElapsedTime(logged) < OverflowLogInterval) return;
        _overflowLoggedAt = _time.GetTimestamp();
        _log.Overflowed(_marker.Overflows);
    }

    private void EndSweep(PollingSweep sweep)
    {
        var duration = _time.GetElapsedTime(sweep.StartedAt);
        Note(duration, _local.Full().Tree.HoldingOf(_options.NodeName).Files, sweep.Skipped);
        _log.Rescanned(duration.TotalSeconds);
        sweep.Dispose();
        _sweep = null;
        _rescannedAt = _time.GetTimestamp();
    }

    private void EndPoll(PollingSweep poll)
    {
        _pollPause = Max(_options.PollInterval, _time.GetElapsedTime(poll.StartedAt) * PollShare);
        poll.Dispose();
        _poll = null;
        _polledAt = _time.GetTimestamp();
    }

    /// <exception cref="RootDirectoryException">It is lost.</exception>
    /// <exception cref="RootReplacedException">It is another one now, so that everything is to be read anew.</exception>
    private void CheckRoot()
    {
        switch (_root.Look(out var failure))
        {
            case RootPresence.Lost:
                throw new RootDirectoryException($"the root directory {_root.Directory} cannot be read: {failure}");
            case RootPresence.Replaced:
                throw new RootReplacedException();
        }
    }

    /// <summary>
    /// An empty root that held files at the last start, and in which nothing was removed since, is what stands where a disk is not mounted yet.
    /// Only the operator can tell for certain, and does so by removing the file that remembers them.
    /// </summary>
    /// <exception cref="RootDirectoryException">It is to be doubted.</exception>
    private void DoubtEmptyRoot(ScanResult scan)
    {
        if (scan.Files + scan.Directories + scan.Skipped.Total > 0) return;
        if (_local.UnconfirmedFiles is not (> 0 and var files) || _options.SavedTree is not { } kept || !File.Exists(kept)) return;
        // Removing what a directory held is a change of it.
        if (Directory.GetLastWriteTimeUtc(_root.Directory) > File.GetLastWriteTimeUtc(kept) - SavingTime) return;
        throw new RootDirectoryException(
            $"the root directory {_root.Directory} is empty, but held {files} file(s) when this node ran last: no reason to believe that all is deleted. "
            + $"If it is, remove {kept}");
    }

    private void LogPolled()
    {
        var count = _known.PolledCount;
        if (count == _polledCount) return;
        _polledCount = count;
        var now = _known.PolledByReason();
        foreach (var (reason, many, example) in now)
        {
            if (_polledLogged.Add(reason)) _log.Polled(many, example, _options.PollInterval.TotalSeconds, reason);
        }

        foreach (var reason in _polledLogged.Except(now.Select(polled => polled.Reason)).ToList())
        {
            _polledLogged.Remove(reason);
            _log.PolledNoMore(reason);
        }
    }

    /// <returns>Whether it is another state or failure than before.</returns>
    private bool Enter(ScanState state, string failure)
    {
        lock (_statusLock)
        {
            if (_status.State == state && _status.Failure == failure) return false;
            _status = _status with { State = state, Failure = failure };
            return true;
        }
    }

    private void Note(TimeSpan duration, long files, SkippedEntries skipped)
    {
        lock (_statusLock)
        {
            _status = _status with
            {
                State = ScanState.Following,
                Failure = "",
                LastScan = _time.GetUtcNow(),
                LastScanDuration = duration,
                LastScanFiles = files,
                Skipped = skipped.ByReason(),
            };
        }
    }

    private TimeSpan Remaining(long since, TimeSpan span) => Max(span - _time.GetElapsedTime(since), TimeSpan.Zero);

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private sealed class RootReplacedException : Exception;
}
