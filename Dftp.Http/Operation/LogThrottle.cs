namespace Dftp.Http.Operation;

/// <summary>Lets one log line per minute through: for events that can come by the thousand. Thread-safe.</summary>
internal sealed class LogThrottle(TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();

    /// <summary>Guarded by <see cref="_lock"/>.</summary>
    private long? _last;

    public bool TryEnter()
    {
        lock (_lock)
        {
            if (_last is { } last && time.GetElapsedTime(last) < Interval) return false;
            _last = time.GetTimestamp();
            return true;
        }
    }
}
