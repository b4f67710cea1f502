using System.Buffers;
using System.Diagnostics.Metrics;

namespace Dftp.Node.Metrics;

/// <summary>The meters of one node and their values, separate from those of other nodes in the process.</summary>
internal sealed class NodeMeters : IDisposable
{
    private readonly List<Meter> _meters = [];
    private readonly MetricsCollector _collector;

    public NodeMeters() => _collector = new MetricsCollector(this);

    /// <summary>A new meter whose <see cref="Meter.Scope"/> is this object.</summary>
    public Meter Add(string name)
    {
        var meter = new Meter(new MeterOptions(name) { Scope = this });
        _meters.Add(meter);
        return meter;
    }

    /// <summary>Writes all values in Prometheus' text format. Thread-safe.</summary>
    public void WriteText(IBufferWriter<byte> output) => _collector.Collect(instruments => PrometheusText.Write(output, instruments));

    public void Dispose()
    {
        _collector.Dispose();
        foreach (var meter in _meters) meter.Dispose();
    }
}
