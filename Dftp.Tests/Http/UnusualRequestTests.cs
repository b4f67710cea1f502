using System.Text;
using System.Threading.Channels;
using Dftp.Tests.Support;

namespace Dftp.Tests.Http;

/// <summary>Requests that violate the RFCs slightly, and that other servers answer.</summary>
[TestClass]
public sealed class UnusualRequestTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // RFC 9112, 3: "Recipients of an invalid request-line SHOULD respond with either a 400 (Bad Request) error or a 301 [...] with
    // the request-target properly encoded." nginx, Apache and others answer it as if it were encoded.
    [TestMethod]
    [DataRow("/fs/d/\u00DCbung.txt", "200 OK", "text")]
    [DataRow("/fs/d/U\u0308bung.txt", "404 Not Found", "Nothing is at /d/U\u0308bung.txt.")]
    [DataRow("/fs/d/%C3%9Cbung.txt?x=\u00DC", "200 OK", "text")]
    [DataRow("/find/?name=\u00DCbung*", "200 OK", "/d/\u00DCbung.txt")]
    [DataRow("http://a/fs/d/\u00DCbung.txt", "200 OK", "text")]
    [DataRow("HTTP://a/fs/d/%C3%9Cbung.txt", "200 OK", "text")]
    [DataRow("Http://A/fs/d/\u00DCbung.txt", "200 OK", "text")]
    public async Task TargetThatIsNotEncoded_IsAnsweredAsIfItWere(string target, string status, string body)
    {
        await using var site = await HttpSite.StartAsync(Tree());

        var answer = await site.SendRawAsync(Bytes($"GET {target} HTTP/1.0\r\nHost: a\r\nConnection: close\r\n\r\n"));

        StringAssert.StartsWith(answer, $"HTTP/1.1 {status}\r\n");
        Assert.AreEqual(body, answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..].TrimEnd('\n'));
    }

    [TestMethod]
    [DataRow("/fs/\u00DC")]
    [DataRow("/fs/\u00C3")]
    [DataRow("/fs/\u00FF\u00FE")]
    public async Task BytesThatAreNotUtf8_Give400AndASentence(string latin1Target)
    {
        await using var site = await HttpSite.StartAsync(Tree());

        var answer = await site.SendRawAsync($"GET {latin1Target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");

        StringAssert.StartsWith(answer, "HTTP/1.1 400 Bad Request\r\n");
        StringAssert.EndsWith(answer, "The path is not percent-encoded UTF-8.\n");
    }

    // RFC 9110, 5.5: "A recipient SHOULD treat other allowed octets in field content (i.e., obs-text) as opaque data."
    [TestMethod]
    [DataRow("Cookie", "n=\u00FCber")]
    [DataRow("Referer", "http://h/\u00E9")]
    [DataRow("User-Agent", "Caf\u00E9/1")]
    [DataRow("X-Forwarded-For-Name", "\u00E9\u00FF")]
    [DataRow("Accept", "\u00E9")]
    [DataRow("Range", "bytes=\u00E9")]
    [DataRow("If-None-Match", "\u00E9")]
    [DataRow("If-Range", "\u00E9")]
    [DataRow("Want-Repr-Digest", "\u00E9")]
    public async Task FieldWithAnyBytes_RefusesNothing(string name, string latin1Value)
    {
        await using var site = await HttpSite.StartAsync(Tree());

        foreach (var target in new[] { "/fs/a", "/fs/", "/find/" })
        {
            var answer = await site.SendRawAsync($"GET {target} HTTP/1.1\r\nHost: a\r\n{name}: {latin1Value}\r\nConnection: close\r\n\r\n");
            StringAssert.StartsWith(answer, "HTTP/1.1 200 OK\r\n");
        }
    }

    [TestMethod]
    public async Task RequestsOfBothKinds_FollowEachOtherOnAConnection()
    {
        await using var site = await HttpSite.StartAsync(Tree());
        const string Plain = "GET /fs/a HTTP/1.1\r\nHost: a\r\n\r\n";
        const string Raw = "GET /fs/d/\u00DCbung.txt HTTP/1.1\r\nHost: a\r\n\r\n";
        const string WithBody = "GET /fs/d/\u00DCbung.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12345";

        var answer = await site.SendRawAsync(
            Bytes(Plain + Raw + Plain + Raw + Raw + WithBody + Raw + Plain
                + Raw.Replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n", StringComparison.Ordinal)));

        Assert.AreEqual(9, answer.Split("HTTP/1.1 200 OK").Length - 1, answer);
        Assert.AreEqual(6, answer.Split("\r\n\r\ntext").Length - 1, answer);
    }

    [TestMethod]
    [DataRow("Caf\u00E9 \u65E5", "Caf\u00E9 \u65E5")]
    [DataRow("plain", "plain")]
    public async Task AccessLog_ShowsFieldsAsUtf8(string agent, string shown)
    {
        var line = await LineOfAsync(Bytes(agent));

        StringAssert.EndsWith(line, $"\"{shown}\"");
    }

    [TestMethod]
    public async Task AccessLog_ShowsOtherFieldsAsLatin1()
    {
        var line = await LineOfAsync("Caf\u00E9\u0085");

        StringAssert.EndsWith(line, "\"Caf\u00E9\\x85\"");
    }

    private static async Task<string> LineOfAsync(string latin1Agent)
    {
        var lines = Channel.CreateUnbounded<string>();
        await using var site = await HttpSite.StartAsync(
            Tree(), options: options => options with { AccessLog = line => Assert.IsTrue(lines.Writer.TryWrite(line)) });
        await site.SendRawAsync($"GET /fs/a HTTP/1.1\r\nHost: a\r\nUser-Agent: {latin1Agent}\r\nConnection: close\r\n\r\n");
        using var deadline = new CancellationTokenSource(Patience);
        return await lines.Reader.ReadAsync(deadline.Token);
    }

    private static MemoryFileTree Tree() => new MemoryFileTree().File("/a", "plain").File("/d/\u00DCbung.txt", "text");

    /// <summary>The UTF-8 bytes, each as one character.</summary>
    private static string Bytes(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));
}
