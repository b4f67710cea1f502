using System.Buffers;
using System.Diagnostics.Metrics;

namespace Dftp.Node.Metrics;

/// <summary>The meters of one node, and what they measure. Meters of other nodes in the process are not touched.</summary>
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

    /// <summary>Writes everything that is measured in Prometheus' text form. May be called by many at once.</summary>
    public void WriteText(IBufferWriter<byte> output) => _collector.Collect(instruments => PrometheusText.Write(output, instruments));

    public void Dispose()
    {
        _collector.Dispose();
        foreach (var meter in _meters) meter.Dispose();
    }
}
