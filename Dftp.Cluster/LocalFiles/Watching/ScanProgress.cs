namespace Dftp.Cluster.LocalFiles.Watching;

/// <summary>The part of the <see cref="ScanStatus"/> that the loop itself writes. Thread-safe.</summary>
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

    /// <returns>Whether the state or the failure differs from the previous one.</returns>
    public bool Enter(ScanState state, string failure)
    {
        lock (_lock)
        {
            if (_status.State == state && _status.Failure == failure) return false;
            _status = _status with { State = state, Failure = failure };
            return true;
        }
    }

    /// <summary>Records a scan of the whole root.</summary>
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
