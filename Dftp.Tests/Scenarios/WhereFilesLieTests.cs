using System.Security.Cryptography;
using Dftp.Tests.Scenarios.Support;

namespace Dftp.Tests.Scenarios;

/// <summary>The built program with common clients: redirects to holders, digests from holders, events during faults.</summary>
[TestClass]
[TestCategory("Namespaces")]
public sealed class WhereFilesLieTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly DateTime Modified = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);

    [TestMethod]
    public async Task ClientsFollowARedirectToAHolder_AndHaveTheDigestThatItComputes()
    {
        await using var cluster = await HostCluster.CreateAsync("client", "server1", "server2");
        var content = new byte[3_000_000];
        new Random(1).NextBytes(content);
        Directory.CreateDirectory(Path.Combine(cluster.RootOf("server1"), "a dir"));
        foreach (var file in new[] { "server1/a dir/big ü", "server1/both", "server2/both" })
        {
            var path = Path.Combine(cluster.RootOf(file[..7]), file[8..]);
            await File.WriteAllBytesAsync(path, content);
            File.SetLastWriteTimeUtc(path, Modified);
        }

        await cluster.StartAllAsync();
        await cluster.StartAsync("client", "DFTP_REMOTE_READS=redirect");
        await cluster.SeesAsync("server2", "both", Limit);
        await Eventually.EqualAsync("307", () => HeadAsync(cluster, "http://client:7040/fs/a%20dir/big%20%C3%BC"), Limit,
            "the client's node redirects");

        // A range: curl follows the redirect.
        var part = cluster.Fetched("part");
        var followed = await cluster.CurlAsync(
            "client", "--location", "--range", "1000000-1000999", "--output", part, "--write-out",
                "%{http_code} %{num_redirects} %{url_effective}",
            "http://client:7040/fs/a%20dir/big%20%C3%BC?download");
        StringAssert.EndsWith(followed, ":7040/fs/a%20dir/big%20%C3%BC?download&holder=server1", StringComparison.Ordinal);
        StringAssert.StartsWith(followed, "206 1 ", StringComparison.Ordinal);
        CollectionAssert.AreEqual(content[1_000_000..1_001_000], await File.ReadAllBytesAsync(part));

        // Whole files: rclone copies and verifies a directory.
        ProgramTools.Require("rclone");
        var copy = cluster.Fetched("copy");
        (await cluster.Host("client").RunAsync(
            Limit, "rclone", "--config", "", "--retries", "1", "--http-url", "http://client:7040/fs/a%20dir/", "copy", ":http:", copy))
                .OutputIfDone();
        CollectionAssert.AreEqual(content, await File.ReadAllBytesAsync(Path.Combine(copy, "big ü")));

        // server2 has no copy: server1 computes, and only the digest travels.
        var head = await cluster.CurlAsync(
            "client", "--head", "--header", "Want-Repr-Digest: sha-256=10", "http://server2:7040/fs/a%20dir/big%20%C3%BC");
        StringAssert.Contains(head, $"Repr-Digest: sha-256=:{Convert.ToBase64String(SHA256.HashData(content))}:", StringComparison.Ordinal);
        StringAssert.Contains(head, "; rel=duplicate; pri=1", StringComparison.Ordinal);

        var sha = Convert.ToHexStringLower(SHA256.HashData(content));
        var duplicates = await cluster.CurlAsync("client", "http://client:7040/duplicates/?larger=1k");
        foreach (var line in new[] { $"3000000 {sha} server1 /a dir/big ü", $"3000000 {sha} server1 /both",
            $"3000000 {sha} server2 /both" })
            CollectionAssert.Contains(duplicates.Split('\n'), line);
    }

    [TestMethod]
    public async Task Events_TellAKillAndARestart_AndARestartedNodeSaysReset()
    {
        await using var cluster = await HostCluster.CreateAsync("client", "server");
        await cluster.StartAllAsync();
        string last;
        await using (var events = Follow(cluster, "first", "0-0"))
        {
            await ToldAsync(cluster, "first", "event: reset");
            cluster.Write("server", "new", "1");
            await ToldAsync(cluster, "first", "event: created\ndata: {\"path\":\"/new\"");
            await cluster.Node("server").KillAsync();
            await ToldAsync(cluster, "first", "event: node-left\ndata: {\"node\":\"server\"}");
            await ToldAsync(cluster, "first", "event: deleted\ndata: {\"path\":\"/new\"");
            await cluster.RestartAsync("server");
            await ToldAsync(cluster, "first", "event: node-joined\ndata: {\"node\":\"server\"}");
            await Eventually.EqualAsync(
                2, () => Task.FromResult(Text(cluster, "first").Split("event: created\ndata: {\"path\":\"/new\"").Length - 1), Limit,
                    "/new is told again");
            last = Text(cluster, "first").Split('\n').Last(line => line.StartsWith("id: ", StringComparison.Ordinal))[4..];
        }

        await using (var events = Follow(cluster, "second", last))
        {
            cluster.Write("server", "newer", "1");
            await ToldAsync(cluster, "second", "event: created\ndata: {\"path\":\"/newer\"");
            Assert.IsFalse(Text(cluster, "second").Contains("event: reset", StringComparison.Ordinal), "it goes on where it stopped");

            // A node that stops ends its event streams within the promised time.
            await cluster.Node("client").StopAsync();
            await events.WaitAsync(Limit);
        }

        await cluster.RestartAsync("client");
        await using (Follow(cluster, "third", last)) await ToldAsync(cluster, "third", "event: reset");
    }

    private static ExternalProgram Follow(HostCluster cluster, string name, string after) => cluster.Host("client").Start(
        "curl", "--silent", "--no-buffer", "--max-time", "60", "--header", $"Last-Event-ID: {after}", "--output", cluster.Fetched(name),
            "http://localhost:7040/events/");

    private static Task ToldAsync(HostCluster cluster, string name, string text) => Eventually.TrueAsync(
        () => Text(cluster, name).Contains(text, StringComparison.Ordinal), Limit, $"{name} is told: {text}");

    private static string Text(HostCluster cluster, string name) => File.Exists(cluster.Fetched(name))
        ? File.ReadAllText(cluster.Fetched(name)) : "";

    private static async Task<string> HeadAsync(HostCluster cluster, string url) =>
        (await cluster.Host("client").RunAsync(
            Limit, "curl", "--silent", "--head", "--output", "/dev/null", "--write-out", "%{http_code}", "--max-time", "5", url)).Output;
}
