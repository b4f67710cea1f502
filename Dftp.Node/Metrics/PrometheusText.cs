using System.Buffers;
using System.Globalization;
using System.Text;

namespace Dftp.Node.Metrics;

/// <summary>
/// Prometheus' text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/). A counter <c>dftp.http.sent</c> in
/// bytes is named <c>dftp_http_sent_bytes_total</c>.
/// </summary>
internal static class PrometheusText
{
    public static void Write(IBufferWriter<byte> output, IEnumerable<MeasuredInstrument> instruments)
    {
        var text = new StringBuilder();
        foreach (var instrument in instruments)
        {
            Append(text, instrument);
            foreach (var chunk in text.GetChunks()) Encoding.UTF8.GetBytes(chunk.Span, output);
            text.Clear();
        }
    }

    /// <summary>The name of an instrument in this format.</summary>
    public static string NameOf(string instrument, string? unit, InstrumentKind kind)
    {
        var name = string.Concat(instrument.Select(c => char.IsAsciiLetterOrDigit(c) || c is '_' or ':' ? c : '_'));
        var suffix = unit switch
        {
            "s" => "_seconds",
            "By" => "_bytes",
            _ => "",
        };
        if (!name.EndsWith(suffix, StringComparison.Ordinal)) name += suffix;
        return kind == InstrumentKind.Counter ? name + "_total" : name;
    }

    private static void Append(StringBuilder text, MeasuredInstrument instrument)
    {
        var about = instrument.Instrument;
        var name = NameOf(about.Name, about.Unit, instrument.Kind);
        var type = instrument.Kind switch
        {
            InstrumentKind.Counter => "counter",
            InstrumentKind.Histogram => "histogram",
            _ => "gauge",
        };
        text.Append("# HELP ").Append(name).Append(' ').Append(EscapeHelp(about.Description ?? "")).Append('\n');
        text.Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
        foreach (var series in instrument.Series)
        {
            if (series is HistogramSeries histogram) AppendHistogram(text, name, histogram);
            else AppendSample(text, name, series.Tags, null, ((NumberSeries)series).Value);
        }
    }

    private static void AppendHistogram(StringBuilder text, string name, HistogramSeries series)
    {
        var counts = series.Counts();
        var sum = series.SumOfValues;
        var total = 0L;
        for (var bucket = 0; bucket < counts.Length; bucket++)
        {
            total += counts[bucket];
            var bound = bucket < series.Bounds.Count ? series.Bounds[bucket] : double.PositiveInfinity;
            AppendSample(text, name + "_bucket", series.Tags, bound, total);
        }

        AppendSample(text, name + "_sum", series.Tags, null, sum);
        AppendSample(text, name + "_count", series.Tags, null, total);
    }

    private static void AppendSample(StringBuilder text, string name, TagSet tags, double? bound, double value)
    {
        text.Append(name);
        if (tags.Count > 0 || bound is not null)
        {
            text.Append('{');
            for (var index = 0; index < tags.Count; index++)
            {
                if (index > 0) text.Append(',');
                AppendLabel(text, tags[index].Key, Convert.ToString(tags[index].Value, CultureInfo.InvariantCulture) ?? "");
            }

            if (bound is { } le)
            {
                if (tags.Count > 0) text.Append(',');
                AppendLabel(text, "le", Number(le));
            }

            text.Append('}');
        }

        text.Append(' ').Append(Number(value)).Append('\n');
    }

    private static void AppendLabel(StringBuilder text, string name, string value) =>
        text.Append(name.Replace('.', '_')).Append("=\"")
            .Append(value.Replace("\\", "\\\\", StringComparison.Ordinal)
                .Replace("\"", "\\\"", StringComparison.Ordinal)
                .Replace("\n", "\\n", StringComparison.Ordinal))
            .Append('"');

    private static string EscapeHelp(string help) =>
        help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    /// <summary>As Go's ParseFloat reads it.</summary>
    private static string Number(double value) =>
        double.IsPositiveInfinity(value) ? "+Inf"
        : double.IsNegativeInfinity(value) ? "-Inf"
        : value.ToString("R", CultureInfo.InvariantCulture);
}
