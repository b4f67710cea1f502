using System.Net;
using Dftp.Cluster.Events;
using Dftp.FileSystem;
using Dftp.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Dftp.Tests.Http;

[TestClass]
public sealed class EventStreamTests
{
    private const long Incarnation = 1795208830059;

    private readonly TreeEventLog _log = new(Incarnation, 64, TimeProvider.System);

    // HTML, section 9.2.6: "id", "event", "data" and "retry" fields, an empty line after each event; served as text/event-stream.
    [TestMethod]
    public async Task Events_HaveIdNameAndOneLineOfJson()
    {
        await using var site = await StartAsync();
        using var stream = await EventStream.OpenAsync(site, "/events/");
        Assert.AreEqual("text/event-stream", stream.ContentType);
        Assert.AreEqual("retry: 2000", await stream.BlockAsync());
        Assert.AreEqual($"id: {Incarnation}-0", await stream.BlockAsync());

        Tell(TreeEventKind.Created, "/a \"b\" ü.txt", size: 5);
        Tell(TreeEventKind.Changed, "/d", isDirectory: true);
        Tell(TreeEventKind.Deleted, "/x");
        _log.Append([new TreeEvent(0, TreeEventKind.NodeJoined, VirtualPath.Root, Node: NodeName.Parse("n2"))]);
        _log.Append([new TreeEvent(0, TreeEventKind.NodeLeft, VirtualPath.Root, Node: NodeName.Parse("n2"))]);
        Tell(TreeEventKind.Reset, "/d");

        const string facts = "\"mtime\":\"Thu, 01 Jan 1970 00:00:07 GMT\",\"owner\":\"n1\"";
        foreach (var expected in new[]
        {
            $$"""created|{"path":"/a \"b\" ü.txt","type":"file","size":5,{{facts}}}""",
            $$"""changed|{"path":"/d","type":"directory","size":0,{{facts}}}""",
            $$"""deleted|{"path":"/x","type":"file","size":0,{{facts}}}""",
            """node-joined|{"node":"n2"}""",
            """node-left|{"node":"n2"}""",
            """reset|{"path":"/d"}""",
        }.Select((text, index) => (text.Split('|'), index + 1)))
        {
            Assert.AreEqual($"id: {Incarnation}-{expected.Item2}\nevent: {expected.Item1[0]}\ndata: {expected.Item1[1]}",
                await stream.BlockAsync());
        }
    }

    // "Last-Event-ID": the header of a reconnecting client, or the query of one that cannot set it. The header is newer.
    [TestMethod]
    [DataRow("", "-2")]
    [DataRow("?last-event-id=1795208830059-2", null)]
    [DataRow("?last-event-id=1795208830059-0", "-2")]
    public async Task ClientThatReconnects_ContinuesAfterTheLastEvent(string query, string? header)
    {
        for (var number = 1; number <= 3; number++) Tell(TreeEventKind.Created, $"/{number}");
        await using var site = await StartAsync();

        using var stream = await EventStream.OpenAsync(site, "/events/" + query, header is null ? []
            : [("Last-Event-ID", $"{Incarnation}{header}")]);

        Assert.AreEqual("retry: 2000", await stream.BlockAsync());
        StringAssert.StartsWith(await stream.BlockAsync(), $"id: {Incarnation}-3\nevent: created\ndata: {{\"path\":\"/3\"",
            StringComparison.Ordinal);
    }

    [TestMethod]
    [DataRow("123-1")]
    [DataRow("nonsense")]
    [DataRow("1795208830059-77")]
    public async Task ClientWhosePositionIsLost_GetsAReset_AndContinues(string place)
    {
        Tell(TreeEventKind.Created, "/1");
        await using var site = await StartAsync();

        using var stream = await EventStream.OpenAsync(site, "/events/?under=/somewhere", [("Last-Event-ID", place)]);

        await stream.BlockAsync();
        Assert.AreEqual($"id: {Incarnation}-1\nevent: reset\ndata: {{\"path\":\"/\"}}", await stream.BlockAsync());
        Tell(TreeEventKind.Created, "/somewhere/2");
        StringAssert.Contains(await stream.BlockAsync(), "/somewhere/2", StringComparison.Ordinal);
    }

    [TestMethod]
    [DataRow("/events/?under=/a")]
    [DataRow("/events/?under=a/")]
    [DataRow("/events/a")]
    [DataRow("/events/a/?under=")]
    public async Task Under_LeavesOutEventsElsewhere(string target)
    {
        await using var site = await StartAsync();
        using var stream = await EventStream.OpenAsync(site, target);
        await stream.BlockAsync();
        await stream.BlockAsync();

        Tell(TreeEventKind.Created, "/b/1");
        Tell(TreeEventKind.Created, "/ab");
        Tell(TreeEventKind.Created, "/a/2");

        StringAssert.Contains(await stream.BlockAsync(), "\"/a/2\"", StringComparison.Ordinal);
    }

    // "Authors are advised to include a comment line (one starting with a ':' character) every 15 seconds or so."
    [TestMethod]
    public async Task Silence_IsBrokenByACommentEvery15Seconds_WhichRemembersThePlace()
    {
        var time = new FakeTimeProvider(WholeRun.Time);
        await using var site = await StartAsync(time);
        using var stream = await EventStream.OpenAsync(site, "/events/?under=/a");
        await stream.BlockAsync();
        await stream.BlockAsync();
        Tell(TreeEventKind.Created, "/elsewhere");

        var next = stream.BlockAsync();
        await Eventually.TrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(5));
                return next.IsCompleted;
            },
            "a comment comes");
        Assert.AreEqual(": ", await next);
        var blocks = new List<string>();
        while (blocks.Count == 0 || blocks[^1].StartsWith(": ", StringComparison.Ordinal))
        {
            var block = stream.BlockAsync();
            await Eventually.TrueAsync(
                () =>
                {
                    time.Advance(TimeSpan.FromSeconds(5));
                    return block.IsCompleted;
                },
                "more comes");
            blocks.Add(await block);
        }

        Assert.AreEqual($"id: {Incarnation}-1", blocks[^1]);
    }

    [TestMethod]
    public async Task ManyClients_AllGetTheEvents_AndLeaveNothingBehind()
    {
        await using var site = await StartAsync();
        var streams = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => EventStream.OpenAsync(site, "/events/")));
        foreach (var stream in streams)
        {
            await stream.BlockAsync();
            await stream.BlockAsync();
        }

        Tell(TreeEventKind.Created, "/x");

        foreach (var stream in streams) StringAssert.Contains(await stream.BlockAsync(), "\"/x\"", StringComparison.Ordinal);
        Assert.IsNull(_log.UnfollowedFor);
        foreach (var stream in streams) stream.Dispose();
        await Eventually.TrueAsync(() => _log.UnfollowedFor is not null, "nobody follows any more");
    }

    [TestMethod]
    public async Task NodeThatStops_EndsTheStream()
    {
        var site = await StartAsync();
        using var stream = await EventStream.OpenAsync(site, "/events/");
        await stream.BlockAsync();
        await stream.BlockAsync();

        await site.DisposeAsync();

        Assert.AreEqual("", await stream.BlockAsync());
    }

    [TestMethod]
    public async Task InvalidRequest_Gives400AndASentence()
    {
        await using var site = await StartAsync();
        using var wrong = await site.GetAsync("/events/?under=/a&under=/b");
        Assert.AreEqual(HttpStatusCode.BadRequest, wrong.StatusCode);
        using var own = await site.GetAsync("/events/?redirN=1");
        Assert.AreEqual(HttpStatusCode.NotFound, own.StatusCode);
        using var head = await site.SendAsync(HttpMethod.Head, "/events/");
        Assert.AreEqual((HttpStatusCode.OK, "text/event-stream"), (head.StatusCode, head.Content.Headers.ContentType!.MediaType));
        using var moved = await site.GetAsync("/events?under=/a");
        Assert.AreEqual("/events/?under=/a", moved.Headers.Location!.OriginalString);
    }

    private Task<HttpSite> StartAsync(TimeProvider? time = null) =>
        HttpSite.StartAsync(new MemoryFileTree { Events = _log.Follow }, time: time);

    private void Tell(TreeEventKind kind, string path, bool isDirectory = false, long size = 0) => _log.Append(
        [new TreeEvent(0, kind, VirtualPath.Parse(path), isDirectory, size, UnixTime.FromSeconds(7), NodeName.Parse("n1"))]);
}
