using System.Diagnostics.Metrics;

namespace Dftp.Ftp.Data;

/// <summary>
/// A transfer that runs: how far it is, and the one way to stop it. The session and the clock stop it, the sender counts and
/// obeys.
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

    /// <summary>Fires when the transfer has to end now.</summary>
    public CancellationToken Stopped => _stop.Token;

    /// <summary>Why it was stopped, for the reply; null while it was not.</summary>
    public string? StopReason => _stopReason;

    /// <summary>Bytes that were sent.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Whether the reply 150 was given.</summary>
    public bool IsAnnounced
    {
        get => _isAnnounced;
        set => _isAnnounced = value;
    }

    /// <summary>Whether its last reply is decided, so that nobody needs to watch for ABOR any more.</summary>
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
            // Outside the lock: what waits for the token goes on in here.
            _stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended by itself meanwhile.
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
    /// Counts what was sent and ends the sender when the transfer was stopped. The first time it also yields: a fast peer lets a
    /// sender run on without ever waiting, and the session could not watch the control connection meanwhile.
    /// </summary>
    /// <param name="bytes">Bytes since the last call.</param>
    /// <param name="isAll">Whether nothing is left to send.</param>
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

    /// <summary>The peer takes bytes, if no new ones: the transfer does not stall.</summary>
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
        if (progress == _progressAtLastCheck) Stop("no byte moved for too long");
        _progressAtLastCheck = progress;
    }
}
