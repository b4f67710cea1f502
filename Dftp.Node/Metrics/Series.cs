namespace Dftp.Node.Metrics;

/// <summary>The values of an instrument with one set of tags.</summary>
internal abstract class Series(TagSet tags)
{
    public TagSet Tags => tags;

    public abstract void Add(double value);
}

/// <summary>A sum, or the last value of an observable instrument.</summary>
internal sealed class NumberSeries(TagSet tags, bool isObserved) : Series(tags)
{
    private double _value;

    public double Value => Volatile.Read(ref _value);

    public override void Add(double value)
    {
        if (isObserved) Volatile.Write(ref _value, value);
        else Sum.Add(ref _value, value);
    }
}

/// <summary>The number of values in each bucket, and their sum.</summary>
internal sealed class HistogramSeries(TagSet tags, IReadOnlyList<double> bounds) : Series(tags)
{
    private readonly long[] _counts = new long[bounds.Count + 1];
    private double _sum;

    public IReadOnlyList<double> Bounds => bounds;

    public double SumOfValues => Volatile.Read(ref _sum);

    /// <summary>The number of values per bucket; the last bucket has the values above all bounds.</summary>
    public long[] Counts()
    {
        var counts = new long[_counts.Length];
        for (var bucket = 0; bucket < counts.Length; bucket++) counts[bucket] = Volatile.Read(ref _counts[bucket]);
        return counts;
    }

    public override void Add(double value)
    {
        var bucket = 0;
        while (bucket < bounds.Count && value > bounds[bucket]) bucket++;
        Interlocked.Increment(ref _counts[bucket]);
        Sum.Add(ref _sum, value);
    }
}

file static class Sum
{
    public static void Add(ref double sum, double value)
    {
        for (var seen = Volatile.Read(ref sum); ;)
        {
            var now = Interlocked.CompareExchange(ref sum, seen + value, seen);
            if (now.Equals(seen)) return;
            seen = now;
        }
    }
}
