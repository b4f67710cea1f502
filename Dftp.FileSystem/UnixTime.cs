namespace Dftp.FileSystem;

/// <summary>A point in time as nanoseconds since 1970-01-01T00:00:00Z, the resolution of Linux file systems (years 1678 to 2262).</summary>
public readonly record struct UnixTime(long Nanoseconds) : IComparable<UnixTime>
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    /// <summary>Whole seconds, rounded towards the past.</summary>
    public long Seconds => Math.DivRem(Nanoseconds, NanosecondsPerSecond, out var rest) - (rest < 0 ? 1 : 0);

    /// <summary>Whether it is a whole number of seconds: the file system or a protocol may have truncated it.</summary>
    public bool IsWholeSecond => Nanoseconds % NanosecondsPerSecond == 0;

    /// <summary>
    /// Whether it lies in the first two seconds of 1970. Package stores and reproducible images give this time to all files, so it
    /// does not distinguish versions.
    /// </summary>
    public bool IsPlaceholder => Nanoseconds is >= 0 and < 2 * NanosecondsPerSecond;

    /// <summary>Times outside the representable range are clamped to it.</summary>
    public static UnixTime FromSeconds(long seconds, int nanoseconds = 0)
    {
        // Away from the ends of the range no sum overflows. The first and the last second are representable only in part.
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
