namespace Dftp.Tests.Cluster.Convergence;

/// <summary>The time of a simulated cluster, advanced by the simulation only. Nothing in the simulation sets timers.</summary>
internal sealed class SimulatedClock : TimeProvider
{
    private DateTimeOffset _now = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => _now;

    public override long GetTimestamp() => _now.Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        throw new NotSupportedException("nothing waits in the simulation");

    public void Pass(TimeSpan time) => _now += time;

    /// <summary>The clock of a node whose date is wrong.</summary>
    public TimeProvider Ahead(TimeSpan by) => new Shifted(this, by);

    private sealed class Shifted(SimulatedClock clock, TimeSpan by) : TimeProvider
    {
        public override long TimestampFrequency => clock.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => clock.GetUtcNow() + by;

        public override long GetTimestamp() => clock.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            clock.CreateTimer(callback, state, dueTime, period);
    }
}
