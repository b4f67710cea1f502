using Microsoft.Extensions.Logging;

namespace Dftp.Cluster.Door;

/// <summary>The refusals of one cause since the start.</summary>
/// <param name="Cause">The cause.</param>
/// <param name="Count">How many.</param>
/// <param name="Last">When the last one was.</param>
/// <param name="Address">Where the last one came from.</param>
/// <param name="Sentence">What its sender was told.</param>
internal readonly record struct RefusalCount(RefusalCause Cause, long Count, DateTimeOffset Last, string Address, string Sentence);

/// <summary>Counts refusals and logs at most one line a minute for each cause. Thread-safe.</summary>
internal sealed partial class Refusals(TimeProvider time, ILogger log)
{
    private static readonly TimeSpan LogInterval = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();

    /// <summary>By cause. Guarded by <see cref="_lock"/>.</summary>
    private readonly Dictionary<RefusalCause, (RefusalCount Count, long Logged, long SinceLogged)> _counts = [];

    /// <summary>One for each cause that occurred.</summary>
    public IReadOnlyList<RefusalCount> Counts
    {
        get
        {
            lock (_lock) return [.. _counts.Values.Select(entry => entry.Count).OrderBy(count => count.Cause)];
        }
    }

    /// <param name="refusal">The refusal.</param>
    /// <param name="what">What was refused, for example <c>POST /cluster/</c>.</param>
    /// <param name="address">Where it came from.</param>
    public void Add(Refusal refusal, string what, string address)
    {
        var now = time.GetUtcNow();
        long others;
        lock (_lock)
        {
            var isKnown = _counts.TryGetValue(refusal.Cause, out var entry);
            var count = new RefusalCount(refusal.Cause, entry.Count.Count + 1, now, address, refusal.Sentence);
            if (isKnown && time.GetElapsedTime(entry.Logged) < LogInterval)
            {
                _counts[refusal.Cause] = entry with { Count = count, SinceLogged = entry.SinceLogged + 1 };
                return;
            }

            others = entry.SinceLogged;
            _counts[refusal.Cause] = (count, time.GetTimestamp(), 0);
        }

        if (others == 0) LogRefused(log, what, address, refusal.Sentence);
        else LogRefusedAgain(log, what, address, refusal.Sentence, others);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "refused {What} from {Address}: {Reason}")]
    private static partial void LogRefused(ILogger log, string what, string address, string reason);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "refused {What} from {Address}: {Reason} ({Others} more for this cause since the last such line)")]
    private static partial void LogRefusedAgain(ILogger log, string what, string address, string reason, long others);
}
