namespace Dftp.Cluster.LocalFiles.Watching;

/// <summary>The part of the <see cref="ScanStatus"/> that the loop itself writes. Safe for use by many at once.</summary>
internal sealed class ScanProgress(TimeProvider time)
{
    private readonly Lock _lock = new();

    // Guarded by _lock.
    private ScanStatus _status = new();

    public ScanStatus Status
    {
        get
        {
            lock (_lock) return _status;
        }
    }

    /// <returns>Whether it is another state or failure than before.</returns>
    public bool Enter(ScanState state, string failure)
    {
        lock (_lock)
        {
            if (_status.State == state && _status.Failure == failure) return false;
            _status = _status with { State = state, Failure = failure };
            return true;
        }
    }

    /// <summary>The whole root was read.</summary>
    public void Scanned(TimeSpan duration, long files)
    {
        lock (_lock)
        {
            _status = _status with
            {
                State = ScanState.Following,
                Failure = "",
                LastScan = time.GetUtcNow(),
                LastScanDuration = duration,
                LastScanFiles = files,
            };
        }
    }

    public void Updated()
    {
        lock (_lock) _status = _status with { Updates = _status.Updates + 1 };
    }
}
