using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Dftp.Node;
using Dftp.Node.Metrics;
using Dftp.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace Dftp.Tests.Node.Metrics;

[TestClass]
public sealed class OpenTelemetryTests
{
    [TestMethod]
    [DataRow("", false, false)]
    [DataRow("OTEL_SERVICE_NAME=x", false, false)]
    [DataRow("OTEL_EXPORTER_OTLP_ENDPOINT=http://x", true, true)]
    [DataRow("OTEL_EXPORTER_OTLP_ENDPOINT=", false, false)]
    [DataRow("OTEL_EXPORTER_OTLP_ENDPOINT=http://x OTEL_SDK_DISABLED=true", false, false)]
    [DataRow("OTEL_EXPORTER_OTLP_ENDPOINT=http://x OTEL_TRACES_EXPORTER=none", true, false)]
    [DataRow("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=http://x", true, false)]
    [DataRow("OTEL_METRICS_EXPORTER=otlp", true, false)]
    [DataRow("OTEL_METRICS_EXPORTER=none,otlp OTEL_TRACES_EXPORTER=console", true, false)]
    public void Variables_SayWhatIsSent(string environment, bool metrics, bool traces)
    {
        var settings = OpenTelemetrySettings.Of(Environment(environment));

        Assert.AreEqual(metrics, settings.SendsMetrics);
        Assert.AreEqual(traces, settings.SendsTraces);
    }

    [TestMethod]
    public void ExporterThatIsNotThere_IsNamed() => Assert.AreEqual(
        "OTEL_TRACES_EXPORTER=console",
            OpenTelemetrySettings.Of(Environment("OTEL_METRICS_EXPORTER=otlp OTEL_TRACES_EXPORTER=console")).Unknown.Single());

    [TestMethod]
    public async Task Node_SendsMetricsAndTracesToTheReceiver()
    {
        var received = new ConcurrentQueue<(string Path, string Body)>();
        await using var receiver = await StartReceiverAsync(received);
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync("a", [("x.txt", "12345")], options => options with
        {
            OpenTelemetry = OpenTelemetrySettings.Of(Environment(
                $"OTEL_EXPORTER_OTLP_ENDPOINT={receiver.Urls.Single()} OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf OTEL_METRIC_EXPORT_INTERVAL=200 OTEL_BSP_SCHEDULE_DELAY=200 "
                + "OTEL_SERVICE_NAME=files OTEL_RESOURCE_ATTRIBUTES=site=home")),
        });
        await node.GetAsync("fs/x.txt");

        await Eventually.TrueAsync(
            () => received.Any(message => message.Path == "/v1/metrics"
                && new[] { "dftp.http", "dftp.http.request.duration", "dftp.cluster", "dftp.tree.files", "files",
                    "home" }.All(message.Body.Contains)),
            "metrics arrive");
        // Not by stopping the node, which waits for only one second.
        await Eventually.TrueAsync(
            () => received.Any(message => message.Path == "/v1/traces" && message.Body.Contains("GET /fs/", StringComparison.Ordinal)),
                "a trace arrives");
        await node.StopAsync();
    }

    [TestMethod]
    public async Task EndpointThatIsNone_IsAClearStartError()
    {
        await using var cluster = new TestCluster { ExpectsErrors = true };

        var failure = await Assert.ThrowsExactlyAsync<StartException>(() => cluster.StartAsync("a", [], options => options with
        {
            OpenTelemetry = OpenTelemetrySettings.Of(Environment("OTEL_EXPORTER_OTLP_ENDPOINT=nonsense")),
        }));

        StringAssert.StartsWith(failure.Message, "OpenTelemetry: OTEL_EXPORTER_OTLP_ENDPOINT: ");
    }

    private static Dictionary<string, string> Environment(string variables) => variables
        .Split(' ', StringSplitOptions.RemoveEmptyEntries)
        .Select(variable => variable.Split('=', 2))
        .Append(["PATH", "/bin"])
        .ToDictionary(variable => variable[0], variable => variable[1]);

    private static async Task<WebApplication> StartReceiverAsync(ConcurrentQueue<(string Path, string Body)> received)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(server => server.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        app.Run(async http =>
        {
            Assert.AreEqual("application/x-protobuf", http.Request.ContentType);
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body);
            received.Enqueue((http.Request.Path.Value!, Encoding.Latin1.GetString(body.ToArray())));
        });
        await app.StartAsync();
        return app;
    }
}
