using System.Net;
using Dftp.FileSystem;
using Dftp.Http;
using Dftp.Tests.Support;

namespace Dftp.Tests.Http;

/// <summary>Requests on behalf of principals who may not read everything.</summary>
[TestClass]
public sealed class PrincipalTests
{
    private static readonly Principal Guest = new("guest", [
        new(VirtualPath.Root, Right.Read), new(VirtualPath.Parse("/secret"), Right.None), new(VirtualPath.Parse("/listed"), Right.List),
    ]);

    private readonly MemoryFileTree _tree = new MemoryFileTree()
        .File("/open.txt", "hello").File("/secret/hidden.txt", new byte[5000]).File("/listed/name.txt", "not to be read");

    [TestMethod]
    [DataRow("/fs/open.txt", 200)]
    [DataRow("/fs/secret/", 404)]
    [DataRow("/fs/secret", 404)]
    [DataRow("/fs/secret/hidden.txt", 404)]
    [DataRow("/holders/secret/hidden.txt", 404)]
    [DataRow("/find/secret", 404)]
    [DataRow("/fs/listed/", 200)]
    [DataRow("/fs/listed/name.txt", 403)]
    [DataRow("/holders/listed/name.txt", 200)]
    [DataRow("/status/", 403)]
    [DataRow("/metrics", 403)]
    [DataRow("/healthz", 200)]
    public async Task Answers_DependOnThePrincipal_ForGetAndHead(string target, int expected)
    {
        await using var site = await StartAsync(options => options with { PrincipalOf = _ => Guest });

        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Head })
        {
            using var response = await site.SendAsync(method, target);
            Assert.AreEqual(expected, (int)response.StatusCode, method.Method);
        }
    }

    [TestMethod]
    public async Task StatusAndMetrics_AreToldToWhoReadsEverything()
    {
        await using var site = await StartAsync(options => options with { PrincipalOf = _ => Principal.Anonymous });

        using var status = await site.GetAsync("/status/");
        using var metrics = await site.GetAsync("/metrics");

        Assert.AreEqual((HttpStatusCode.OK, HttpStatusCode.OK), (status.StatusCode, metrics.StatusCode));
    }

    [TestMethod]
    public async Task Sums_LeaveOutWhatIsHidden()
    {
        await using var site = await StartAsync(options => options with { PrincipalOf = _ => Guest });

        var greeting = await site.GetTextAsync("/");

        StringAssert.Contains(greeting, "2 files in 1 directory, 19 B in all.");
        Assert.AreEqual("/listed/name.txt\n/open.txt\n", string.Concat((await site.GetTextAsync("/find/")).Split('\n').Order()
            .Where(line => line.Length > 0).Select(line => line + "\n")));
    }

    [TestMethod]
    public async Task AnArchive_TellsBeforehandWhatMayOnlyBeListed()
    {
        await using var site = await StartAsync(options => options with { PrincipalOf = _ => Guest });

        using var whole = await site.GetAsync("/fs/?archive=tar");
        var rest = await site.GetTextAsync("/fs/?archive=tar&errors=list");

        Assert.AreEqual(HttpStatusCode.Forbidden, whole.StatusCode);
        StringAssert.Contains(rest, "files/open.txt");
        StringAssert.Contains(rest, "guest may list /listed/name.txt and not read it");
        Assert.IsFalse(rest.Contains("secret", StringComparison.Ordinal) || rest.Contains("not to be read", StringComparison.Ordinal));
    }

    [TestMethod]
    public async Task ListingsAboveAHiddenPlace_HaveNoTag()
    {
        await using var site = await StartAsync(options => options with { PrincipalOf = _ => Guest });

        using var above = await site.GetAsync("/fs/");
        using var beside = await site.GetAsync("/fs/listed/");

        Assert.IsNull(above.Headers.ETag);
        Assert.IsNotNull(beside.Headers.ETag);
    }

    [TestMethod]
    public async Task TheFastPath_AnswersForAnonymous_AndLeavesCookiesToTheServer()
    {
        await using var site = await StartAsync(options => options with
        {
            Anonymous = () => Guest,
            PrincipalOf = http => http.Request.Cookies.ContainsKey("session") ? Principal.Anonymous : Guest,
        });

        Assert.IsTrue(IsByFastPath(await AskAsync(site, "/fs/open.txt")));
        StringAssert.StartsWith(await AskAsync(site, "/fs/secret/hidden.txt"), "HTTP/1.1 404");
        StringAssert.StartsWith(await AskAsync(site, "/fs/listed/name.txt"), "HTTP/1.1 403");
        var withCookie = await AskAsync(site, "/fs/secret/hidden.txt", "Cookie: session=1\r\n");
        StringAssert.StartsWith(withCookie, "HTTP/1.1 200");
        Assert.IsFalse(IsByFastPath(withCookie));
    }

    // It could not know whose request it is.
    [TestMethod]
    public async Task TheFastPath_IsOff_IfAnonymousIsNotKnown()
    {
        await using var site = await StartAsync(options => options with { PrincipalOf = _ => Guest });

        Assert.IsFalse(IsByFastPath(await AskAsync(site, "/fs/open.txt")));
        StringAssert.StartsWith(await AskAsync(site, "/fs/secret/hidden.txt"), "HTTP/1.1 404");
    }

    private Task<HttpSite> StartAsync(Func<HttpOptions, HttpOptions> options) => HttpSite.StartAsync(
        _tree, options: given => options(given with { WriteStatus = json => { json.WriteStartObject(); json.WriteEndObject(); }, WriteMetrics = _ => { } }));

    private static bool IsByFastPath(string answer) => answer.StartsWith("HTTP/1.1 200 OK\r\nDate: ", StringComparison.Ordinal);

    /// <summary>The site closes after the second answer, which is none of the tests' business.</summary>
    private static Task<string> AskAsync(HttpSite site, string target, string fields = "") => site.SendRawAsync(
        $"GET {target} HTTP/1.1\r\nHost: x\r\n{fields}\r\nGET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
}
