using Dftp.Cluster.Index;
using Dftp.Cluster.LocalFiles.Scanning;
using Dftp.FileSystem;
using Microsoft.Extensions.Logging;

namespace Dftp.Cluster.LocalFiles.Watching;

/// <summary>Keeps this node's entries equal to the disk, from the first scan to the end of the process.</summary>
internal sealed class ScanLoop : IAsyncDisposable
{
    /// <summary>The time without a further change after which a burst is over.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(20);

    /// <summary>The intervals at which a continuing burst is read: the first part soon, the others less often.</summary>
    private static readonly TimeSpan FirstPart = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan NextPart = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan LongestQuiet = TimeSpan.FromSeconds(2);

    /// <summary>The retry interval after the root is lost or an unexpected failure.</summary>
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(5);

    /// <summary>An unmounted root causes no event, so it is checked periodically.</summary>
    private static readonly TimeSpan RootCheckInterval = TimeSpan.FromSeconds(10);

    /// <summary>Polling takes at most this fraction of the time (1/n).</summary>
    private const int PollShare = 10;

    private readonly LocalEntries _local;
    private readonly LocalRoot _disk;
    private readonly RootCheck _root;
    private readonly UnconfirmedPlaces _unconfirmed;
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
    private readonly ScanProgress _progress;
    private readonly WatchWarnings _warnings;
    private Task _running = Task.CompletedTask;
    private PollingSweep? _sweep;
    private PollingSweep? _poll;
    private long _rescannedAt;
    private long _polledAt;
    private long _retriedAt;
    private TimeSpan _pollPause;
    private bool _wasCut;
    private TimeSpan _lastReading;

    /// <param name="root">The root; not disposed of.</param>
    /// <param name="own">Receives the entries.</param>
    /// <param name="options">The node's options.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logs">The loggers.</param>
    /// <param name="source">The source of change events; disposed of at the end. Null selects the best one of the system.</param>
    public ScanLoop(
        LocalRoot root, LocalEntries own, ClusterOptions options, TimeProvider time, ILoggerFactory logs, EventSource? source = null)
    {
        (_disk, _local, _options, _time) = (root, own, options, time);
        Rewritten = new RewrittenFiles(options.Mount);
        _scanLog = logs.CreateLogger<Scanner>();
        _log = logs.CreateLogger("Watching");
        _root = new RootCheck(root, own, options.SavedTree);
        _unconfirmed = new UnconfirmedPlaces(own, options.Mount, time, _scanLog);
        _source = source ?? OpenSource(root, time);
        _dirty = new DirtySet(time);
        _known = new KnownDirectories(_source, _dirty, Rewritten);
        Rewritten.CatchUp = _source.CatchUp;
        Rewritten.ReadAgain = directory =>
        {
            // At the interval of a file being written: reads may see many versions of it before the scan does.
            _dirty.AddWritten(directory);
            _dirty.Raise();
        };
        _marker = new DirtyMarker(_known, _dirty);
        _scanner = new Scanner(root, time, logs.CreateLogger<Scanner>(), observer: _known);
        _progress = new ScanProgress(time);
        _warnings = new WatchWarnings(_known, options.PollInterval, time, _scanLog, _log);
        _pollPause = options.PollInterval;
    }

    /// <summary>The changes reported for the files since a scan last looked at them.</summary>
    public RewrittenFiles Rewritten { get; }

    public ScanStatus Status
    {
        get
        {
            return _progress.Status with
            {
                Watches = _source.Watches,
                Events = _marker.Events,
                Overflows = _marker.Overflows,
                Polled = _known.PolledByReason(),
                Skipped = _known.Skipped().ByReason(),
                Unreadable = _unconfirmed.Status,
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
        if (root is not LinuxRoot linux) return new PortableSource(RealPath.Of(root.Directory, out _) ?? root.Directory, time);
        return InotifySource.TryOpen(() => linux.RealPath, out var failure)
            ?? (EventSource)new PollOnlySource($"inotify is not available: {failure}");
    }

    /// <summary>
    /// The main loop:
    /// <list type="number">
    /// <item>read everything, watching each directory before reading it;</item>
    /// <item>follow the events until the root is lost or something fails;</item>
    /// <item>log it, wait, and start over. The announced entries stay meanwhile.</item>
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
                    _unconfirmed.SetAll("another directory stands in the root's place");
                    _log.RootReplaced();
                    continue;
                }
                catch (RootDirectoryException lost)
                {
                    // 3
                    _unconfirmed.SetAll(lost.Message);
                    if (_progress.Enter(ScanState.RootLost, lost.Message)) _scanLog.RootLost(lost.Message, Retry.TotalSeconds);
                }
                catch (Exception failure) when (failure is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
                {
                    _unconfirmed.SetAll(failure.Message);
                    if (_progress.Enter(ScanState.Failed, failure.Message)) _log.Failed(failure, failure.Message);
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
            _progress.Enter(ScanState.Stopped, "");
        }
    }

    /// <returns>The number of files found.</returns>
    private async Task<long> ReadAllAsync(CancellationToken cancellationToken)
    {
        _sweep = _poll = null;
        _known.Clear();
        // Changes reported so far are covered by the full scan.
        _dirty.Take(out _);
        _root.Run();
        var modified = _root.Modified();
        var judgement = new VersionJudgement(Rewritten, _disk, new HashSet<VirtualPath>());
        var scan = await _scanner.ScanAsync(VirtualPath.Root, cancellationToken);
        _root.Run();
        _root.DoubtEmptyRoot(scan, modified);
        var isFirst = !_local.IsScanned;
        _unconfirmed.Include(KnownDirectories.PlacesOf(scan.Reports));
        _local.Replace(scan.Root!.MountedAt(_options.Mount), judgement);
        _known.Adopt(scan);
        _unconfirmed.Set(_known.Unreadable());
        _rescannedAt = _polledAt = _retriedAt = _time.GetTimestamp();

        var wasLost = _progress.Status.State == ScanState.RootLost;
        _progress.Scanned(scan.Duration, scan.Files);
        if (isFirst) _scanLog.Scanned(scan.Files);
        else if (wasLost) _log.RootBack();
        _warnings.Skipped();
        if (isFirst) _log.Following(_source.Watches);
        _warnings.Polled();
        return scan.Files;
    }

    /// <summary>
    /// Each round:
    /// <list type="number">
    /// <item>wait for an event or a due poll, unless a sweep is in progress;</item>
    /// <item>wait for the end of the burst;</item>
    /// <item>read the reported directories again and, at intervals, those that could not be read;</item>
    /// <item>read the next batch of the sweep: of everything, when a rescan is due or events were lost, and of the polled
    /// directories.</item>
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
            if (_unconfirmed.Count > 0 && Remaining(_retriedAt, RetryPause) == TimeSpan.Zero)
            {
                _unconfirmed.MarkForReading(_dirty);
                _retriedAt = _time.GetTimestamp();
            }

            var batch = _dirty.Take(out var everything);
            await ReadAgainAsync(batch, cancellationToken);
            _warnings.Skipped();
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
        if (_unconfirmed.Count > 0) until = Min(until, Remaining(_retriedAt, RetryPause));
        return _dirty.NextDue is { } due ? Min(until, due) : until;
    }

    private async Task GatherAsync(CancellationToken cancellationToken)
    {
        var since = _time.GetTimestamp();
        // Where reads take long, for example for a directory of a million files, they take at most half of the time.
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

    /// <summary>Limits the rate: a disk that returns errors may take long for each of them.</summary>
    private TimeSpan RetryPause => Max(_options.PollInterval, _lastReading * PollShare);

    private async Task ReadAgainAsync(DirtyBatch batch, CancellationToken cancellationToken)
    {
        _root.Run();
        if (batch.Directories.Count == 0) return;
        var since = _time.GetTimestamp();
        var judgement = new VersionJudgement(Rewritten, _disk, batch.Subtrees);
        var scan = await _scanner.ScanPlacesAsync(batch, cancellationToken);
        // Entries that have become unreadable must not look deleted.
        _root.Run();
        _unconfirmed.Include(KnownDirectories.PlacesOf(scan.Reports));
        var changes = _local.Update(scan, _options.Mount, judgement);
        _known.Reconcile(scan);
        _unconfirmed.Set(_known.Unreadable());
        _lastReading = _time.GetElapsedTime(since);
        if (changes > 0)
        {
            _progress.Updated();
            _log.Changed(changes, scan.Places.Count);
        }

        _warnings.Polled();
    }

    /// <returns>Whether it was the last batch.</returns>
    private async Task<bool> SweepOnAsync(PollingSweep sweep, CancellationToken cancellationToken)
    {
        var next = sweep.Next();
        await ReadAgainAsync(next, cancellationToken);
        return next.Directories.Count == 0;
    }

    private PollingSweep SweepAll() =>
        new(PollingSweep.OwnDirectories(_local.Full().Tree, _options.NodeName, _options.Mount), _time.GetTimestamp());

    private void StartAnewAfterOverflow()
    {
        _sweep?.Dispose();
        _sweep = SweepAll();
        _warnings.Overflowed(_marker.Overflows);
    }

    private void EndSweep(PollingSweep sweep)
    {
        var duration = _time.GetElapsedTime(sweep.StartedAt);
        _progress.Scanned(duration, _local.Full().Tree.HoldingOf(_options.NodeName).Files);
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

    private TimeSpan Remaining(long since, TimeSpan span) => Max(span - _time.GetElapsedTime(since), TimeSpan.Zero);

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
