using Microsoft.Extensions.Logging;

namespace Dftp.Cluster.Peers;

/// <summary>
/// A monotonic clock of the time in which this process ran. A timer ticks every second; when a tick is late, because the process was
/// stopped, the machine slept or the processors were busy, the delay does not count. Silence of peers is measured by it: while this
/// process does not run, it cannot hear an answer. Safe for use by many threads.
/// </summary>
internal sealed class RunningTime : IDisposable
{
    public static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(1);

    /// <summary>The maximum that counts between two ticks: a timer is some milliseconds late on any machine.</summary>
    private static readonly TimeSpan MaxForATick = 1.25 * TickInterval;

    /// <summary>Delays from here on are logged: they are as long as a ping may take by default.</summary>
    private static readonly TimeSpan LongDelay = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly TimeSpan _maxForATick;
    private readonly ILogger? _log;
    private readonly ITimer? _timer;

    /// <summary>Guarded by <see cref="_lock"/>.</summary>
    private TimeSpan _atLastTick;

    /// <summary>Guarded by <see cref="_lock"/>.</summary>
    private long _lastTick;

    private RunningTime(TimeProvider time, TimeSpan maxForATick, ILogger? log, bool ticks)
    {
        _time = time;
        _maxForATick = maxForATick;
        _log = log;
        _lastTick = time.GetTimestamp();
        if (ticks) _timer = time.CreateTimer(static self => ((RunningTime)self!).Tick(), this, TickInterval, TickInterval);
    }

    /// <summary>The time for which this process has run since the clock was created.</summary>
    public TimeSpan Now
    {
        get
        {
            lock (_lock) return _atLastTick + SinceLastTick(out _);
        }
    }

    /// <summary>Starts the clock, driven by a timer.</summary>
    public static RunningTime Start(TimeProvider time, ILogger log) => new(time, MaxForATick, log, ticks: true);

    /// <summary>Creates a clock without a timer, for simulated time.</summary>
    /// <param name="time">The underlying clock.</param>
    /// <param name="isNeverLate">All time counts; otherwise call <see cref="Tick"/>.</param>
    public static RunningTime Simulate(TimeProvider time, bool isNeverLate) =>
        new(time, isNeverLate ? TimeSpan.MaxValue : MaxForATick, null, ticks: false);

    /// <summary>Records that this process runs.</summary>
    public void Tick()
    {
        TimeSpan passed;
        lock (_lock)
        {
            _atLastTick += SinceLastTick(out passed);
            _lastTick = _time.GetTimestamp();
        }

        if (_log is not null && passed - TickInterval >= LongDelay) _log.DidNotRun((passed - TickInterval).TotalSeconds);
    }

    public void Dispose() => _timer?.Dispose();

    private TimeSpan SinceLastTick(out TimeSpan passed)
    {
        passed = _time.GetElapsedTime(_lastTick);
        return passed < _maxForATick ? passed : _maxForATick;
    }
}
