using System.Diagnostics.Metrics;
using Dftp.Sockets;

namespace Dftp.Ftp.Data;

/// <summary>
/// A running transfer: its progress, and the one way to stop it. The session and timers stop it; the sender reports progress and observes
/// <see cref="Stopped"/>.
/// </summary>
internal sealed class Transfer : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TimeProvider _time;
    private readonly ITimer _stall;
    private readonly Counter<long>? _sent;
    private readonly Lock _lock = new();
    private long _bytes;
    private long _progress;
    private long _progressAtLastCheck = -1;
    private bool _isDisposed;
    private bool _hasYielded;
    private ITimer? _grace;
    private volatile string? _stopReason;
    private volatile bool _isAnnounced;
    private volatile bool _isFinished;

    /// <param name="sent">Counts the bytes of all transfers.</param>
    public Transfer(TimeProvider time, TimeSpan stallTimeout, Counter<long>? sent = null)
    {
        _time = time;
        _sent = sent;
        _stall = time.CreateTimer(static self => ((Transfer)self!).CheckStall(), this, stallTimeout, stallTimeout);
    }

    /// <summary>Fires when the transfer must end.</summary>
    public CancellationToken Stopped => _stop.Token;

    /// <summary>Why the transfer was stopped, for the reply; null unless it was.</summary>
    public string? StopReason => _stopReason;

    /// <summary>The number of bytes sent.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Whether the reply 150 was sent.</summary>
    public bool IsAnnounced
    {
        get => _isAnnounced;
        set => _isAnnounced = value;
    }

    /// <summary>Whether the final reply is decided; ABOR has no effect from then on.</summary>
    public bool IsFinished
    {
        get => _isFinished;
        set => _isFinished = value;
    }

    public void Stop(string reason)
    {
        lock (_lock)
        {
            if (_isDisposed || _stopReason is not null) return;
            _stopReason = reason;
        }

        try
        {
            // Outside the lock: continuations run inline.
            _stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The transfer ended meanwhile.
        }
        catch (AggregateException defect)
        {
            // Timers call this: an exception would end the process.
            BackgroundFailures.Report(defect);
        }
    }

    public void StopAfter(TimeSpan grace, string reason)
    {
        lock (_lock)
        {
            if (_isDisposed || _grace is not null) return;
            _grace = _time.CreateTimer(_ => Stop(reason), null, grace, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>
    /// Counts sent bytes, and throws when the transfer was stopped. The first call also yields: towards a fast peer a sender never waits,
    /// and the session could not watch the control connection.
    /// </summary>
    /// <param name="bytes">Bytes since the last call.</param>
    /// <param name="isAll">Whether all is sent; then it neither throws nor yields.</param>
    public async ValueTask MovedAsync(long bytes, bool isAll)
    {
        Interlocked.Add(ref _bytes, bytes);
        _sent?.Add(bytes);
        StillMoves();
        if (isAll) return;
        Stopped.ThrowIfCancellationRequested();
        if (_hasYielded) return;
        _hasYielded = true;
        await Task.Yield();
    }

    /// <summary>Reports progress other than newly sent bytes, so that the transfer does not count as stalled.</summary>
    public void StillMoves() => Interlocked.Increment(ref _progress);

    public void Dispose()
    {
        lock (_lock)
        {
            if (_isDisposed) return;
            _isDisposed = true;
        }

        _stall.Dispose();
        _grace?.Dispose();
        _stop.Dispose();
    }

    private void CheckStall()
    {
        var progress = Interlocked.Read(ref _progress);
        if (progress == _progressAtLastCheck) Stop("no progress for too long");
        _progressAtLastCheck = progress;
    }
}
