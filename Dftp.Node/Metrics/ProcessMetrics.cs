using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Dftp.Node.Metrics;

/// <summary>The usual process metrics, under the names of Prometheus' client libraries, and the program's version.</summary>
internal static class ProcessMetrics
{
    private const string OwnDescriptors = "/proc/self/fd";

    public static void Measure(Meter meter, NodeOptions options, string version)
    {
        using var process = Process.GetCurrentProcess();
        var started = new DateTimeOffset(process.StartTime).ToUnixTimeMilliseconds() / 1000.0;
        meter.CreateObservableGauge("process.start_time", () => started, "s", "Unix time at which the process started.");
        meter.CreateObservableCounter(
            "process.cpu", () => Environment.CpuUsage.TotalTime.TotalSeconds, "s", "Processor time of the process.");
        meter.CreateObservableUpDownCounter(
            "process.resident_memory", () => Environment.WorkingSet, "By", "Resident memory of the process.");
        if (Directory.Exists(OwnDescriptors))
            meter.CreateObservableUpDownCounter("process.open_fds", CountDescriptors, null, "Open file descriptors.");
        meter.CreateObservableUpDownCounter(
            "dotnet.gc.heap", () => GC.GetTotalMemory(forceFullCollection: false), "By", "Size of the managed heap.");
        meter.CreateObservableUpDownCounter("dotnet.threads", () => (long)ThreadPool.ThreadCount, null, "Threads of the thread pool.");
        KeyValuePair<string, object?>[] build =
            [new("version", version), new("node", options.Name.Value), new("cluster", options.ClusterName)];
        meter.CreateObservableGauge(
            "dftp.build_info", () => new Measurement<int>(1, build), null, "Always 1; the labels are the version, node and cluster.");
    }

    /// <summary>Excludes the descriptor that the counting itself opens. Without a free descriptor there is no value.</summary>
    private static IEnumerable<Measurement<long>> CountDescriptors()
    {
        try
        {
            return [new(Directory.EnumerateFileSystemEntries(OwnDescriptors).LongCount() - 1)];
        }
        catch (IOException)
        {
            return [];
        }
    }
}
