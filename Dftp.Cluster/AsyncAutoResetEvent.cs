namespace Dftp.Cluster;

/// <summary>Wakes the one loop that waits. Several signals before it wakes count as one. Small: each peer has two of them.</summary>
internal sealed class AsyncAutoResetEvent
{
    private readonly Lock _lock = new();

    /// <summary>Null while nobody waits. Guarded by <see cref="_lock"/>, as is the next one.</summary>
    private TaskCompletionSource<bool>? _waiter;

    private bool _isRaised;

    public void Raise()
    {
        lock (_lock)
        {
            if (_waiter?.TrySetResult(true) != true) _isRaised = true;
            _waiter = null;
        }
    }

    /// <summary>Waits until it is raised, or until the timeout.</summary>
    /// <returns>Whether it was raised.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> fired.</exception>
    public async Task<bool> WaitAsync(TimeSpan atMost, TimeProvider time, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var waiter = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_isRaised)
            {
                _isRaised = false;
                return true;
            }

            _waiter = waiter;
        }

        using var canceled = cancellationToken.UnsafeRegister(
            static (waiter, token) => ((TaskCompletionSource<bool>)waiter!).TrySetCanceled(token), waiter);
        using var timeout = time.CreateTimer(
            static waiter => ((TaskCompletionSource<bool>)waiter!).TrySetResult(false), waiter, atMost, Timeout.InfiniteTimeSpan);
        return await waiter.Task;
    }
}
