using System.Diagnostics.Metrics;

namespace Dftp.Tests.Http;

/// <summary>The values of an observable counter, by the value of one tag.</summary>
internal sealed class MetricCounts : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly SortedDictionary<string, long> _counts = new(StringComparer.Ordinal);

    public MetricCounts(Meter meter, string instrument, string tag)
    {
        _listener.InstrumentPublished = (published, listener) =>
        {
            if (published.Meter == meter && published.Name == instrument) listener.EnableMeasurementEvents(published);
        };
        _listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            foreach (var (name, text) in tags)
            {
                if (name == tag) _counts[(string)text!] = value;
            }
        });
        _listener.Start();
    }

    public void Dispose() => _listener.Dispose();

    public override string ToString()
    {
        _listener.RecordObservableInstruments();
        return string.Join(", ", _counts.Select(count => $"{count.Key} {count.Value}"));
    }
}
