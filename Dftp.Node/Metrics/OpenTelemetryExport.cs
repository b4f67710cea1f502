using System.Runtime.CompilerServices;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Dftp.Node.Metrics;

/// <summary>
/// Exports metrics and a span for each HTTP request by OTLP. Only this class uses the package, which is not loaded when nothing is
/// exported.
/// </summary>
internal sealed partial class OpenTelemetryExport : IDisposable
{
    /// <summary>A node stops within 5 s, also when the collector does not accept the last values.</summary>
    private const int ShutdownMilliseconds = 1000;

    /// <summary>The framework's source, which has an activity for each request.</summary>
    private const string RequestSource = "Microsoft.AspNetCore";

    private readonly MeterProvider? _metrics;
    private readonly TracerProvider? _traces;

    private OpenTelemetryExport(OpenTelemetrySettings settings, NodeMeters meters, NodeOptions options, string version)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings.Variables).Build();
        // The resource attributes of the environment come last and win.
        var resource = ResourceBuilder.CreateEmpty()
            .AddService("dftp", serviceVersion: version, serviceInstanceId: options.Name.Value)
            .AddTelemetrySdk()
            .AddEnvironmentVariableDetector();
        if (settings.SendsMetrics)
        {
            _metrics = Sdk.CreateMeterProviderBuilder()
                .ConfigureServices(services => services.AddSingleton<IConfiguration>(configuration))
                .SetResourceBuilder(resource)
                .AddMeter("dftp.*")
                .AddView(instrument => ReferenceEquals(instrument.Meter.Scope, meters) ? null : MetricStreamConfiguration.Drop)
                .AddOtlpExporter()
                .Build();
        }

        if (settings.SendsTraces)
        {
            _traces = Sdk.CreateTracerProviderBuilder()
                .ConfigureServices(services => services.AddSingleton<IConfiguration>(configuration))
                .SetResourceBuilder(resource)
                .AddSource(RequestSource)
                .AddOtlpExporter()
                .Build();
        }
    }

    /// <returns>The export, which ends when disposed of; null when nothing is exported.</returns>
    /// <exception cref="StartException">A variable has an invalid value.</exception>
    public static IDisposable? Start(OpenTelemetrySettings settings, NodeMeters meters, NodeOptions options, string version, ILogger log)
    {
        foreach (var unknown in settings.Unknown) LogUnknown(log, unknown);
        if (!settings.SendsMetrics && !settings.SendsTraces) return null;
        if (settings.Malformed.FirstOrDefault() is { } malformed)
            throw new StartException($"OpenTelemetry: {malformed}: is no URL, such as http://localhost:4318");
        return Create(settings, meters, options, version, log);
    }

    public void Dispose()
    {
        _traces?.Shutdown(ShutdownMilliseconds);
        _metrics?.Shutdown(ShutdownMilliseconds);
        _traces?.Dispose();
        _metrics?.Dispose();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static OpenTelemetryExport Create(
        OpenTelemetrySettings settings, NodeMeters meters, NodeOptions options, string version, ILogger log)
    {
        try
        {
            var export = new OpenTelemetryExport(settings, meters, options, version);
            LogStarted(log, (settings.SendsMetrics, settings.SendsTraces) switch
            {
                (true, true) => "metrics and traces",
                (true, false) => "metrics",
                _ => "traces",
            });
            return export;
        }
        catch (Exception failure)
            when (failure is UriFormatException or ArgumentException or InvalidOperationException or NotSupportedException)
        {
            throw new StartException($"OpenTelemetry: {failure.Message}", failure);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "OpenTelemetry: sending {What} over OTLP")]
    private static partial void LogStarted(ILogger log, string what);

    [LoggerMessage(Level = LogLevel.Warning, Message = "OpenTelemetry: {Setting} is not supported; use otlp or none")]
    private static partial void LogUnknown(ILogger log, string setting);
}
