using Microsoft.Extensions.Time.Testing;

namespace Dftp.Tests.Support;

/// <summary>A fake clock with which a test can await that the product sets a timer.</summary>
internal sealed class AwaitedTime() : FakeTimeProvider(DateTimeOffset.UnixEpoch)
{
    private readonly Lock _lock = new();
    private readonly List<Timer> _timers = [];
    private TaskCompletionSource _timerSet = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Awaits a timer that is due in exactly this time, and advances the clock. Due timers run on the calling thread.</summary>
    public async Task PassAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task timerSet;
            lock (_lock)
            {
                timerSet = _timerSet.Task;
                if (_timers.Exists(timer => timer.Due == GetUtcNow() + wait)) break;
            }

            await timerSet.WaitAsync(cancellationToken);
        }

        Advance(wait);
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, base.CreateTimer(callback, state, dueTime, period));
        timer.Note(dueTime);
        return timer;
    }

    private sealed class Timer(AwaitedTime clock, ITimer inner) : ITimer
    {
        public DateTimeOffset? Due { get; private set; }

        /// <summary>The product sets single waits only: the period does not count.</summary>
        public void Note(TimeSpan dueTime)
        {
            lock (clock._lock)
            {
                clock._timers.Remove(this);
                if (dueTime == Timeout.InfiniteTimeSpan) return;
                Due = clock.GetUtcNow() + dueTime;
                clock._timers.Add(this);
                clock._timerSet.SetResult();
                clock._timerSet = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var isChanged = inner.Change(dueTime, period);
            Note(dueTime);
            return isChanged;
        }

        public void Dispose()
        {
            inner.Dispose();
            lock (clock._lock) clock._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
