using System.Buffers;
using System.Diagnostics.Metrics;
using System.Net;
using System.Text;
using Dftp.Node.Metrics;
using Dftp.Tests.Support;

namespace Dftp.Tests.Node.Metrics;

[TestClass]
public sealed class MetricsTests
{
    private static readonly double[] Bounds = [0.1, 1];

    [TestMethod]
    public void Instruments_AreWrittenUnderPrometheusNames()
    {
        using var meters = new NodeMeters();
        var meter = meters.Add("dftp.test");
        var counter = meter.CreateCounter<long>("dftp.test.sent", "By", "Line one\nand \\ two.");
        meter.CreateObservableGauge("dftp.test.age", () => 1.5, "s", "Age.");
        var histogram = meter.CreateHistogram("dftp.test.duration", "s", "Took.", null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = Bounds });

        counter.Add(3, new KeyValuePair<string, object?>("node", "a\"b\\c\nd"));
        counter.Add(4, new KeyValuePair<string, object?>("node", "a\"b\\c\nd"));
        foreach (var value in new[] { 0.1, 0.5, 7 }) histogram.Record(value, new KeyValuePair<string, object?>("route", "/"));

        Assert.AreEqual(
            """
            # HELP dftp_test_age_seconds Age.
            # TYPE dftp_test_age_seconds gauge
            dftp_test_age_seconds 1.5
            # HELP dftp_test_duration_seconds Took.
            # TYPE dftp_test_duration_seconds histogram
            dftp_test_duration_seconds_bucket{route="/",le="0.1"} 1
            dftp_test_duration_seconds_bucket{route="/",le="1"} 2
            dftp_test_duration_seconds_bucket{route="/",le="+Inf"} 3
            dftp_test_duration_seconds_sum{route="/"} 7.6
            dftp_test_duration_seconds_count{route="/"} 3
            # HELP dftp_test_sent_bytes_total Line one\nand \\ two.
            # TYPE dftp_test_sent_bytes_total counter
            dftp_test_sent_bytes_total{node="a\"b\\c\nd"} 7

            """,
            TextOf(meters));
        _ = new PrometheusReader(TextOf(meters));
    }

    [TestMethod]
    public void ObservedSeries_ThatIsNoLongerThere_Goes()
    {
        using var meters = new NodeMeters();
        List<string> nodes = ["a", "b"];
        meters.Add("dftp.test").CreateObservableGauge(
            "dftp.test.lag", () => nodes.Select(node => new Measurement<long>(1, new KeyValuePair<string, object?>("node", node))));
        Assert.AreEqual(2, new PrometheusReader(TextOf(meters)).Samples.Count);

        nodes.Remove("a");

        Assert.AreEqual("dftp_test_lag{node=\"b\"}", new PrometheusReader(TextOf(meters)).Samples.Keys.Single());
    }

    [TestMethod]
    public void ManyThreads_LoseNoMeasurement()
    {
        using var meters = new NodeMeters();
        var meter = meters.Add("dftp.test");
        var counter = meter.CreateCounter<long>("dftp.test.things");
        var histogram = meter.CreateHistogram("dftp.test.size", null, null, null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = Bounds });

        Parallel.For(0, 8, thread =>
        {
            for (var i = 0; i < 10_000; i++)
            {
                counter.Add(1, new KeyValuePair<string, object?>("thread", thread % 2));
                histogram.Record(1);
            }
        });

        var samples = new PrometheusReader(TextOf(meters)).Samples;
        Assert.AreEqual(40_000, samples["dftp_test_things_total{thread=\"0\"}"]);
        Assert.AreEqual(80_000, samples["dftp_test_size_sum"]);
        Assert.AreEqual(80_000, samples["dftp_test_size_count"]);
    }

    [TestMethod]
    public async Task Node_ReportsItsOwnMetricsOnly()
    {
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", [("x.txt", "12345")]);
        var b = await cluster.StartAsync("b", [("y/z.txt", "123")]);
        await cluster.UniteAsync();
        await a.GetAsync("fs/x.txt");
        await a.GetAsync("fs/y/z.txt");
        using (await TestCluster.Http.GetAsync(new Uri(a.Public, "fs/nothing"))) { }

        var ofA = await ReadAsync(a.Public);
        var ofB = await ReadAsync(b.Management);

        Assert.AreEqual(2, ofA.Samples["dftp_http_requests_total{route=\"/fs/\",method=\"GET\",status=\"2xx\"}"]);
        Assert.AreEqual(1, ofA.Samples["dftp_http_requests_total{route=\"/fs/\",method=\"GET\",status=\"4xx\"}"]);
        Assert.AreEqual(3, ofA.Samples["dftp_http_request_duration_seconds_count{route=\"/fs/\"}"]);
        Assert.IsTrue(ofA.Samples["dftp_http_sent_bytes_total"] > 8);
        Assert.AreEqual(2, ofA.Samples["dftp_tree_files"]);
        Assert.AreEqual(8, ofA.Samples["dftp_tree_size_bytes"]);
        Assert.AreEqual(1, ofA.Samples["dftp_node_files{node=\"b\"}"]);
        Assert.AreEqual(1, ofA.Samples["dftp_peers{state=\"alive\"}"]);
        Assert.AreEqual(0, ofA.Samples["dftp_missing_nodes"]);
        Assert.AreEqual(0, ofA.Samples["dftp_peer_lag{node=\"b\"}"]);
        Assert.AreEqual(1, ofA.Samples["dftp_scan_ready"]);
        Assert.AreEqual(0, ofA.Samples["dftp_ftp_sessions_started_total"]);
        Assert.IsTrue(ofA.Samples["process_resident_memory_bytes"] > 1e6 && ofA.Samples["process_cpu_seconds_total"] > 0);
        Assert.AreEqual(1, ofB.Samples["dftp_http_requests_total{route=\"/fs/\",method=\"GET\",status=\"2xx\"}"],
            "b has served z.txt to a, and nothing else");
    }

    [TestMethod]
    public async Task FtpSession_IsCounted()
    {
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync("a", [("x.txt", "12345")]);
        using (var ftp = await Ftp.RawFtpClient.ConnectAsync(new IPEndPoint(IPAddress.Loopback, node.Host.FtpPort)))
        {
            await ftp.ExpectAsync(220);
            await ftp.ExpectAsync(331, "USER anonymous");
            Assert.AreEqual(1, (await ReadAsync(node.Public)).Samples["dftp_ftp_sessions"]);
        }

        await Eventually.TrueAsync(async () => (await ReadAsync(node.Public)).Samples["dftp_ftp_sessions"] == 0, "the session has ended");
        var samples = (await ReadAsync(node.Public)).Samples;
        Assert.AreEqual(1, samples["dftp_ftp_sessions_started_total"]);
        Assert.AreEqual(1, samples["dftp_ftp_commands_total{verb=\"USER\"}"]);
    }

    private static async Task<PrometheusReader> ReadAsync(Uri node)
    {
        using var answer = await TestCluster.Http.GetAsync(new Uri(node, "metrics"));
        Assert.AreEqual("text/plain; version=0.0.4; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        return new PrometheusReader(await answer.Content.ReadAsStringAsync());
    }

    private static string TextOf(NodeMeters meters)
    {
        var text = new ArrayBufferWriter<byte>();
        meters.WriteText(text);
        return Encoding.UTF8.GetString(text.WrittenSpan);
    }
}
