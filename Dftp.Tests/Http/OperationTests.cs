using System.Net;
using System.Threading.Channels;
using Dftp.Tests.Support;

namespace Dftp.Tests.Http;

[TestClass]
public sealed class OperationTests
{
    [TestMethod]
    [DataRow("/healthz", true, HttpStatusCode.OK, "ok\n")]
    [DataRow("/healthz", false, HttpStatusCode.OK, "ok\n")]
    [DataRow("/readyz", true, HttpStatusCode.OK, "ok\n")]
    [DataRow("/readyz", false, HttpStatusCode.ServiceUnavailable, "The first scan of this node's files has not ended yet.\n")]
    public async Task Probes_ShowWhetherTheNodeCanServe(string target, bool isReady, HttpStatusCode status, string sentence)
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree(), options: options =>
            options with { IsReady = () => isReady });

        using var response = await site.GetAsync(target);

        Assert.AreEqual(status, response.StatusCode);
        Assert.AreEqual(sentence, await response.Content.ReadAsStringAsync());
        Assert.IsTrue(response.Headers.CacheControl!.NoStore);
    }

    // Apache's mod_log_config: LogFormat "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-agent}i\"" combined
    [TestMethod]
    [DataRow("GET /fs/x.txt", "\"GET /fs/x.txt HTTP/1.1\" 200 10 \"-\" \"-\"")]
    [DataRow("HEAD /fs/x.txt", "\"HEAD /fs/x.txt HTTP/1.1\" 200 - \"-\" \"-\"")]
    [DataRow("GET /fs/x.txt\nRange: bytes=2-3", "\"GET /fs/x.txt HTTP/1.1\" 206 2 \"-\" \"-\"")]
    [DataRow("GET /fs/?format=txt", "\"GET /fs/?format=txt HTTP/1.1\" 200 12 \"-\" \"-\"")]
    [DataRow("GET /fs/big", "\"GET /fs/big HTTP/1.1\" 200 500000 \"-\" \"-\"")]
    [DataRow("GET /fs/no%20\nReferer: http://a/\"b\\\nUser-Agent: x y", "\"GET /fs/no%20 HTTP/1.1\" 404 20 \"http://a/\\\"b\\\\\" \"x y\"")]
    public async Task Answer_LeavesALineInCombinedFormat(string request, string expected)
    {
        var lines = Channel.CreateUnbounded<string>();
        var path = Path.GetTempFileName();
        await File.WriteAllBytesAsync(path, new byte[500_000]);
        var tree = new MemoryFileTree().File("/x.txt", "0123456789").File("/y", "y").File("/big", new byte[500_000]);
        tree.Content = (at, bytes, range) => at.Name == "big"
            ? new RegionContent(File.OpenHandle(path), range)
            : new MemoryContent(bytes, range);
        await using var site = await HttpSite.StartAsync(tree, options: options => options with
        {
            AccessLog = line => Assert.IsTrue(lines.Writer.TryWrite(line)),
        }, time: new FixedTime());

        var head = request.Split('\n');
        await site.SendRawAsync(
            $"{head[0]} HTTP/1.1\r\nHost: x\r\n{string.Concat(head.Skip(1).Select(header => header + "\r\n"))}Connection: close\r\n\r\n");
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var logged = await lines.Reader.ReadAsync(deadline.Token);

        Assert.AreEqual($"127.0.0.1 - - [23/Oct/2016:12:00:00 +0000] {expected}", logged);
        File.Delete(path);
    }

    [TestMethod]
    public async Task Line_TruncatesVeryLongFields()
    {
        var lines = Channel.CreateUnbounded<string>();
        await using var site = await HttpSite.StartAsync(
            new MemoryFileTree().File("/x.txt", "x"), options: options =>
                options with { AccessLog = line => Assert.IsTrue(lines.Writer.TryWrite(line)) });

        await site.GetTextAsync("/fs/x.txt", ("User-Agent", new string('u', 20_000)));
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));

        StringAssert.EndsWith(await lines.Reader.ReadAsync(deadline.Token), $"\"-\" \"{new string('u', 4096)}…\"");
    }

    private sealed class FixedTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2016, 10, 23, 12, 0, 0, TimeSpan.Zero);
    }
}
