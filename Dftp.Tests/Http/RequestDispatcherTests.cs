using System.Net;
using Dftp.Cluster.Index;
using Dftp.FileSystem;
using Dftp.Tests.Support;

namespace Dftp.Tests.Http;

[TestClass]
public sealed class RequestDispatcherTests
{
    [TestMethod]
    [DataRow("/fs", "/fs/")]
    [DataRow("/fs?x=y", "/fs/?x=y")]
    [DataRow("/find", "/find/")]
    [DataRow("/fs/a", "/fs/a/")]
    [DataRow("/fs/a?x=%20&redir", "/fs/a/?x=%20&redir")]
    [DataRow("/fs/a/sp%20%C3%A9%25?", "/fs/a/sp%20%C3%A9%25/?")]
    [DataRow("/fs//a", "/fs/a/")]
    [DataRow("/fs//a/..", "/fs/")]
    [DataRow("/fs//..%2e", null)]
    public async Task DirectoryWithoutSlash_IsRedirectedOnThisHost(string target, string? location)
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree().Directory("/a").Directory("/a/sp é%"));

        using var response = await site.GetAsync(target);

        Assert.AreEqual(location is null ? HttpStatusCode.NotFound : HttpStatusCode.MovedPermanently, response.StatusCode);
        Assert.AreEqual(location, response.Headers.Location?.OriginalString);
    }

    [TestMethod]
    [DataRow("/fs/x.txt/", "/x.txt is a file: ask for it without the slash at the end.\n")]
    [DataRow("/fs/nothing", "Nothing is at /nothing.\n")]
    [DataRow("/fs/x.txt/y", "Nothing is at /x.txt/y.\n")]
    [DataRow("/fs/a%2Fb", "Nothing is here: no file can be called so.\n")]
    [DataRow("/fsx", "Nothing is here: the files are under /fs/, a list of all of them is at /find/.\n")]
    [DataRow("/favicon.ico", "Nothing is here: the files are under /fs/, a list of all of them is at /find/.\n")]
    [DataRow("//fs/x.txt", "Nothing is here: the files are under /fs/, a list of all of them is at /find/.\n")]
    public async Task MissingPath_Gives404AndASentence(string target, string sentence)
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree().File("/x.txt", "x"));

        using var response = await site.GetAsync(target);

        Assert.AreEqual(HttpStatusCode.NotFound, response.StatusCode);
        Assert.AreEqual("text/plain; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.AreEqual("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.AreEqual(sentence, await response.Content.ReadAsStringAsync());
    }

    [TestMethod]
    [DataRow("/fs/%zz")]
    [DataRow("/fs/%ff")]
    [DataRow("/find/%2")]
    public async Task BrokenEscape_Gives400AndASentence(string target)
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree());

        using var response = await site.GetAsync(target);

        Assert.AreEqual(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.AreEqual("The path is not percent-encoded UTF-8.\n", await response.Content.ReadAsStringAsync());
    }

    // RFC 9112, 3.2.2: "a server MUST accept the absolute-form in requests".
    [TestMethod]
    public async Task AbsoluteTarget_IsServed()
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree().File("/%2F?#", "found"));

        var answer = await site.SendRawAsync(
            "GET http://some.host/fs/%252F%3F%23?q HTTP/1.1\r\nHost: some.host\r\nConnection: close\r\n\r\n");

        StringAssert.StartsWith(answer, "HTTP/1.1 200 OK\r\n");
        StringAssert.EndsWith(answer, "\r\n\r\nfound");
    }

    // RFC 9112, 3: "It is RECOMMENDED that all HTTP senders and recipients support, at a minimum, request-line lengths of 8000 octets"; a
    // path of 4096 bytes, encoded, is longer.
    [TestMethod]
    public async Task LongestPath_FitsIntoTheRequestLine()
    {
        var path = string.Concat(Enumerable.Repeat("/" + new string('é', 127), 16));
        await using var site = await HttpSite.StartAsync(new MemoryFileTree().File(path, "found"));

        Assert.AreEqual("found", await site.GetTextAsync("/fs" + string.Join('/', path.Split('/').Select(Uri.EscapeDataString))));
    }

    // RFC 9110, 15.5.6: "The origin server MUST generate an Allow header field in a 405 response containing a list of the target resource's
    // currently supported methods."
    [TestMethod]
    [DataRow("POST", "/fs/x.txt")]
    [DataRow("PUT", "/fs/new")]
    [DataRow("DELETE", "/fs/x.txt")]
    [DataRow("POST", "/")]
    [DataRow("POST", "/find/")]
    public async Task OtherMethods_Give405AndAllow(string method, string target)
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree().File("/x.txt", "x"));

        using var response = await site.SendAsync(new HttpMethod(method), target);

        Assert.AreEqual(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.AreEqual("GET, HEAD, OPTIONS", string.Join(", ", response.Content.Headers.Allow));
    }

    // RFC 9110, 9.3.7: "A server generating a successful response to OPTIONS SHOULD send any header that might indicate optional features".
    [TestMethod]
    [DataRow("/fs/x.txt")]
    [DataRow("*")]
    public async Task Options_GivesAllow(string target)
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree());

        var answer = await site.SendRawAsync($"OPTIONS {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        StringAssert.StartsWith(answer, "HTTP/1.1 204 No Content\r\n");
        StringAssert.Contains(answer, "Allow: GET, HEAD, OPTIONS\r\n");
    }

    // "a request with redirN must be served from the local root only": otherwise two nodes could forward to each other in a circle.
    [TestMethod]
    [DataRow("/fs/x.txt", "of the cluster")]
    [DataRow("/fs/x.txt?format=txt", "of the cluster")]
    [DataRow("/fs/x.txt?redirN=1", "of this node")]
    [DataRow("/fs/x.txt?redirN=", "of this node")]
    [DataRow("/fs/x.txt?format=txt&redirN=2", "of this node")]
    [DataRow("/find/?redirN=1", "/own\n/x.txt\n")]
    public async Task RequestForwardedByAPeer_IsAnsweredFromTheLocalTree(string target, string expected)
    {
        await using var site = await HttpSite.StartAsync(
            new MemoryFileTree().File("/x.txt", "of the cluster"), new MemoryFileTree().File("/x.txt", "of this node").File("/own", ""));

        Assert.AreEqual(expected, await site.GetTextAsync(target));
    }

    [TestMethod]
    public async Task Greeting_ShowsNodesAndTotals()
    {
        await using var site = await HttpSite.StartAsync(new GreetedTree());

        using var response = await site.GetAsync("/");
        var page = await response.Content.ReadAsStringAsync();

        Assert.AreEqual("text/html; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        StringAssert.Contains(page, "node <b>server1</b> of cluster <b>lab &lt;1&gt;</b>, version 1.2.3");
        StringAssert.Contains(page, "1,234 files in 1 directory, 1.5 KiB in all.");
        StringAssert.Contains(
            page, "<tr><td>server1</td><td>this node</td><td></td><td class=\"n\">1,000</td><td class=\"n\">1.0 MiB</td></tr>");
        StringAssert.Contains(page, "<td>&lt;s2&gt;</td><td>does not answer</td><td>10.0.0.2:7040</td>");
        StringAssert.Contains(page, $"curl http://127.0.0.1:{site.Port}/find/\n");
        StringAssert.Contains(page, "curl ftp://127.0.0.1:2121/");
        StringAssert.Contains(page, "<a href=\"/fs/\">");
        StringAssert.Contains(page, "<a href=\"/find/\">");
    }

    [TestMethod]
    public async Task Greeting_DoesNotTrustTheHostHeader()
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree());

        var answer = await site.SendRawAsync("GET / HTTP/1.1\r\nHost: \"><script>\r\nConnection: close\r\n\r\n");

        Assert.IsFalse(answer.Contains("<script>", StringComparison.Ordinal), answer);
    }

    private sealed class GreetedTree : SynchronousSnapshot, ITestTree
    {
        public ITreeSnapshot Snapshot => this;

        public IReadOnlyList<NodeSummary> Nodes =>
        [
            new(HttpSite.Node, NodeState.Self, "", 1000, 1 << 20),
            new(NodeName.Parse("<s2>"), NodeState.Suspect, "10.0.0.2:7040", 1, 1),
        ];

        public override TreeTotals TotalsOf(VirtualPath path) => new(1234, 1, 1536, 0);

        public override bool TryFind(VirtualPath path, out Entry entry)
        {
            entry = default;
            return false;
        }

        public override IEnumerable<Entry> List(VirtualPath directory) => [];

        public override IEnumerable<WalkEntry> Walk(VirtualPath directory) => [];

        public ValueTask<OpenResult> OpenAsync(VirtualPath path, Entry file, RangeSpec part, CancellationToken cancellationToken) =>
            new(OpenResult.Failed(FileErrorKind.NotFound, "nothing is here"));
    }
}
