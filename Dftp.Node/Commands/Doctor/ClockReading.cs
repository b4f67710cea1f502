namespace Dftp.Node.Commands.Doctor;

/// <summary>A time that another machine told, between two times of this one.</summary>
/// <param name="Told">Without its fraction of a second.</param>
/// <param name="Asked">When it was asked.</param>
/// <param name="Answered">When the answer was there.</param>
internal readonly record struct ClockReading(DateTimeOffset Told, DateTimeOffset Asked, DateTimeOffset Answered)
{
    /// <summary>Beyond this the newer of two files can be taken for the older one.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan CutOff = TimeSpan.FromSeconds(1);

    /// <summary>How far the other clock is ahead of this one at least; below zero: behind.</summary>
    public TimeSpan Difference =>
        Told > Answered ? Told - Answered
        : Told + CutOff < Asked ? Told + CutOff - Asked
        : TimeSpan.Zero;

    public bool Agrees => Difference.Duration() <= Tolerance;

    /// <summary>What the node's answer says about its time; null where it says nothing.</summary>
    public static ClockReading? Of(ClusterReply reply, NodeAnswer answer, DateTimeOffset asked, DateTimeOffset answered)
    {
        // A legacy node does not send its time.
        var told = reply.Me is { Epoch: not null, LastAlive: > 0 } me
            ? FileSystem.UnixTime.FromSeconds(me.LastAlive).ToDateTimeOffset()
            : answer.Date;
        return told is { } time ? new ClockReading(time, asked, answered) : null;
    }
}
