using Dftp.Cluster.LocalFiles.Scanning;
using Microsoft.Extensions.Logging;

namespace Dftp.Cluster.LocalFiles.Watching;

/// <summary>Warns about entries that are missing from the tree or reach it late, once for each cause.</summary>
internal sealed class WatchWarnings(KnownDirectories known, TimeSpan pollInterval, TimeProvider time, ILogger scanLog, ILogger log)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly HashSet<string> _polledLogged = [];
    private int _polledCount;
    private long? _overflowLoggedAt;
    private SkippedEntries? _skippedLogged;
    private long? _skippedLoggedAt;

    /// <summary>Logs the left-out entries when there are more than before, at most once a minute.</summary>
    public void Skipped()
    {
        if (!IsDue(_skippedLoggedAt)) return;
        var skipped = known.Skipped();
        if (skipped == _skippedLogged) return;
        if (skipped.HasMoreThan(_skippedLogged))
        {
            scanLog.Skipped(skipped.Describe());
            _skippedLoggedAt = time.GetTimestamp();
        }

        _skippedLogged = skipped;
    }

    public void Polled()
    {
        var count = known.PolledCount;
        if (count == _polledCount) return;
        _polledCount = count;
        var now = known.PolledByReason();
        foreach (var (reason, many, example) in now)
        {
            if (_polledLogged.Add(reason)) log.Polled(many, example, pollInterval.TotalSeconds, reason);
        }

        foreach (var reason in _polledLogged.Except(now.Select(polled => polled.Reason)).ToList())
        {
            _polledLogged.Remove(reason);
            log.PolledNoMore(reason);
        }
    }

    public void Overflowed(long overflows)
    {
        if (!IsDue(_overflowLoggedAt)) return;
        _overflowLoggedAt = time.GetTimestamp();
        log.Overflowed(overflows);
    }

    private bool IsDue(long? loggedAt) => loggedAt is not { } at || time.GetElapsedTime(at) >= Interval;
}
