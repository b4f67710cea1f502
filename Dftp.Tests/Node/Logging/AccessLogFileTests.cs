using Dftp.Node;
using Dftp.Node.Logging;
using Dftp.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dftp.Tests.Node.Logging;

[TestClass]
public sealed class AccessLogFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string LogPath => Path.Combine(_directory.Path, "access.log");

    public void Dispose() => _directory.Dispose();

    [TestMethod]
    public async Task Lines_AreAppendedAndAllThereAtTheEnd()
    {
        await File.WriteAllTextAsync(LogPath, "before\n");
        await using (var log = Open())
        {
            for (var i = 0; i < 10_000; i++) log.Add($"line {i}");
        }

        var lines = await File.ReadAllLinesAsync(LogPath);
        CollectionAssert.AreEqual(Enumerable.Range(0, 10_000).Select(i => $"line {i}").Prepend("before").ToArray(), lines);
    }

    [TestMethod]
    public async Task Reopen_ContinuesInANewFile()
    {
        await using (var log = Open())
        {
            log.Add("old");
            await WrittenAsync(LogPath, "old\n");
            File.Move(LogPath, LogPath + ".1");

            log.Reopen();
            log.Add("new");
        }

        Assert.AreEqual("old\n", await File.ReadAllTextAsync(LogPath + ".1"));
        Assert.AreEqual("new\n", await File.ReadAllTextAsync(LogPath));
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task FileThatWasRenamed_IsReopened(bool isReplaced)
    {
        await using (var log = Open())
        {
            log.Add("old");
            await WrittenAsync(LogPath, "old\n");
            File.Move(LogPath, LogPath + ".1");
            if (isReplaced) await File.WriteAllTextAsync(LogPath, "");

            var number = 0;
            await Eventually.TrueAsync(
                () =>
                {
                    log.Add($"new {number++}");
                    return File.Exists(LogPath) && new FileInfo(LogPath).Length > 0;
                },
                "the file is there again");
        }

        StringAssert.StartsWith(await File.ReadAllTextAsync(LogPath), "new ");
    }

    // logrotate's copytruncate.
    [TestMethod]
    public async Task FileThatWasTruncated_IsWrittenFromItsStart()
    {
        await using (var log = Open())
        {
            log.Add("old");
            await WrittenAsync(LogPath, "old\n");
            await using (var cut = new FileStream(LogPath, FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) cut.SetLength(0);

            log.Add("new");
        }

        Assert.AreEqual("new\n", await File.ReadAllTextAsync(LogPath));
    }

    [TestMethod]
    public async Task StreamThatHangs_BlocksNoCaller()
    {
        using var stream = new HangingStream();
        var log = AccessLogFile.Over(stream, TimeProvider.System, NullLogger.Instance);

        for (var i = 0; i < 200_000; i++) log.Add("line");

        Assert.IsTrue(log.Lost > 100_000, $"{log.Lost} lost");
        stream.Go.Set();
        await log.DisposeAsync();
        Assert.AreEqual(200_000, stream.Lines + log.Lost);
    }

    // Fields from clients may be long: the queue is also bounded by its total size.
    [TestMethod]
    public async Task LongLines_FillTheQueueSooner()
    {
        using var stream = new HangingStream();
        var log = AccessLogFile.Over(stream, TimeProvider.System, NullLogger.Instance);
        var line = new string('x', 16 * 1024);

        for (var i = 0; i < 3_000; i++) log.Add(line);

        Assert.IsTrue(log.Lost > 1_500, $"{log.Lost} lost");
        stream.Go.Set();
        await log.DisposeAsync();
        Assert.AreEqual(3_000, stream.Lines + log.Lost);
    }

    [TestMethod]
    public void FileThatCannotBeOpened_IsAClearStartError()
    {
        Assert.AreEqual(
            $"--access-log: {_directory.Path}: is a directory", Assert.ThrowsExactly<StartException>(() => Open(_directory.Path)).Message);
        var lost = Path.Combine(_directory.Path, "no", "access.log");
        Assert.AreEqual($"--access-log: {lost}: its directory does not exist",
            Assert.ThrowsExactly<StartException>(() => Open(lost)).Message);
    }

    [TestMethod]
    public async Task Node_LogsBothInterfaces()
    {
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync("a", [("x.txt", "12345")], options => options with
        {
            AccessLog = LogPath,
            HttpsListen = ListenAddress.Parse("127.0.0.1:0"),
        });
        await node.GetAsync("fs/x.txt");
        using var handler = new HttpClientHandler
        {
            ServerCertificateCustomValidationCallback = (_, certificate, _, _) => certificate?.Subject == certificate?.Issuer,
        };
        using var client = new HttpClient(handler) { DefaultRequestVersion = new Version(2, 0) };
        await client.GetStringAsync($"https://127.0.0.1:{node.Host.HttpsPort}/fs/x.txt");

        await node.StopAsync();

        var lines = await File.ReadAllLinesAsync(LogPath);
        Assert.AreEqual(2, lines.Length, string.Join('\n', lines));
        StringAssert.Contains(lines[0], "\"GET /fs/x.txt HTTP/1.1\" 200 5 ");
        StringAssert.Contains(lines[1], "\"GET /fs/x.txt HTTP/2\" 200 5 ");
    }

    private AccessLogFile Open(string? path = null) => AccessLogFile.Open(path ?? LogPath, TimeProvider.System, NullLogger.Instance);

    private static Task WrittenAsync(string path, string text) =>
        Eventually.TrueAsync(async () => await File.ReadAllTextAsync(path) == text, "the line is written");

    private sealed class HangingStream : MemoryStream
    {
        public ManualResetEventSlim Go { get; } = new();

        public long Lines { get; private set; }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            Go.Wait();
            Lines += buffer.Count((byte)'\n');
        }

        protected override void Dispose(bool disposing)
        {
            Go.Dispose();
            base.Dispose(disposing);
        }
    }
}
