using System.Diagnostics.Metrics;

namespace Dftp.Node.Metrics;

/// <summary>Sums up the measurements of the instruments of one scope, and observes the observable ones on each collection.</summary>
internal sealed class MetricsCollector : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly Lock _collecting = new();

    /// <summary>Instruments by name. Guarded by itself.</summary>
    private readonly SortedDictionary<string, MeasuredInstrument> _instruments = new(StringComparer.Ordinal);

    /// <param name="scope">The <see cref="Meter.Scope"/> of the meters to listen to.</param>
    public MetricsCollector(object scope)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (!ReferenceEquals(instrument.Meter.Scope, scope)) return;
            var measured = new MeasuredInstrument(instrument);
            lock (_instruments) _instruments.Add(instrument.Name, measured);
            listener.EnableMeasurementEvents(instrument, measured);
        };
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, state) => ((MeasuredInstrument)state!).Add(value, tags));
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, state) => ((MeasuredInstrument)state!).Add(value, tags));
        _listener.SetMeasurementEventCallback<int>(static (_, value, tags, state) => ((MeasuredInstrument)state!).Add(value, tags));
        _listener.Start();
    }

    /// <summary>Collects the current values of all instruments, by name. One collection runs at a time.</summary>
    public void Collect(Action<IReadOnlyCollection<MeasuredInstrument>> take)
    {
        lock (_collecting)
        {
            IReadOnlyCollection<MeasuredInstrument> instruments;
            lock (_instruments) instruments = [.. _instruments.Values];
            foreach (var instrument in instruments) instrument.ForgetObserved();
            _listener.RecordObservableInstruments();
            take(instruments);
        }
    }

    public void Dispose() => _listener.Dispose();
}
