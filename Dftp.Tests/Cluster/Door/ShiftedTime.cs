namespace Dftp.Tests.Cluster.Door;

/// <summary>A clock that is off.</summary>
internal sealed class ShiftedTime(TimeSpan shift) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + shift;
}
