using System.Net;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Dftp.FileSystem;
using Dftp.Tests.Ftp;
using Dftp.Tests.Support;

namespace Dftp.Tests.Cluster;

/// <summary>Whatever is said of a file is true of the bytes that are sent: at its holder, and through a node that holds nothing.</summary>
[TestClass]
public sealed partial class ContentTruthTests : IDisposable
{
    private const string Old = "the old content", New = "the new content";

    private static readonly DateTime WholeSecond = new(2024, 5, 6, 7, 8, 9, DateTimeKind.Utc);
    private static readonly DateTime BelowTheSecond = WholeSecond.AddTicks(1_234_567);

    private readonly string _outside = Directory.CreateTempSubdirectory("dftp-outside-").FullName;

    public TestContext TestContext { get; set; } = null!;

    public void Dispose() => Directory.Delete(_outside, recursive: true);

    // RFC 9530, section 3: the field is of the representation that is sent. RFC 9110, section 8.8.1: a strong validator "changes value
    // whenever a change occurs to the representation data".
    [TestMethod]
    [DataRow(false, true)]
    [DataRow(true, true)]
    [DataRow(false, false)]
    [DataRow(true, false)]
    public async Task ContentReplacedUnderTheSameSizeAndTime_IsAnotherVersionEverywhere(bool isWholeSecond, bool isByRename)
    {
        var time = isWholeSecond ? WholeSecond : BelowTheSecond;
        await using var cluster = new TestCluster();
        var (a, b) = await TwoNodesAsync(cluster, time);
        var before = await AskAsync(b, HttpMethod.Get, ("Want-Repr-Digest", "sha-256=10"));
        Assert.AreEqual(Sha(Old), before.Digest);
        var stamp = Stamp(b);
        await CoarseClockMovesOnAsync();

        if (isByRename) ReplaceByRename(a, New, time);
        else Rewrite(a, New, time);

        // Nobody has asked the holder, and no update has to have come.
        foreach (var node in new[] { b, a, b })
        {
            var now = await AskAsync(node, HttpMethod.Get);
            Assert.AreEqual(New, now.Text);
            Assert.AreNotEqual(before.Tag, now.Tag, node.Name);
            Assert.IsTrue(now.Digest is null || now.Digest == Sha(New), node.Name);
            var head = await AskAsync(node, HttpMethod.Head);
            // The scan that came between the two moved the tag, which it does once.
            if (now.Tag != head.Tag) now = await AskAsync(node, HttpMethod.Get);
            Assert.AreEqual(now.Tag, head.Tag, node.Name);
            Assert.AreNotEqual(before.Tag, head.Tag, node.Name);
            Assert.IsTrue(head.Digest is null || head.Digest == Sha(New), node.Name);

            var cached = await AskAsync(node, HttpMethod.Get, ("If-None-Match", before.Tag));
            Assert.AreEqual((HttpStatusCode.OK, New), (cached.Status, cached.Text), node.Name);
            var resumed = await AskAsync(node, HttpMethod.Get, ("Range", "bytes=4-"), ("If-Range", before.Tag));
            Assert.AreEqual((HttpStatusCode.OK, New), (resumed.Status, resumed.Text), node.Name);
            var part = await AskAsync(node, HttpMethod.Get, ("Range", "bytes=4-6"));
            Assert.AreEqual("new", part.Text);
            Assert.IsTrue(part.Digest is null || part.Digest == Sha(New), node.Name);
        }

        // The scan takes it for a change, and both nodes agree on the tag that it has from then on.
        await Eventually.TrueAsync(
            async () => Stamp(a) > stamp && Stamp(b) == Stamp(a) && (await AskAsync(a, HttpMethod.Head)).Tag is var tag && tag == (await AskAsync(b, HttpMethod.Head)).Tag && tag != before.Tag,
            "both say the same of the new version");
        var settled = await AskAsync(b, HttpMethod.Get, ("Want-Repr-Digest", "sha-256=10"));
        Assert.AreEqual(Sha(New), settled.Digest);
    }

    // A copy of the same size and time that another node holds is another version or the same: whoever is asked, one tag stands for one content, a
    // digest is of what is sent, and what is answered without content agrees with that.
    [TestMethod]
    [DataRow(true, false)]
    [DataRow(true, true)]
    [DataRow(false, true)]
    public async Task CopyOnAnotherNode_IsNeverTakenForTheOneThatIsSent(bool isWholeSecond, bool areCopiesEqual)
    {
        var time = isWholeSecond ? WholeSecond : BelowTheSecond;
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", []);
        var b = await cluster.StartAsync("b", []);
        // Who has a copy serves that.
        var own = new Dictionary<TestNode, string> { [a] = Old, [b] = areCopiesEqual ? Old : "a third content" };
        foreach (var (node, text) in own) ReplaceByRename(node, text, time);
        var c = await cluster.StartAsync("c", []);
        await cluster.UniteAsync();
        await Eventually.TrueAsync(() => c.Tree.Snapshot.HoldersOf(VirtualPath.Parse("/f")).Count == 2, "both copies are known");
        var contents = new Dictionary<string, string>();
        foreach (var node in new[] { a, b, c }) await AskInEveryWayAsync(node);
        await CoarseClockMovesOnAsync();

        ReplaceByRename(a, own[a] = New, time);

        foreach (var node in new[] { c, b, a, c, b }) await AskInEveryWayAsync(node);
        var settled = await AskAsync(a, HttpMethod.Get, ("Range", "bytes=0-"));
        Assert.AreEqual((HttpStatusCode.PartialContent, New), (settled.Status, settled.Text));

        // The scan that finds the replacement can come between two answers: it moves the tag once more, and the owner with it. So each answer
        // is judged by the tag that it has itself.
        async Task AskInEveryWayAsync(TestNode node)
        {
            AssertTrue(await AskAsync(node, HttpMethod.Get, ("Want-Repr-Digest", "sha-256=10")), node);
            AssertTrue(await AskAsync(node, HttpMethod.Get), node);
            var head = await AskAsync(node, HttpMethod.Head, ("Want-Repr-Digest", "sha-256=10"));
            Assert.AreEqual((HttpStatusCode.OK, (long?)Old.Length), (head.Status, head.Length), node.Name);
            if (contents.TryGetValue(head.Tag, out var told)) Assert.IsTrue(head.Digest is null || head.Digest == Sha(told), node.Name);
            foreach (var (tag, text) in contents.ToList())
            {
                var cached = await AskAsync(node, HttpMethod.Get, ("If-None-Match", tag));
                if (cached.Status == HttpStatusCode.NotModified) Assert.AreEqual((tag, text), (cached.Tag, own.GetValueOrDefault(node, text)), node.Name);
                else AssertTrue(cached, node);
                var resumed = await AskAsync(node, HttpMethod.Get, ("Range", "bytes=4-"), ("If-Range", tag));
                if (resumed.Status == HttpStatusCode.PartialContent) Assert.AreEqual((tag, text[4..]), (resumed.Tag, resumed.Text), node.Name);
                else AssertTrue(resumed, node);
            }
        }

        void AssertTrue(Answer whole, TestNode node)
        {
            Assert.AreEqual((HttpStatusCode.OK, own.GetValueOrDefault(node, whole.Text)), (whole.Status, whole.Text), node.Name);
            if (!contents.TryAdd(whole.Tag, whole.Text)) Assert.AreEqual(contents[whole.Tag], whole.Text, $"{node.Name}: one tag, one content");
            Assert.IsTrue(whole.Digest is null || whole.Digest == Sha(whole.Text), node.Name);
        }
    }

    // RFC 3659, section 4: SIZE is what RETR would send; draft-bryan-ftpext-hash: HASH is of what RETR would send.
    [TestMethod]
    [DataRow(false, true)]
    [DataRow(true, true)]
    [DataRow(false, false)]
    [DataRow(true, false)]
    public async Task ContentReplacedUnderTheSameSizeAndTime_IsToldByFtpAsItIsSent(bool isWholeSecond, bool isByRename)
    {
        var time = isWholeSecond ? WholeSecond : BelowTheSecond;
        await using var cluster = new TestCluster();
        var (a, b) = await TwoNodesAsync(cluster, time);
        using var atHolder = await LogInAsync(a);
        using var through = await LogInAsync(b);
        foreach (var client in new[] { through, atHolder }) await AssertToldAsync(client, Old);
        await CoarseClockMovesOnAsync();

        if (isByRename) ReplaceByRename(a, New, time);
        else Rewrite(a, New, time);

        foreach (var client in new[] { through, atHolder, through }) await AssertToldAsync(client, New);

        static async Task AssertToldAsync(RawFtpClient client, string text)
        {
            var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(text)));
            Assert.AreEqual($"213 {text.Length}", await client.SendAsync("SIZE f"));
            Assert.AreEqual($"213 SHA-256 0-{text.Length} {hash} f", await client.SendAsync("HASH f"));
            Assert.AreEqual($"250 {hash}", await client.SendAsync("XSHA256 f"));
            Assert.AreEqual("213 20240506070809", await client.SendAsync("MDTM f"));
            Assert.AreEqual(text, await client.FetchTextAsync("RETR f"));
        }
    }

    // Of a file that grows where nothing hears of it, the next command tells the new size, at either node.
    [TestMethod]
    public async Task FileThatGrowsUnheard_IsToldByFtpAsItIs()
    {
        await using var cluster = new TestCluster();
        File.WriteAllText(Path.Combine(_outside, "log"), "0123456789");
        var a = await cluster.StartAsync("a", []);
        Assert.AreEqual(0, Link(Path.Combine(_outside, "log"), At(a, "f")));
        var b = await cluster.StartAsync("b", []);
        await cluster.UniteAsync();
        await Eventually.TrueAsync(() => b.Tree.Snapshot.TryFind(VirtualPath.Parse("/f"), out _), "the link is known");
        using var atHolder = await LogInAsync(a);
        using var through = await LogInAsync(b);
        Assert.AreEqual("213 10", await through.SendAsync("SIZE f"));

        var text = "0123456789";
        foreach (var client in new[] { through, atHolder, through })
        {
            text += "abcde";
            File.AppendAllText(Path.Combine(_outside, "log"), "abcde");
            Assert.AreEqual($"213 {text.Length}", await client.SendAsync("SIZE f"));
            await client.ExpectAsync(350, "REST 10");
            Assert.AreEqual(text[10..], await client.FetchTextAsync("RETR f"));
            StringAssert.Contains(await client.SendAsync("HASH f"), Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(text))));
        }
    }

    // A write by one name raises no event for another one: a read of any of them corrects all.
    [TestMethod]
    public async Task FileWithSeveralNames_WrittenUnheard_IsCorrectedUnderAllOfThemByOneRead()
    {
        await using var cluster = new TestCluster();
        File.WriteAllText(Path.Combine(_outside, "log"), "0123456789");
        var a = await cluster.StartAsync("a", [("one/x", "1"), ("two/y", "2")]);
        Assert.AreEqual(0, Link(Path.Combine(_outside, "log"), At(a, "one/f")));
        Assert.AreEqual(0, Link(Path.Combine(_outside, "log"), At(a, "two/g")));
        var b = await cluster.StartAsync("b", []);
        await cluster.UniteAsync();
        await Eventually.TrueAsync(() => SizeAt(b, "/one/f") == 10 && SizeAt(b, "/two/g") == 10, "the links are known");

        File.AppendAllText(Path.Combine(_outside, "log"), "abcde");
        Assert.AreEqual("0123456789abcde", await TestCluster.Http.GetStringAsync(new Uri(b.Public, "/fs/one/f"), TestContext.CancellationToken));

        await Eventually.TrueAsync(() => SizeAt(b, "/one/f") == 15 && SizeAt(b, "/two/g") == 15, "both names have the new size");
    }

    /// <summary>Status times of two changes differ only if the file system's coarse clock has moved on between them.</summary>
    private async Task CoarseClockMovesOnAsync()
    {
        var probe = Path.Combine(_outside, "probe");
        File.WriteAllText(probe, "");
        var before = File.GetLastWriteTimeUtc(probe);
        await Eventually.TrueAsync(
            () =>
            {
                File.WriteAllText(probe, "");
                return File.GetLastWriteTimeUtc(probe) > before;
            },
            "the clock of the file system has moved on");
    }

    private static long SizeAt(TestNode node, string path) => node.Tree.Snapshot.TryFind(VirtualPath.Parse(path), out var entry) ? entry.Size : -1;

    // A backup that links a million files moves no tag; neither does a change of the mode.
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task LinksAndModes_MoveNoTag(bool isWholeSecond)
    {
        await using var cluster = new TestCluster();
        var (a, b) = await TwoNodesAsync(cluster, isWholeSecond ? WholeSecond : BelowTheSecond);
        var before = await AskAsync(b, HttpMethod.Get, ("Want-Repr-Digest", "sha-256=10"));

        Assert.AreEqual(0, Link(At(a, "f"), At(a, "backup")));
        foreach (var node in new[] { b, a }) Assert.AreEqual(HttpStatusCode.NotModified, (await AskAsync(node, HttpMethod.Get, ("If-None-Match", before.Tag))).Status);
        Assert.AreEqual(0, ChangeMode(At(a, "f"), 0b110_000_000));
        foreach (var node in new[] { b, a }) Assert.AreEqual(HttpStatusCode.NotModified, (await AskAsync(node, HttpMethod.Get, ("If-None-Match", before.Tag))).Status);
        await Eventually.TrueAsync(() => b.Tree.Snapshot.TryFind(VirtualPath.Parse("/f"), out var entry) && entry.Permissions == 0b110_000_000, "the mode is known");
        foreach (var node in new[] { b, a }) Assert.AreEqual(before.Tag, (await AskAsync(node, HttpMethod.Head)).Tag);
    }

    // Everything in a Nix store has the first second but one of 1970. A date tells nothing there: RFC 9110, section 8.8.2.
    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    public async Task PlaceholderTime_IsNoValidator(int seconds)
    {
        var time = DateTime.UnixEpoch.AddSeconds(seconds);
        await using var cluster = new TestCluster();
        var (a, b) = await TwoNodesAsync(cluster, time);
        foreach (var node in new[] { a, b })
        {
            var answer = await AskAsync(node, HttpMethod.Get, ("If-Modified-Since", "Thu, 01 Jan 2026 00:00:00 GMT"));
            Assert.AreEqual((HttpStatusCode.OK, (DateTimeOffset?)null), (answer.Status, answer.LastModified));
            Assert.AreEqual(HttpStatusCode.NotModified, (await AskAsync(node, HttpMethod.Get, ("If-None-Match", answer.Tag))).Status);
        }
    }

    // RFC 9110, sections 9.3.2 and 13.1.2: HEAD and conditions are answered as GET would be. The link lies outside of the root, so no watch hears
    // of the write.
    [TestMethod]
    public async Task FileThatGrowsUnheard_IsToldAsItIs_AndTheListingsFollow()
    {
        await using var cluster = new TestCluster();
        File.WriteAllText(Path.Combine(_outside, "log"), "0123456789");
        var a = await cluster.StartAsync("a", []);
        Assert.AreEqual(0, Link(Path.Combine(_outside, "log"), At(a, "f")));
        var b = await cluster.StartAsync("b", []);
        await cluster.UniteAsync();
        await Eventually.TrueAsync(() => b.Tree.Snapshot.TryFind(VirtualPath.Parse("/f"), out _), "the link is known");
        var before = await AskAsync(b, HttpMethod.Head);
        Assert.AreEqual(10, before.Length);
        File.AppendAllText(Path.Combine(_outside, "log"), "abcde");

        Assert.AreEqual(15, (await AskAsync(b, HttpMethod.Head)).Length);
        foreach (var node in new[] { b, a })
        {
            Assert.AreEqual(15, (await AskAsync(node, HttpMethod.Head)).Length);
            Assert.AreEqual(HttpStatusCode.OK, (await AskAsync(node, HttpMethod.Get, ("If-None-Match", before.Tag))).Status);
            var rest = await AskAsync(node, HttpMethod.Get, ("Range", "bytes=10-"));
            Assert.AreEqual((HttpStatusCode.PartialContent, "abcde"), (rest.Status, rest.Text));
            Assert.AreEqual("abcde", (await AskAsync(node, HttpMethod.Get, ("Range", "bytes=-5"))).Text);
            Assert.AreEqual(HttpStatusCode.RequestedRangeNotSatisfiable, (await AskAsync(node, HttpMethod.Get, ("Range", "bytes=15-"))).Status);
        }

        foreach (var node in new[] { b, a })
            await Eventually.TrueAsync(() => node.Tree.Snapshot.TryFind(VirtualPath.Parse("/f"), out var entry) && entry.Size == 15, $"{node.Name} lists it as it is");
    }

    // The holder's open file is a consistent answer, however fast the file grows.
    [TestMethod]
    public async Task FileThatIsAppendedToWithoutPause_IsReadThroughAnotherNode()
    {
        await using var cluster = new TestCluster();
        var (a, b) = await TwoNodesAsync(cluster, BelowTheSecond);
        using var stop = new CancellationTokenSource();
        var writer = new Thread(() =>
        {
            using var file = new FileStream(At(a, "f"), FileMode.Append, FileAccess.Write, FileShare.ReadWrite, 0);
            while (!stop.IsCancellationRequested) file.WriteByte((byte)'x');
        });
        writer.Start();
        try
        {
            for (var turn = 0; turn < 40; turn++)
            {
                var whole = await AskAsync(b, HttpMethod.Get);
                Assert.AreEqual(HttpStatusCode.OK, whole.Status, whole.Text);
                Assert.IsTrue(whole.Text.StartsWith(Old, StringComparison.Ordinal) && whole.Text[Old.Length..].All(c => c == 'x'));
                Assert.AreEqual((HttpStatusCode.PartialContent, "old"), await PartAsync("bytes=4-6"));
                Assert.AreEqual((HttpStatusCode.PartialContent, "xx"), await PartAsync("bytes=-2"));
                Assert.AreEqual(HttpStatusCode.PartialContent, (await PartAsync("bytes=4-")).Status);
                Assert.AreEqual(HttpStatusCode.OK, (await AskAsync(b, HttpMethod.Head)).Status);
                // All parts of an answer are of the file as its holder has opened it.
                var parts = await AskAsync(a, HttpMethod.Get, ("Range", "bytes=0-2,4-6,-1"));
                Assert.AreEqual(HttpStatusCode.PartialContent, parts.Status);
                StringAssert.Contains(parts.Text, "\r\n\r\nthe\r\n");
                StringAssert.Contains(parts.Text, "\r\n\r\nold\r\n");
                StringAssert.Contains(parts.Text, "\r\n\r\nx\r\n");
                using var archive = await TestCluster.Http.GetAsync(new Uri(b.Public, "/fs/?archive=tar"));
                Assert.IsTrue((await archive.Content.ReadAsByteArrayAsync()).Length > 1024);
            }
        }
        finally
        {
            await stop.CancelAsync();
            writer.Join();
        }

        async Task<(HttpStatusCode Status, string Text)> PartAsync(string range)
        {
            var answer = await AskAsync(b, HttpMethod.Get, ("Range", range));
            return (answer.Status, answer.Text);
        }
    }

    private static async Task<RawFtpClient> LogInAsync(TestNode node)
    {
        var client = await RawFtpClient.ConnectAsync(new IPEndPoint(IPAddress.Loopback, node.Host.FtpPort));
        await client.ExpectAsync(220);
        await client.ExpectAsync(331, "USER anonymous");
        await client.ExpectAsync(230, "PASS x");
        await client.ExpectAsync(200, "TYPE I");
        return client;
    }

    private static async Task<(TestNode Holder, TestNode Other)> TwoNodesAsync(TestCluster cluster, DateTime time)
    {
        var a = await cluster.StartAsync("a", []);
        Rewrite(a, Old, time);
        await Eventually.TrueAsync(
            () => a.Tree.Snapshot.TryFind(VirtualPath.Parse("/f"), out var entry) && entry.Modified == UnixTime.From(time), "the file is known as it is to be");
        var b = await cluster.StartAsync("b", []);
        await cluster.UniteAsync();
        return (a, b);
    }

    private static string At(TestNode node, string name) => Path.Combine(node.Root, name);

    private static void Rewrite(TestNode node, string text, DateTime time)
    {
        using (var file = new FileStream(At(node, "f"), FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite)) file.Write(Encoding.ASCII.GetBytes(text));
        File.SetLastWriteTimeUtc(At(node, "f"), time);
    }

    private void ReplaceByRename(TestNode node, string text, DateTime time)
    {
        var made = Path.Combine(_outside, "new");
        File.WriteAllText(made, text);
        File.SetLastWriteTimeUtc(made, time);
        File.Move(made, At(node, "f"), overwrite: true);
    }

    private static Stamp Stamp(TestNode node) => node.Tree.Snapshot.TryFind(VirtualPath.Parse("/f"), out var entry) ? entry.Stamp : default;

    private static string Sha(string text) => Convert.ToBase64String(SHA256.HashData(Encoding.ASCII.GetBytes(text)));

    private static async Task<Answer> AskAsync(TestNode node, HttpMethod method, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, new Uri(node.Public, "/fs/f"));
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var response = await TestCluster.Http.SendAsync(request);
        var digest = response.Headers.TryGetValues("Repr-Digest", out var values) ? values.Single()["sha-256=:".Length..^1] : null;
        return new Answer(
            response.StatusCode, await response.Content.ReadAsStringAsync(), response.Headers.ETag?.ToString() ?? "", digest,
            response.Content.Headers.ContentLength, response.Content.Headers.LastModified);
    }

    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string from, string to);

    [LibraryImport("libc", EntryPoint = "chmod", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeMode(string path, uint mode);

    private sealed record Answer(HttpStatusCode Status, string Text, string Tag, string? Digest, long? Length, DateTimeOffset? LastModified);
}
