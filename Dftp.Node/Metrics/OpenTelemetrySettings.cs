using System.Collections;

namespace Dftp.Node.Metrics;

/// <summary>
/// The settings of OpenTelemetry's standard environment variables
/// (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/). The package itself reads from them how to export.
/// </summary>
/// <param name="Variables">All variables that begin with <c>OTEL_</c>.</param>
internal sealed record OpenTelemetrySettings(IReadOnlyDictionary<string, string?> Variables)
{
    private const string Prefix = "OTEL_";

    private static readonly string[] Selectors = ["OTEL_METRICS_EXPORTER", "OTEL_TRACES_EXPORTER"];

    private static readonly string[] Endpoints =
        ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];

    public static OpenTelemetrySettings None { get; } = new(new Dictionary<string, string?>());

    public bool SendsMetrics => IsWanted("METRICS");

    public bool SendsTraces => IsWanted("TRACES");

    /// <summary>Requested exporters that this program does not have, as the variable and its value.</summary>
    public IEnumerable<string> Unknown =>
        from variable in Selectors
        from exporter in Exporters(variable)
        where exporter is not ("otlp" or "none")
        select $"{variable}={exporter}";

    /// <summary>Endpoints that are not URLs, which the package would silently ignore.</summary>
    public IEnumerable<string> Malformed =>
        from variable in Endpoints
        where Value(variable) is { } url
            && (!Uri.TryCreate(url, UriKind.Absolute, out var parsed) || parsed.Scheme is not ("http" or "https"))
        select variable;

    public static OpenTelemetrySettings Of(IDictionary environment)
    {
        Dictionary<string, string?>? found = null;
        foreach (DictionaryEntry variable in environment)
        {
            if (variable is { Key: string name, Value: string value } && name.StartsWith(Prefix, StringComparison.Ordinal))
            {
                (found ??= []).Add(name, value);
            }
        }

        return found is null ? None : new OpenTelemetrySettings(found);
    }

    /// <summary>The standard exports to this machine by default; this program exports only when the variables ask for it.</summary>
    private bool IsWanted(string signal)
    {
        if (string.Equals(Value("OTEL_SDK_DISABLED"), "true", StringComparison.OrdinalIgnoreCase)) return false;
        var exporters = Exporters($"OTEL_{signal}_EXPORTER");
        return exporters.Count > 0
            ? exporters.Contains("otlp")
            : Value("OTEL_EXPORTER_OTLP_ENDPOINT") is not null || Value($"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT") is not null;
    }

    private List<string> Exporters(string variable) =>
        [.. (Value(variable) ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];

    /// <summary>The standard treats an empty value as unset.</summary>
    private string? Value(string variable) => Variables.GetValueOrDefault(variable) is { Length: > 0 } value ? value : null;
}
