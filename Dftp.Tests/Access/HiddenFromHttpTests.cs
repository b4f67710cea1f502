using System.Buffers;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Dftp.FileSystem;
using Dftp.Http;
using Dftp.Routes;
using Dftp.Tests.Http;
using Dftp.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Dftp.Tests.Access;

/// <summary>
/// Whoever may not see a place gets, at every route and with every method, byte for byte the answers of a tree in which the place never
/// existed. Only what is random is not compared: the tags of directories and the boundaries of parts.
/// </summary>
[TestClass]
public sealed partial class HiddenFromHttpTests : IAsyncDisposable
{
    private readonly HiddenTree _with = new(hasSecrets: true), _without = new(hasSecrets: false);
    private readonly FakeTimeProvider _time = new(WholeRun.Time);
    private readonly List<HttpSite> _sites = [];

    [TestMethod]
    public async Task EveryRoute_HasProbes_OrIsForNodes()
    {
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync("a", []);

        foreach (var route in node.Host.Routes.Routes)
        {
            var isForNodes = route.On == Interfaces.Management && route.Access is RouteAccess.Peer or RouteAccess.Operator;
            Assert.IsTrue(isForNodes || RouteProbes.Of(route) is not null, $"add probes for {route.Path} to {nameof(RouteProbes)}");
        }
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task EveryRoute_AnswersAsIfTheHiddenPlacesHadNeverExisted(bool isFast)
    {
        _with.LoseHiddenPlace();
        var (with, without) = (await SiteAsync(_with, HiddenTree.User, isFast), await SiteAsync(_without, HiddenTree.User, isFast));

        var told = new List<string>();
        // The fast path has only files.
        foreach (var (request, _) in RequestsOf(with.Routes).Where(request => !isFast || request.Of.Path == TreeRoutes.FilesPath))
        {
            var (expected, actual) = (await AnswerAsync(without, request), await AnswerAsync(with, request));
            if (actual != expected) told.Add($"{request}\n{Difference(expected, actual)}");
        }

        Assert.AreEqual(0, told.Count, string.Join("\n\n", told.Take(20)));
    }

    // The probes find what is hidden: with them somebody who sees everything tells the two trees apart at each of these routes.
    [TestMethod]
    public async Task EveryRoute_ShowsToOthersWhatIsHidden()
    {
        var (with, without) = (await SiteAsync(_with, Principal.Anonymous), await SiteAsync(_without, Principal.Anonymous));
        var routes = RequestsOf(with.Routes).ToLookup(request => request.Of, request => request.Request);

        foreach (var route in routes.Where(route => RouteProbes.Of(route.Key)!.Value.IsTelling))
        {
            var differs = false;
            foreach (var request in route)
            {
                differs |= await AnswerAsync(without, request) != await AnswerAsync(with, request);
                if (differs) break;
            }

            Assert.IsTrue(differs, $"{route.Key.Path} tells nobody what is hidden: its probes prove nothing");
        }
    }

    // RFC 9110, section 8.8.3: a tag that changed would say that something had happened.
    [TestMethod]
    public async Task ChangeOfAHiddenFile_ChangesNoAnswer()
    {
        var site = await SiteAsync(_with, HiddenTree.User);
        var requests = RequestsOf(site.Routes).Select(request => request.Request)
            .Where(request => request is { Method: "GET", Headers.Length: 0 }).ToList();
        var before = new List<string>();
        // Comparing contents makes digests known, which answers about files have from then on.
        foreach (var request in requests.Where(request => request.Target is "/duplicates/" or "/unique/")) await AnswerAsync(site, request);
        foreach (var request in requests) before.Add(await AnswerAsync(site, request, isSameSite: true));

        _with.HidePlan();
        _with.HideFile(HiddenTree.B, "/music/private/new.mp3", "new");
        _with.HideFile(HiddenTree.A, "/pub/hidden.txt", "another");
        _with.RemoveHidden(HiddenTree.C, "/secret/node-c.txt");

        foreach (var (request, answer) in requests.Zip(before))
            Assert.AreEqual(answer, await AnswerAsync(site, request, isSameSite: true), request.ToString());
    }

    // With all its tags: a client that knows a listing is told that nothing has changed, also where something hidden has.
    [TestMethod]
    [DataRow("/fs/pub/sub/")]
    [DataRow("/fs/music/albums/")]
    [DataRow("/fs/top.txt")]
    public async Task TagsOfVisibleThings_StayValid(string target)
    {
        var site = await SiteAsync(_with, HiddenTree.User);
        using var first = await site.GetAsync(target);
        _with.HidePlan();

        using var second = await site.GetAsync(target, ("If-None-Match", first.Headers.ETag!.ToString()));

        Assert.AreEqual(HttpStatusCode.NotModified, second.StatusCode);
    }

    [TestMethod]
    [DataRow("/events/")]
    [DataRow("/events/?under=music")]
    [DataRow("/events/music/private/")]
    [DataRow("/events/secret/")]
    [DataRow("/events/?under=pub/hidden.txt")]
    public async Task Events_AreThoseOfATreeWithoutTheHiddenPlaces(string target)
    {
        var told = await Task.WhenAll(FollowAsync(_with, target), FollowAsync(_without, target));

        Assert.AreEqual(told[1], told[0]);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var site in _sites) await site.DisposeAsync();
        await _with.DisposeAsync();
        await _without.DisposeAsync();
    }

    private static IEnumerable<(Request Request, Route Of)> RequestsOf(RouteTable routes)
    {
        foreach (var route in routes.Routes.Where(route => route.On.HasFlag(Interfaces.Public)))
        {
            foreach (var target in RouteProbes.Of(route)?.Targets ?? [])
            {
                foreach (var method in route.Methods) yield return (new Request(method, target, []), route);
                // Their combinations with queries tell nothing new.
                if (target.Contains('?', StringComparison.Ordinal)) continue;
                // OPTIONS and a method that no row has are answered by the table.
                foreach (var method in new[] { "HEAD", "OPTIONS", "PROPFIND" }) yield return (new Request(method, target, []), route);
                foreach (var headers in RouteProbes.Headers) yield return (new Request("GET", target, headers), route);
                // A HEAD has decisions of its own where there are validators.
                if (route.Path != TreeRoutes.FilesPath) continue;
                foreach (var headers in RouteProbes.Headers) yield return (new Request("HEAD", target, headers), route);
            }
        }
    }

    private static string Difference(string expected, string actual)
    {
        var (line, other) = expected.Split('\n').Zip(actual.Split('\n')).FirstOrDefault(lines => lines.First != lines.Second);
        return line is null ? $"{expected.Length} characters, and here {actual.Length}" : $"{line}\nand here {other}";
    }

    private static async Task<string> AnswerAsync(HttpSite site, Request request, bool isSameSite = false)
    {
        using var answer = await site.SendAsync(new HttpMethod(request.Method), request.Target, request.Headers);
        var text = new StringBuilder($"{(int)answer.StatusCode}\n");
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers).OrderBy(header => header.Key, StringComparer.Ordinal))
        {
            if (name is not "Date") text.Append(name).Append(": ").AppendJoin(", ", values).Append('\n');
        }

        var body = Encoding.Latin1.GetString(await answer.Content.ReadAsByteArrayAsync());
        // Contents are compared concurrently.
        if (new[] { "/duplicates/", "/unique/" }.Any(path => request.Target.StartsWith(path, StringComparison.Ordinal)))
            body = string.Join('\n', body.Split('\n').Order(StringComparer.Ordinal));
        text.Append('\n').Append(body).Replace($":{site.Port}", ":PORT");
        return isSameSite ? text.ToString() : OfSite().Replace(text.ToString(), "RANDOM");
    }

    /// <summary>What is random: the tags of directories and the boundaries of parts.</summary>
    [GeneratedRegex("(?<=W/\")[0-9a-f]{16}(?=-)|dftp-[0-9a-f]{32}")]
    private static partial Regex OfSite();

    /// <summary>Follows the events while hidden and visible things happen, up to one that ends it.</summary>
    private async Task<string> FollowAsync(HiddenTree tree, string target)
    {
        var site = await SiteAsync(tree, HiddenTree.User);
        using var events = await EventStream.OpenAsync(site, target);
        using var all = await EventStream.OpenAsync(site, "/events/");
        var told = new StringBuilder(await events.BlockAsync()).Append('\n');
        tree.HidePlan();
        tree.HideFile(HiddenTree.B, "/music/private/new.mp3", "new");
        tree.Put(HiddenTree.A, "/pub/new.txt", "new");
        tree.RemoveHidden(HiddenTree.B, "/music/private");
        tree.Put(HiddenTree.B, "/music/new.mp3", "new");
        tree.RemoveHidden(HiddenTree.A, "/secret");
        tree.HideFile(HiddenTree.A, "/pub/hidden.txt", "changed");
        tree.Remove(HiddenTree.A, "/top.txt");

        await ReadToAsync(all, "/top.txt", new StringBuilder());
        switch (target)
        {
            case "/events/":
                await ReadToAsync(events, "/top.txt", told);
                break;
            case "/events/?under=music":
                await ReadToAsync(events, "/music/new.mp3", told);
                break;
            default:
                // There is nothing to wait for: whatever came before the end counts.
                await site.StopNowAsync();
                while (await events.BlockAsync() is { Length: > 0 } block) told.Append(block).Append('\n');
                break;
        }

        return told.ToString();

        static async Task ReadToAsync(EventStream events, string path, StringBuilder told)
        {
            for (var block = ""; !block.Contains($"\"{path}\"", StringComparison.Ordinal);)
            {
                block = await events.BlockAsync();
                Assert.AreNotEqual("", block, $"the stream has ended after {told}");
                told.Append(block).Append('\n');
            }
        }
    }

    private async Task<HttpSite> SiteAsync(HiddenTree tree, Principal principal, bool isFast = false)
    {
        var site = await HttpSite.StartAsync(tree, tree.Local, _time, options => options with
        {
            PrincipalOf = _ => principal,
            Anonymous = isFast ? () => principal : null,
            WriteStatus = json =>
            {
                json.WriteStartObject();
                json.WriteNumber("files", tree.Snapshot.TotalsOf(VirtualPath.Root).Files);
                json.WriteEndObject();
            },
            WriteMetrics = text => text.Write(Encoding.UTF8.GetBytes($"dftp_files {tree.Snapshot.TotalsOf(VirtualPath.Root).Files}\n")),
        });
        _sites.Add(site);
        return site;
    }

    private sealed record Request(string Method, string Target, (string Name, string Value)[] Headers)
    {
        public override string ToString() =>
            $"{Method} {Target} {string.Join("; ", Headers.Select(header => $"{header.Name}: {header.Value}"))}";
    }
}
