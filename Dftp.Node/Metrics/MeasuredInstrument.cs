using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Dftp.Node.Metrics;

/// <summary>An instrument and its series.</summary>
internal sealed class MeasuredInstrument
{
    /// <summary>An upper bound, in case clients can cause new tag values without limit.</summary>
    private const int MaxSeries = 2000;

    private readonly ConcurrentDictionary<TagSet, Series> _series = new();
    private readonly Func<TagSet, Series> _newSeries;

    public MeasuredInstrument(Instrument instrument)
    {
        Instrument = instrument;
        var type = instrument.GetType().GetGenericTypeDefinition();
        Kind = type == typeof(Histogram<>) ? InstrumentKind.Histogram
            : type == typeof(Counter<>) || type == typeof(ObservableCounter<>) ? InstrumentKind.Counter
            : InstrumentKind.Gauge;
        // A gauge that is set keeps its last value, as an observed one does.
        var keepsLast = instrument.IsObservable || type == typeof(Gauge<>);
        _newSeries = Kind == InstrumentKind.Histogram
            ? tags => new HistogramSeries(tags, Bounds(instrument))
            : tags => new NumberSeries(tags, keepsLast);
    }

    public Instrument Instrument { get; }

    public InstrumentKind Kind { get; }

    public IEnumerable<Series> Series => _series.Values;

    public void Add(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var set = new TagSet(tags);
        if (_series.TryGetValue(set, out var series)) series.Add(value);
        else if (_series.Count < MaxSeries) _series.GetOrAdd(set, _newSeries).Add(value);
    }

    /// <summary>Removes the series before the next observation, so that none outlives its source.</summary>
    public void ForgetObserved()
    {
        if (Instrument.IsObservable) _series.Clear();
    }

    private static IReadOnlyList<double> Bounds(Instrument instrument) =>
        (instrument as Histogram<double>)?.Advice?.HistogramBucketBoundaries
        ?? throw new NotSupportedException($"the histogram {instrument.Name} says nothing of its bounds");
}

internal enum InstrumentKind
{
    Counter,
    Gauge,
    Histogram,
}
