using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Dftp.FileSystem;
using Dftp.Tests.Support;

namespace Dftp.Tests.Http;

[TestClass]
public sealed class FileTests
{
    private const string Text = "0123456789";

    private static readonly string ETag =
        string.Create(CultureInfo.InvariantCulture, $"\"{MemoryFileTree.DefaultTime.Nanoseconds:x}-a\"");

    [TestMethod]
    public async Task Get_GivesContentAndItsDescription()
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree().File("/a/test.txt", Text));

        using var response = await site.GetAsync("/fs/a/test.txt");

        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
        Assert.AreEqual(Text, await response.Content.ReadAsStringAsync());
        Assert.AreEqual(10, response.Content.Headers.ContentLength);
        Assert.AreEqual("text/plain; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.AreEqual("Sun, 23 Oct 2016 12:07:06 GMT", response.Content.Headers.GetValues("Last-Modified").Single());
        Assert.AreEqual(ETag, response.Headers.ETag!.ToString());
        Assert.AreEqual("bytes", response.Headers.AcceptRanges.Single());
        Assert.AreEqual("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.AreEqual("1477224426123456789", response.Headers.GetValues("X-Dftp-Modified").Single());
        Assert.IsFalse(response.Headers.Contains("Content-Security-Policy"));
    }

    // RFC 9110, 9.3.2: "The HEAD method is identical to GET except that the server MUST NOT send content in the response."
    [TestMethod]
    public async Task Head_GivesTheHeadersOfGetAndOpensNothing()
    {
        var tree = new MemoryFileTree().File("/test.txt", Text);
        await using var site = await HttpSite.StartAsync(tree);
        using var get = await site.GetAsync("/fs/test.txt");
        tree.Content = (_, _, _) => throw new InvalidOperationException("HEAD opened the file");

        using var head = await site.SendAsync(HttpMethod.Head, "/fs/test.txt");

        Assert.AreEqual(HttpStatusCode.OK, head.StatusCode);
        Assert.AreEqual("", await head.Content.ReadAsStringAsync());
        Assert.AreEqual(HeadersOf(get), HeadersOf(head));
    }

    // RFC 9110, 14.2: "A server MUST ignore a Range header field received with a request method that is unrecognized or for which range
    // handling is not defined."
    [TestMethod]
    public async Task Head_IgnoresRange()
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree().File("/test.txt", Text));

        using var head = await site.SendAsync(HttpMethod.Head, "/fs/test.txt", ("Range", "bytes=0-1"));

        Assert.AreEqual(HttpStatusCode.OK, head.StatusCode);
        Assert.AreEqual(10, head.Content.Headers.ContentLength);
    }

    // RFC 9110, 15.3.7.1: "If a single part is being transferred, the server generating the 206 response MUST generate a Content-Range".
    [TestMethod]
    [DataRow("bytes=2-4", "234", "bytes 2-4/10")]
    [DataRow("bytes=7-", "789", "bytes 7-9/10")]
    [DataRow("bytes=-2", "89", "bytes 8-9/10")]
    [DataRow("bytes=0-", Text, "bytes 0-9/10")]
    public async Task SingleRange_Gives206(string range, string body, string contentRange)
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree().File("/test.txt", Text));

        using var response = await site.GetAsync("/fs/test.txt", ("Range", range));

        Assert.AreEqual(HttpStatusCode.PartialContent, response.StatusCode);
        Assert.AreEqual(body, await response.Content.ReadAsStringAsync());
        Assert.AreEqual(contentRange, response.Content.Headers.ContentRange!.ToString());
        Assert.AreEqual(ETag, response.Headers.ETag!.ToString());
    }

    // RFC 9110, 15.5.17: "A server that generates a 416 response to a byte-range request SHOULD generate a Content-Range header field
    // specifying the current length".
    [TestMethod]
    public async Task UnsatisfiableRange_Gives416AndTheLength()
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree().File("/test.txt", Text));

        using var response = await site.GetAsync("/fs/test.txt", ("Range", "bytes=10-"));

        Assert.AreEqual(HttpStatusCode.RequestedRangeNotSatisfiable, response.StatusCode);
        Assert.AreEqual("bytes */10", response.Content.Headers.ContentRange!.ToString());
        Assert.AreEqual("/test.txt has 10 bytes: nothing of it is in that range.\n", await response.Content.ReadAsStringAsync());
    }

    [TestMethod]
    public async Task MalformedRange_GivesTheWholeFile()
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree().File("/test.txt", Text));

        using var response = await site.GetAsync("/fs/test.txt", ("Range", "bytes=4-2"));

        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
        Assert.AreEqual(Text, await response.Content.ReadAsStringAsync());
    }

    // RFC 9110, 15.3.7.2: "If multiple parts are being transferred, the server generating the 206 response MUST generate
    // multipart/byteranges content ... and MUST NOT generate a Content-Range header field in the HTTP header section".
    [TestMethod]
    public async Task SeveralRanges_GiveMultipart()
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree().File("/test.txt", Text));

        using var response = await site.GetAsync("/fs/test.txt", ("Range", "bytes=5-6,0-1,-1"));

        Assert.AreEqual(HttpStatusCode.PartialContent, response.StatusCode);
        Assert.IsNull(response.Content.Headers.ContentRange);
        var type = response.Content.Headers.ContentType!;
        Assert.AreEqual("multipart/byteranges", type.MediaType);
        var boundary = type.Parameters.Single(parameter => parameter.Name == "boundary").Value;
        var body = await response.Content.ReadAsStringAsync();
        Assert.AreEqual(body.Length, response.Content.Headers.ContentLength);
        Assert.AreEqual(
            $"--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes 5-6/10\r\n\r\n56"
            + $"\r\n--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes 0-1/10\r\n\r\n01"
            + $"\r\n--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes 9-9/10\r\n\r\n9"
            + $"\r\n--{boundary}--\r\n",
            body);
    }

    // The connection is used twice: an incomplete body would stall the second answer.
    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(4096)]
    [DataRow(256 * 1024)]
    [DataRow(1_000_003)]
    public async Task FileOfAnyLength_ComesWhole(int size)
    {
        var bytes = new byte[size];
        new Random(size).NextBytes(bytes);
        await using var site = await HttpSite.StartAsync(new MemoryFileTree().File("/x.bin", bytes));

        CollectionAssert.AreEqual(bytes, await site.Client.GetByteArrayAsync(site.Url("/fs/x.bin")));
        CollectionAssert.AreEqual(bytes, await site.Client.GetByteArrayAsync(site.Url("/fs/x.bin")));
    }

    [TestMethod]
    public async Task FileOfThisMachine_IsReadByItsRegion()
    {
        var bytes = new byte[1_000_003];
        new Random(1).NextBytes(bytes);
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(file, bytes);
            var tree = new MemoryFileTree().File("/x.bin", bytes);
            tree.Content = (_, _, range) => new RegionContent(File.OpenHandle(file), range);
            await using var site = await HttpSite.StartAsync(tree);

            CollectionAssert.AreEqual(bytes, await site.Client.GetByteArrayAsync(site.Url("/fs/x.bin")));
            using var part = await site.GetAsync("/fs/x.bin", ("Range", "bytes=500000-"));
            CollectionAssert.AreEqual(bytes[500_000..], await part.Content.ReadAsByteArrayAsync());
        }
        finally
        {
            File.Delete(file);
        }
    }

    // RFC 9112, 8: "If a message's ... Content-Length ... defines the message body length ... the recipient MUST consider the message to be
    // incomplete" when the connection closes before.
    [TestMethod]
    [DataRow(0)]
    [DataRow(10)]
    [DataRow(500_000)]
    public async Task ErrorInTheMiddle_AbortsTheConnection(int bytesBefore)
    {
        var tree = new MemoryFileTree().File("/x.bin", new byte[1_000_000]);
        tree.Content = (_, _, range) => new BrokenContent(range, bytesBefore);
        await using var site = await HttpSite.StartAsync(tree);

        await Assert.ThrowsExactlyAsync<HttpRequestException>(() => site.Client.GetByteArrayAsync(site.Url("/fs/x.bin")));

        await Eventually.TrueAsync(() => site.Warnings.Any(), "the fault is logged");

        StringAssert.Contains(site.Warnings.Single(), "/x.bin: answer aborted: the holder went away");
    }

    [TestMethod]
    public async Task FileThatBecameShorterThanItsRegion_AbortsTheConnection()
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(file, new byte[300_000]);
            var tree = new MemoryFileTree().File("/x.bin", new byte[1_000_000]);
            tree.Content = (_, _, range) => new RegionContent(File.OpenHandle(file), range);
            await using var site = await HttpSite.StartAsync(tree);

            await Assert.ThrowsExactlyAsync<HttpRequestException>(() => site.Client.GetByteArrayAsync(site.Url("/fs/x.bin")));

            await Eventually.TrueAsync(() => site.Warnings.Any(), "the fault is logged");

            StringAssert.Contains(site.Warnings.Single(), "/x.bin");
        }
        finally
        {
            File.Delete(file);
        }
    }

    [TestMethod]
    public async Task ChangeBetweenTwoParts_AbortsTheConnection()
    {
        var tree = new MemoryFileTree().File("/x.txt", Text);
        tree.Content = (path, bytes, range) =>
        {
            tree.File("/x.txt", "another text");
            return new MemoryContent(bytes, range);
        };
        await using var site = await HttpSite.StartAsync(tree);

        await Assert.ThrowsExactlyAsync<HttpRequestException>(() => site.GetAsync("/fs/x.txt", ("Range", "bytes=0-1,4-5")));

        await Eventually.TrueAsync(() => site.Warnings.Any(), "the fault is logged");

        StringAssert.Contains(site.Warnings.Single(), "/x.txt changed between two of its parts");
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("X-By-Server: 1\r\n")]
    public async Task ClientThatLeaves_EndsTheReadWithoutALogLine(string more)
    {
        var content = new TaskCompletionSource<StalledContent>(TaskCreationOptions.RunContinuationsAsynchronously);
        var tree = new MemoryFileTree().File("/x.bin", new byte[100]);
        tree.Content = (_, _, range) =>
        {
            var stalled = new StalledContent(range);
            content.SetResult(stalled);
            return stalled;
        };
        await using var site = await HttpSite.StartAsync(tree);
        using (var leaving = new TcpClient("127.0.0.1", site.Port))
        {
            await leaving.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"GET /fs/x.bin HTTP/1.1\r\nHost: x\r\n{more}\r\n"));
            await content.Task.WaitAsync(TimeSpan.FromSeconds(30));
        }

        await (await content.Task).Disposed.WaitAsync(TimeSpan.FromSeconds(30));

        Assert.AreEqual("", string.Join('\n', site.Warnings));
    }

    [TestMethod]
    public async Task FileThatChangedSinceTheSnapshot_IsServedAsItIsNow()
    {
        var tree = new MemoryFileTree().File("/x.txt", Text);
        var stale = tree.Snapshot;
        tree.File("/x.txt", "new content", UnixTime.FromSeconds(1_500_000_000));
        await using var site = await HttpSite.StartAsync(new StaleTree(stale, tree));

        using var response = await site.GetAsync("/fs/x.txt");

        Assert.AreEqual("new content", await response.Content.ReadAsStringAsync());
        Assert.AreEqual("Fri, 14 Jul 2017 02:40:00 GMT", response.Content.Headers.GetValues("Last-Modified").Single());
    }

    // The range is of the version that the client has (If-Range), which no longer exists: RFC 9110, 13.1.5.
    [TestMethod]
    public async Task ChangeSinceTheSnapshot_IsDecidedWithTheNewFacts()
    {
        var tree = new MemoryFileTree().File("/x.txt", Text);
        var stale = tree.Snapshot;
        tree.File("/x.txt", "new content", UnixTime.FromSeconds(1_500_000_000));
        await using var site = await HttpSite.StartAsync(new StaleTree(stale, tree));

        using var resumed = await site.GetAsync("/fs/x.txt", ("Range", "bytes=4-"), ("If-Range", ETag));
        Assert.AreEqual(HttpStatusCode.OK, resumed.StatusCode);
        Assert.AreEqual("new content", await resumed.Content.ReadAsStringAsync());

        using var matched = await site.GetAsync("/fs/x.txt", ("If-Match", ETag));
        Assert.AreEqual(HttpStatusCode.PreconditionFailed, matched.StatusCode);
    }

    [TestMethod]
    public async Task FileThatKeepsChanging_Gives503()
    {
        // The condition holds at every other opening, so no opening has the range for the current decision.
        var other = UnixTime.FromSeconds(1_600_000_000, 5);
        var tree = new RestlessTree(new MemoryFileTree().File("/x.txt", Text), other);
        await using var site = await HttpSite.StartAsync(tree);

        using var response = await site.GetAsync("/fs/x.txt", ("Range", "bytes=4-"),
            ("If-Range", $"\"{other.Nanoseconds:x}-{Text.Length:x}\""));

        Assert.AreEqual(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.AreEqual(TimeSpan.FromSeconds(1), response.Headers.RetryAfter!.Delta);
        Assert.AreEqual("/x.txt keeps changing while it is opened; try again.\n", await response.Content.ReadAsStringAsync());
        Assert.AreEqual(6, tree.Opens);
    }

    [TestMethod]
    [DataRow(FileErrorKind.NotFound, HttpStatusCode.NotFound)]
    [DataRow(FileErrorKind.IsDirectory, HttpStatusCode.NotFound)]
    [DataRow(FileErrorKind.AccessDenied, HttpStatusCode.Forbidden)]
    [DataRow(FileErrorKind.Unreachable, HttpStatusCode.ServiceUnavailable)]
    [DataRow(FileErrorKind.Failed, HttpStatusCode.BadGateway)]
    [DataRow(FileErrorKind.Busy, HttpStatusCode.ServiceUnavailable)]
    public async Task FailureToOpen_GivesItsStatusAndSentence(FileErrorKind kind, HttpStatusCode status)
    {
        var tree = new MemoryFileTree().File("/x.html", Text);
        tree.OpenError = new FileError(kind, "server2 says no to /x.html");
        await using var site = await HttpSite.StartAsync(tree);

        using var response = await site.GetAsync("/fs/x.html");

        Assert.AreEqual(status, response.StatusCode);
        Assert.AreEqual("text/plain; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.AreEqual("server2 says no to /x.html.\n", await response.Content.ReadAsStringAsync());
        Assert.AreEqual(kind is FileErrorKind.Unreachable or FileErrorKind.Busy, response.Headers.RetryAfter is not null);
        Assert.IsNull(response.Headers.ETag);
        // RFC 9110, 9.3.2: HEAD is answered as GET, and so is what a condition would have answered without content.
        using var head = await site.SendAsync(HttpMethod.Head, "/fs/x.html");
        Assert.AreEqual(HeadersOf(response), HeadersOf(head));
        using var cached = await site.GetAsync("/fs/x.html", ("If-None-Match", "*"));
        Assert.AreEqual(HeadersOf(response), HeadersOf(cached));
    }

    [TestMethod]
    [DataRow("/page.html", "text/html; charset=utf-8", true)]
    [DataRow("/page.XHTML", "application/xhtml+xml", true)]
    [DataRow("/drawing.svg", "image/svg+xml", true)]
    [DataRow("/feed.xml", "application/xml", true)]
    [DataRow("/readme.md", "text/markdown; charset=utf-8", false)]
    [DataRow("/photo.JPG", "image/jpeg", false)]
    [DataRow("/film.mkv", "video/x-matroska", false)]
    [DataRow("/pack.tar.zst", "application/zstd", false)]
    [DataRow("/dir.txt/README", "application/octet-stream", false)]
    [DataRow("/page.html?format=txt", "text/plain; charset=utf-8", false)]
    public async Task Type_IsGuessedAndActiveDocumentsAreSandboxed(string target, string type, bool isSandboxed)
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree().File(target.Split('?')[0], Text));

        using var response = await site.GetAsync("/fs" + target);

        Assert.AreEqual(type, response.Content.Headers.GetValues("Content-Type").Single());
        response.Headers.TryGetValues("Content-Security-Policy", out var policy);
        Assert.AreEqual(isSandboxed ? "sandbox" : null, policy?.Single());
    }

    // RFC 9110, 8.8.2.1: "An origin server with a clock MUST NOT generate a Last-Modified date that is later than the server's time of
    // message origination".
    [TestMethod]
    public async Task TimeInTheFuture_IsSentAsNow()
    {
        var time = new FixedTime(new DateTimeOffset(2016, 10, 23, 12, 0, 0, TimeSpan.Zero));
        await using var site = await HttpSite.StartAsync(new MemoryFileTree().File("/x.txt", Text), time: time);

        using var response = await site.GetAsync("/fs/x.txt");

        Assert.AreEqual("Sun, 23 Oct 2016 12:00:00 GMT", response.Content.Headers.GetValues("Last-Modified").Single());
        Assert.AreEqual("1477224426123456789", response.Headers.GetValues("X-Dftp-Modified").Single());
    }

    private static string HeadersOf(HttpResponseMessage response) => string.Join('\n', response.Headers
        .Concat(response.Content.Headers)
        .Where(header => header.Key != "Date")
        .Select(header => $"{header.Key}: {string.Join(", ", header.Value)}"));

    private sealed class FixedTime(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
