using System.Threading.Tasks.Sources;

namespace Dftp.Sockets;

/// <summary>
/// Whether a socket may be worth a try in one direction, and the one who waits for that. A signal is never lost: one that comes while
/// nobody waits is kept for who waits next.
/// </summary>
internal sealed class Readiness : IValueTaskSource
{
    private const int Unsignalled = 0, Signalled = 1, Awaited = 2;

    private ManualResetValueTaskSourceCore<bool> _source;
    private int _state = Signalled;

    /// <summary>Takes a signal that has come.</summary>
    public bool TryTake() =>
        Volatile.Read(ref _state) == Signalled && Interlocked.CompareExchange(ref _state, Unsignalled, Signalled) == Signalled;

    /// <summary>Waits for a signal and takes it. The waiter goes on in the thread that signals. There is one at a time.</summary>
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
                throw new InvalidOperationException("somebody waits for this socket already");
        }

        return cancellationToken.CanBeCanceled ? WithCancellationAsync(cancellationToken) : new ValueTask(this, _source.Version);
    }

    /// <summary>Who waits goes on in the caller's thread.</summary>
    public void Signal()
    {
        while (!TryKeepSignal())
        {
            if (Interlocked.CompareExchange(ref _state, Unsignalled, Awaited) != Awaited) continue;
            _source.SetResult(true);
            return;
        }
    }

    /// <summary>As <see cref="Signal"/>; but who waits goes on in another thread: the caller may hold locks that they want.</summary>
    public void SignalElsewhere()
    {
        if (!TryKeepSignal()) ThreadPool.UnsafeQueueUserWorkItem(static self => self.Signal(), this, preferLocal: false);
    }

    void IValueTaskSource.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    /// <returns>False when somebody waits for it.</returns>
    private bool TryKeepSignal() => Interlocked.CompareExchange(ref _state, Signalled, Unsignalled) is Unsignalled or Signalled;

    private async ValueTask WithCancellationAsync(CancellationToken cancellationToken)
    {
        var wait = new ValueTask(this, _source.Version);
        // Its end waits for a cancellation that is under way, which would otherwise hit the next wait.
        using (cancellationToken.UnsafeRegister(static (self, token) => ((Readiness)self!).Cancel(token), this)) await wait;
    }

    private void Cancel(CancellationToken token)
    {
        if (Interlocked.CompareExchange(ref _state, Unsignalled, Awaited) == Awaited) _source.SetException(new OperationCanceledException(token));
    }
}
