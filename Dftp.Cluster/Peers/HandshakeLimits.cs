using System.Globalization;

namespace Dftp.Cluster.Peers;

/// <summary>What one address may ask of this node without being a member, and one log line for many refusals.</summary>
internal sealed class HandshakeLimits(TimeProvider time)
{
    /// <summary>Greetings of everybody. Fifty nodes on one machine that suspect this one send fifty a second.</summary>
    public TokenBuckets Greetings { get; } = new(burst: 2000, perSecond: 200, time);

    /// <summary>Greetings of nodes that are no members. Each node sends one or two until it is one.</summary>
    public TokenBuckets StrangersGreetings { get; } = new(burst: 256, perSecond: 8, time);

    /// <summary>Announcements of names that are not known. Each causes a connection to the address from which it came.</summary>
    public TokenBuckets NewAnnouncements { get; } = new(burst: Strangers.MaxPerSource, perSecond: 1, time);

    /// <summary>The nodes named in POST /join/. Each causes a connection to any address.</summary>
    public TokenBuckets Joins { get; } = new(burst: 64, perSecond: 1, time);

    public LogThrottle RefusedLog { get; } = new(time);

    public LogThrottle SameNameLog { get; } = new(time);

    public LogThrottle NeverReachedLog { get; } = new(time);

    public LogThrottle CannotJoinLog { get; } = new(time);
}

/// <summary>Lets one log line through in a minute and counts the others. Thread-safe.</summary>
internal sealed class LogThrottle(TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly long _start = time.GetTimestamp();

    /// <summary>When the last line passed. Guarded by <see cref="_lock"/>, as is the count of lines withheld since.</summary>
    private TimeSpan? _last;

    private long _withheld;

    /// <summary>Asks for one line.</summary>
    /// <param name="more">For the end of the line: how many were withheld before it; empty if none was.</param>
    public bool Passes(out string more)
    {
        var now = time.GetElapsedTime(_start);
        lock (_lock)
        {
            more = "";
            if (_last is { } last && now - last < Interval)
            {
                _withheld++;
                return false;
            }

            if (_withheld > 0) more = string.Create(CultureInfo.InvariantCulture, $" ({_withheld} more since the last such line)");
            (_last, _withheld) = (now, 0);
            return true;
        }
    }
}
