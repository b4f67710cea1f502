using System.Globalization;
using System.Net;
using Dftp.Routes;
using Dftp.Tests.Support;

namespace Dftp.Tests.Node;

/// <summary>The route table of a node, and that every row of it is served as it says.</summary>
[TestClass]
public sealed class NodeRoutesTests
{
    // A change of this list is a change of what the node offers, and to whom.
    private const string Expected = """
        public GET / tree -
        public GET /fs tree -
        public GET /fs/* tree -
        public GET /find tree -
        public GET /find/* tree -
        public GET /holders tree -
        public GET /holders/* tree -
        public GET /duplicates tree -
        public GET /duplicates/* tree -
        public GET /unique tree -
        public GET /unique/* tree -
        public GET /events tree -
        public GET /events/* tree -
        public GET /.dftp/* open -
        public+management GET /healthz open -
        public+management GET /readyz open -
        public+management GET /status operator -
        public+management GET /status/ operator -
        public+management GET /metrics operator -
        management GET /fs/* peer -
        management GET /cluster[/] peer -
        management POST /cluster[/] peer 65536
        management POST /join[/] operator 65536
        management POST /update[/] peer 10737418240
        management POST /ranges[/] peer 131072
        management POST /forget[/] operator 65536
        """;

    [TestMethod]
    public async Task Table_HasTheseRows()
    {
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync("a", []);

        Assert.AreEqual(Expected, string.Join('\n', node.Host.Routes.Routes.Select(Line)));
    }

    // RFC 9110, 15.5.6: "The origin server MUST generate an Allow header field in a 405 response containing a list of the target resource's
    // currently supported methods."
    [TestMethod]
    public async Task MethodWithoutARow_Gives405WithTheMethodsOfThePath()
    {
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync("a", []);
        foreach (var (on, url, path) in PathsOf(node))
        {
            var expected = node.Host.Routes.Find(on, path)!.Allow;
            using var refused = await SendAsync("PROPFIND", url);
            using var options = await SendAsync("OPTIONS", url);

            var sentence = await refused.Content.ReadAsStringAsync();
            Assert.AreEqual(HttpStatusCode.MethodNotAllowed, refused.StatusCode, $"{url}: {sentence}");
            Assert.AreEqual(expected, string.Join(", ", refused.Content.Headers.Allow), url.ToString());
            Assert.AreEqual(1, sentence.Count(c => c == '\n'), sentence);
            Assert.AreEqual(HttpStatusCode.NoContent, options.StatusCode, url.ToString());
            Assert.AreEqual(expected, string.Join(", ", options.Content.Headers.Allow), url.ToString());
        }
    }

    // RFC 9110, 9.3.2: "The HEAD method is identical to GET except that the server MUST NOT send content in the response."
    [TestMethod]
    public async Task HeadOfEveryRowThatTakesGet_HasItsStatusAndNoContent()
    {
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync("a", []);
        foreach (var (on, url, path) in PathsOf(node))
        {
            if (node.Host.Routes.Find(on, path)!.Find("GET") is null || path == "/events/") continue;
            using var get = await SendAsync("GET", url);
            using var head = await SendAsync("HEAD", url);

            Assert.AreEqual(get.StatusCode, head.StatusCode, url.ToString());
            Assert.AreEqual("", await head.Content.ReadAsStringAsync(), url.ToString());
        }
    }

    // RFC 9110, 15.5.14: 413 where "the server is refusing to process a request because the request content is larger than the server is
    // willing or able to process".
    [TestMethod]
    public async Task BodyBeyondTheLimitOfItsRow_IsRefusedBeforeTheHandler()
    {
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync("a", []);
        foreach (var route in node.Host.Routes.Routes)
        {
            foreach (var (on, root) in new[] { (Interfaces.Public, node.Public), (Interfaces.Management, node.Management) })
            {
                if (!route.On.HasFlag(on) || route.Body.MaxBytes is not { } most) continue;
                var answer = await RawHttp.AskAsync(
                    root, string.Create(CultureInfo.InvariantCulture,
                        $"{route.Methods[0]} {route.Path} HTTP/1.1\r\nHost: a\r\nContent-Length: {most + 1}\r\n\r\n"));

                StringAssert.StartsWith(answer, "HTTP/1.1 413 ", $"{route.Methods[0]} {route.Path}");
                StringAssert.Contains(answer, "\r\nConnection: close\r\n");
                StringAssert.Matches(answer, new(@"\r\n\r\nThe request's body is too large: [^\n]+ here\.\n\z"));
            }
        }

        Assert.AreEqual(1, node.Tree.Nodes.Count);
    }

    // "/cluster" and "/cluster/" are the same to the original program.
    [TestMethod]
    [DataRow("/cluster")]
    [DataRow("/cluster/")]
    public async Task Cluster_IsAnsweredWithAndWithoutItsSlash(string target)
    {
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync("a", []);

        StringAssert.Contains(await TestCluster.Http.GetStringAsync(new Uri(node.Management, target)), "\"Peers\"");
    }

    private static IEnumerable<(Interfaces On, Uri Url, string Path)> PathsOf(TestNode node)
    {
        foreach (var path in node.Host.Routes.Routes.GroupBy(route => (route.On, route.Path)).Select(rows => rows.Key))
        {
            if (path.On.HasFlag(Interfaces.Public)) yield return (Interfaces.Public, new Uri(node.Public, path.Path), path.Path);
            if (path.On.HasFlag(Interfaces.Management))
                yield return (Interfaces.Management, new Uri(node.Management, path.Path), path.Path);
        }
    }

    private static async Task<HttpResponseMessage> SendAsync(string method, Uri url)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), url);
        return await TestCluster.Http.SendAsync(request);
    }

    private static string Line(Route route)
    {
        var on = route.On.ToString().Replace(", ", "+", StringComparison.Ordinal).ToLowerInvariant();
        var path = route.Match switch
        {
            PathMatch.Prefix => route.Path + "*",
            PathMatch.SlashOptional => route.Path[..^1] + "[/]",
            _ => route.Path,
        };
        var body = !route.Body.IsRead ? "-" : route.Body.MaxBytes?.ToString(CultureInfo.InvariantCulture) ?? "stream";
        return $"{on} {string.Join(',', route.Methods)} {path} {route.Access.ToString().ToLowerInvariant()} {body}";
    }
}
