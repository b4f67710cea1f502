using System.Text.Json;
using Dftp.Tests.Scenarios.Support;

namespace Dftp.Tests.Scenarios;

/// <summary>
/// A holder dies during transfers: they continue from another holder of the same file, or are aborted, and never end as if
/// complete.
/// </summary>
[TestClass]
[TestCategory("Namespaces")]
public sealed class TransferFailoverTests
{
    private const int Size = 48 * 1024 * 1024;
    private static readonly TimeSpan TransferLimit = TimeSpan.FromSeconds(60);

    private static readonly DateTime WholeSecond = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);

    /// <summary>Equal times with a fraction of a second mean equal content.</summary>
    private static readonly DateTime Modified = WholeSecond.AddTicks(1_234_567);

    private static readonly string[] Protocols = ["http", "ftp"];

    [TestMethod]
    [DataRow(ClusterForm.Open)]
    [DataRow(ClusterForm.Locked)]
    public async Task HolderKilledInTheMiddle_TransferGoesOnAtTheHolderOfTheSameFile(ClusterForm form)
    {
        await using var cluster = await CreateAsync(form);
        var content = Content(1);
        foreach (var holder in new[] { "server1", "server2" }) await WriteAsync(cluster, holder, content, Modified);
        await cluster.StartAllAsync();
        await Eventually.EqualAsync(2, async () => (await EntryAsync(cluster)).GetProperty("holders").GetInt32(),
            HostCluster.StartLimit, "both holders are known");

        var results = await FetchWhileTheOwnerDiesAsync(cluster);

        foreach (var (protocol, result) in Protocols.Zip(results))
        {
            result.OutputIfDone();
            CollectionAssert.AreEqual(content, await File.ReadAllBytesAsync(cluster.Fetched(protocol)), protocol);
        }

        Assert.AreEqual(Protocols.Length, cluster.Node("client").Log.Split('\n')
            .Count(line => line.Contains(", resuming from ", StringComparison.Ordinal)));
    }

    // The other holder's file has the same size and another time, or the same whole second, as from archives: nothing proves that
    // it is the same.
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task HolderKilledInTheMiddle_WithoutAHolderOfTheSameFile_TransferIsCut(bool isSameWholeSecond)
    {
        var modified = isSameWholeSecond ? WholeSecond : Modified;
        await using var cluster = await CreateAsync();
        var contents = new Dictionary<string, byte[]> { ["server1"] = Content(1), ["server2"] = Content(2) };
        await WriteAsync(cluster, "server1", contents["server1"], modified);
        await WriteAsync(cluster, "server2", contents["server2"], isSameWholeSecond ? modified : modified.AddSeconds(1));
        await cluster.StartAllAsync();
        await Eventually.EqualAsync(2, async () => (await EntryAsync(cluster)).GetProperty("holders").GetInt32(),
            HostCluster.StartLimit, "both holders are known");
        var owner = (await EntryAsync(cluster)).GetProperty("owner").GetString()!;

        var results = await FetchWhileTheOwnerDiesAsync(cluster);

        foreach (var (protocol, result) in Protocols.Zip(results))
        {
            Assert.AreNotEqual(0, result.ExitCode, $"{protocol}: {result.Output}{result.Error}");
            var fetched = await File.ReadAllBytesAsync(cluster.Fetched(protocol));
            Assert.IsTrue(fetched.Length < Size, $"{protocol}: {fetched.Length} bytes");
            Assert.IsTrue(fetched.AsSpan().SequenceEqual(contents[owner].AsSpan(0, fetched.Length)),
                $"{protocol}: what came before the cut is the owner's");
        }
    }

    /// <summary>Hosts with small kernel buffers, so that sender and client are at nearly the same position of a transfer.</summary>
    private static async Task<HostCluster> CreateAsync(ClusterForm form = ClusterForm.Open)
    {
        string[] hosts = ["client", "server1", "server2"];
        var cluster = await HostCluster.CreateAsync(form, hosts);
        foreach (var host in hosts) await cluster.Host(host).LimitBuffersAsync(1024 * 1024);
        return cluster;
    }

    private static byte[] Content(int seed)
    {
        var content = new byte[Size];
        new Random(seed).NextBytes(content);
        return content;
    }

    private static async Task WriteAsync(HostCluster cluster, string host, byte[] content, DateTime modified)
    {
        var file = Path.Combine(cluster.RootOf(host), "big");
        await File.WriteAllBytesAsync(file, content);
        File.SetLastWriteTimeUtc(file, modified);
    }

    private static async Task<JsonElement> EntryAsync(HostCluster cluster)
    {
        using var listing = JsonDocument.Parse(
            await cluster.CurlAsync("client", "--header", "Accept: application/json", "http://localhost:7040/fs/"));
        return listing.RootElement.EnumerateArray().First(entry => entry.GetProperty("name").GetString() == "big").Clone();
    }

    /// <summary>
    /// Fetches the file by HTTP and by FTP at once, at a speed that takes 4 s, and kills its owner when both are under way.
    /// </summary>
    /// <returns>The result of each client, in the order of <see cref="Protocols"/>.</returns>
    private static async Task<ProgramResult[]> FetchWhileTheOwnerDiesAsync(HostCluster cluster)
    {
        var owner = (await EntryAsync(cluster)).GetProperty("owner").GetString()!;
        await using var http = Fetch(cluster, "http", "http://localhost:7040/fs/big");
        await using var ftp = Fetch(cluster, "ftp", "ftp://localhost:2121/big");
        foreach (var protocol in Protocols)
        {
            var fetched = new FileInfo(cluster.Fetched(protocol));
            await Eventually.TrueAsync(
                () =>
                {
                    fetched.Refresh();
                    return fetched.Exists && fetched.Length > Size / 8;
                },
                TransferLimit,
                $"the transfer by {protocol} is under way");
        }

        Assert.IsFalse(http.HasExited || ftp.HasExited, "the owner is to die in the middle");
        await cluster.Node(owner).KillAsync();
        return await Task.WhenAll(http.WaitAsync(TransferLimit), ftp.WaitAsync(TransferLimit));
    }

    private static ExternalProgram Fetch(HostCluster cluster, string protocol, string url) => cluster.Host("client").Start(
        "curl", "--silent", "--show-error", "--fail", "--max-time", "50", "--limit-rate", "12M", "--output",
            cluster.Fetched(protocol), url);
}
