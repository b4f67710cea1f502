using System.Threading.Tasks.Sources;

namespace Dftp.Sockets;

/// <summary>
/// Whether a socket may be ready in one direction, and the one waiter for that. A signal is never lost: without a waiter it is kept for the
/// next one.
/// </summary>
internal sealed class Readiness : IValueTaskSource
{
    private const int Unsignalled = 0, Signalled = 1, Awaited = 2;

    private ManualResetValueTaskSourceCore<bool> _source;
    private int _state = Signalled;

    /// <summary>Takes a signal that was kept.</summary>
    public bool TryTake() =>
        Volatile.Read(ref _state) == Signalled && Interlocked.CompareExchange(ref _state, Unsignalled, Signalled) == Signalled;

    /// <summary>Waits for a signal and takes it. The continuation runs inline on the signalling thread. One waiter at a time.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> fired.</exception>
    public ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        if (TryTake()) return default;
        cancellationToken.ThrowIfCancellationRequested();
        _source.Reset();
        switch (Interlocked.CompareExchange(ref _state, Awaited, Unsignalled))
        {
            case Signalled:
                Volatile.Write(ref _state, Unsignalled);
                return default;
            case Awaited:
                throw new InvalidOperationException("the socket has a waiter already");
        }

        return cancellationToken.CanBeCanceled ? WithCancellationAsync(cancellationToken) : new ValueTask(this, _source.Version);
    }

    /// <summary>The waiter continues inline, on the current thread.</summary>
    public void Signal()
    {
        while (!TryKeepSignal())
        {
            if (Interlocked.CompareExchange(ref _state, Unsignalled, Awaited) != Awaited) continue;
            _source.SetResult(true);
            return;
        }
    }

    /// <summary>
    /// The waiter continues on a thread of the pool, because the caller may hold locks that the waiter needs.
    /// </summary>
    public void SignalElsewhere()
    {
        if (!TryKeepSignal()) ThreadPool.UnsafeQueueUserWorkItem(static self => self.SignalGuarded(), this, preferLocal: false);
    }

    void IValueTaskSource.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    /// <summary>An exception that leaves a work item ends the process.</summary>
    private void SignalGuarded()
    {
        try
        {
            Signal();
        }
        catch (Exception defect)
        {
            BackgroundFailures.Report(defect);
        }
    }

    /// <returns>False when there is a waiter.</returns>
    private bool TryKeepSignal() => Interlocked.CompareExchange(ref _state, Signalled, Unsignalled) is Unsignalled or Signalled;

    private async ValueTask WithCancellationAsync(CancellationToken cancellationToken)
    {
        var wait = new ValueTask(this, _source.Version);
        // Disposal waits for a cancellation that is under way, which would otherwise hit the next wait.
        using (cancellationToken.UnsafeRegister(static (self, token) => ((Readiness)self!).Cancel(token), this)) await wait;
    }

    private void Cancel(CancellationToken token)
    {
        if (Interlocked.CompareExchange(ref _state, Unsignalled, Awaited) != Awaited) return;
        _source.SetException(new OperationCanceledException(token));
    }
}
