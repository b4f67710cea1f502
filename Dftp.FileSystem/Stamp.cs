namespace Dftp.FileSystem;

/// <summary>
/// Orders the versions of a path: the version with the greatest stamp is current. A hybrid logical clock value: nanoseconds since 1970
/// whose low <see cref="LowBits"/> bits do not tell the time, but keep the stamps of different nodes apart.
/// </summary>
/// <param name="Value">0 or more; 0 is unknown.</param>
/// <remarks>
/// Nodes that know only seconds (legacy nodes) give whole seconds. All other equal stamps of a path mean the same version, because a copy
/// that the cluster makes carries the stamp of its source.
/// </remarks>
public readonly record struct Stamp(long Value) : IComparable<Stamp>
{
    /// <summary>The time has a resolution of 65.5 microseconds.</summary>
    public const int LowBits = 16;

    /// <summary>The greatest number of seconds that a stamp can hold (the year 2262).</summary>
    public const long MaxSeconds = long.MaxValue / NanosecondsPerSecond - 1000;

    private const long NanosecondsPerSecond = 1_000_000_000;

    public static Stamp Max { get; } = new(long.MaxValue);

    /// <summary>Whole seconds since 1970: what legacy nodes see.</summary>
    public long Seconds => Value / NanosecondsPerSecond;

    /// <summary>The rest, 0 to 999,999,999.</summary>
    public int Nanoseconds => (int)(Value % NanosecondsPerSecond);

    /// <summary>
    /// Whether it comes from a node that knows only seconds. Then equal stamps do not mean the same version.
    /// </summary>
    public bool IsWholeSecond => Nanoseconds == 0;

    /// <summary>Seconds and nanoseconds outside the range are clamped to it.</summary>
    public static Stamp FromSeconds(long seconds, long nanoseconds = 0) =>
        new(Math.Clamp(seconds, 0, MaxSeconds) * NanosecondsPerSecond + Math.Clamp(nanoseconds, 0, NanosecondsPerSecond - 1));

    /// <summary>The stamp of a time; times outside the range are clamped to it.</summary>
    public static Stamp From(DateTimeOffset time) =>
        new(Math.Max(0, UnixTime.From(time).Nanoseconds));

    public int CompareTo(Stamp other) => Value.CompareTo(other.Value);

    public static bool operator <(Stamp left, Stamp right) => left.Value < right.Value;

    public static bool operator >(Stamp left, Stamp right) => left.Value > right.Value;

    public static bool operator <=(Stamp left, Stamp right) => left.Value <= right.Value;

    public static bool operator >=(Stamp left, Stamp right) => left.Value >= right.Value;
}
