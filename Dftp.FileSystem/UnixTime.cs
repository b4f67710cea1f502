namespace Dftp.FileSystem;

/// <summary>A point in time as nanoseconds since 1970-01-01T00:00:00Z, the resolution of Linux file systems (years 1678 to 2262).</summary>
public readonly record struct UnixTime(long Nanoseconds) : IComparable<UnixTime>
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    /// <summary>Whole seconds, rounded towards the past.</summary>
    public long Seconds => Math.DivRem(Nanoseconds, NanosecondsPerSecond, out var rest) - (rest < 0 ? 1 : 0);

    /// <summary>Whether it has no part below the second: what keeps times in whole seconds may have cut it.</summary>
    public bool IsWholeSecond => Nanoseconds % NanosecondsPerSecond == 0;

    /// <summary>
    /// Whether it is the first second of 1970 or the one after, which stores and reproducible images give to all files: it tells no version from
    /// another.
    /// </summary>
    public bool IsPlaceholder => Nanoseconds is >= 0 and < 2 * NanosecondsPerSecond;

    /// <summary>Times outside the representable years become the nearest one inside.</summary>
    public static UnixTime FromSeconds(long seconds, int nanoseconds = 0)
    {
        // Far from the ends no sum overflows, whatever the nanoseconds are. The first and the last second are there in part.
        if (seconds is > long.MinValue / NanosecondsPerSecond + 4 and < long.MaxValue / NanosecondsPerSecond - 4)
            return new UnixTime(seconds * NanosecondsPerSecond + nanoseconds);
        return new UnixTime((long)Int128.Clamp((Int128)seconds * NanosecondsPerSecond + nanoseconds, long.MinValue, long.MaxValue));
    }

    public static UnixTime From(DateTimeOffset time) =>
        FromSeconds(
            time.ToUnixTimeSeconds(),
            (int)((time.UtcTicks - DateTimeOffset.FromUnixTimeSeconds(time.ToUnixTimeSeconds()).UtcTicks) * TimeSpan.NanosecondsPerTick));

    /// <summary>UTC, at the framework's resolution of 100 ns.</summary>
    public DateTimeOffset ToDateTimeOffset() =>
        DateTimeOffset.UnixEpoch.AddTicks(Nanoseconds / TimeSpan.NanosecondsPerTick);

    public int CompareTo(UnixTime other) => Nanoseconds.CompareTo(other.Nanoseconds);

    public static bool operator <(UnixTime left, UnixTime right) => left.Nanoseconds < right.Nanoseconds;

    public static bool operator >(UnixTime left, UnixTime right) => left.Nanoseconds > right.Nanoseconds;

    public static bool operator <=(UnixTime left, UnixTime right) => left.Nanoseconds <= right.Nanoseconds;

    public static bool operator >=(UnixTime left, UnixTime right) => left.Nanoseconds >= right.Nanoseconds;
}
