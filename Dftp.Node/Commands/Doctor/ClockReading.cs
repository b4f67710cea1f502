namespace Dftp.Node.Commands.Doctor;

/// <summary>A clock reading of another machine, between two readings of this machine's clock.</summary>
/// <param name="Told">The other machine's time, truncated to seconds.</param>
/// <param name="Asked">When the request was sent.</param>
/// <param name="Answered">When the answer arrived.</param>
internal readonly record struct ClockReading(DateTimeOffset Told, DateTimeOffset Asked, DateTimeOffset Answered)
{
    /// <summary>With a larger difference the newer of two files can be mistaken for the older one.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan CutOff = TimeSpan.FromSeconds(1);

    /// <summary>The minimum by which the other clock is ahead of this one; negative: behind.</summary>
    public TimeSpan Difference =>
        Told > Answered ? Told - Answered
        : Told + CutOff < Asked ? Told + CutOff - Asked
        : TimeSpan.Zero;

    public bool Agrees => Difference.Duration() <= Tolerance;

    /// <summary>Reads the time from a node's answer; null when it has none.</summary>
    public static ClockReading? Of(ClusterReply reply, NodeAnswer answer, DateTimeOffset asked, DateTimeOffset answered)
    {
        // A legacy node does not send its time.
        var told = reply.Me is { Epoch: not null, LastAlive: > 0 } me
            ? FileSystem.UnixTime.FromSeconds(me.LastAlive).ToDateTimeOffset()
            : answer.Date;
        return told is { } time ? new ClockReading(time, asked, answered) : null;
    }
}
