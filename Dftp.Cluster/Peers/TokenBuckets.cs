using System.Net;

namespace Dftp.Cluster.Peers;

/// <summary>Limits how often something happens for each source address. Thread-safe.</summary>
/// <param name="burst">The tokens of a full bucket.</param>
/// <param name="perSecond">How many come back each second.</param>
/// <param name="time">The clock.</param>
internal sealed class TokenBuckets(int burst, double perSecond, TimeProvider time)
{
    /// <summary>Sources beyond this number share one bucket.</summary>
    public const int MaxSources = 4096;

    private readonly Lock _lock = new();
    private readonly long _start = time.GetTimestamp();

    /// <summary>By source: the tokens at a time. A source that is not in it has a full bucket. Guarded by <see cref="_lock"/>.</summary>
    private readonly Dictionary<IPAddress, (double Tokens, TimeSpan At)> _buckets = [];

    /// <returns>The time after which a try can succeed; null if the tokens are taken.</returns>
    public TimeSpan? Take(IPAddress address, int tokens = 1)
    {
        var now = time.GetElapsedTime(_start);
        var source = Strangers.SourceOf(address);
        lock (_lock)
        {
            if (!_buckets.ContainsKey(source) && _buckets.Count >= MaxSources) source = RemoveFull(now) ? source : IPAddress.None;
            var left = TokensOf(source, now) - tokens;
            if (left < 0) return TimeSpan.FromSeconds(Math.Min(-left, burst) / perSecond);
            _buckets[source] = (left, now);
            return null;
        }
    }

    private double TokensOf(IPAddress source, TimeSpan now) => _buckets.TryGetValue(source, out var bucket)
        ? Math.Min(burst, bucket.Tokens + ((now - bucket.At).TotalSeconds * perSecond))
        : burst;

    /// <returns>Whether there is room now.</returns>
    private bool RemoveFull(TimeSpan now)
    {
        foreach (var source in _buckets.Keys.Where(source => TokensOf(source, now) >= burst).ToList()) _buckets.Remove(source);
        return _buckets.Count < MaxSources;
    }
}
