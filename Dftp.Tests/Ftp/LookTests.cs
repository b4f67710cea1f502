using System.Security.Cryptography;
using Dftp.FileSystem;
using Dftp.Tests.Support;

namespace Dftp.Tests.Ftp;

/// <summary>The replies of FTP about a file whose content it does not send.</summary>
[TestClass]
public sealed class LookTests
{
    private static readonly UnixTime Before = UnixTime.FromSeconds(1_700_000_000), After = UnixTime.FromSeconds(1_700_000_060);

    // RFC 3659, section 4: SIZE is "the number of octets that would be transmitted".
    [TestMethod]
    public async Task FileThatChangedUnnoticedByTheTree_HasItsCurrentFacts()
    {
        var shown = new MemoryFileTree().File("/a", "0123456789", Before);
        await shown.DigestAsync(VirtualPath.Parse("/a"), EntryOf(shown), null, null, CancellationToken.None);
        var actual = new MemoryFileTree().File("/a", "0123456789.....", After);
        await using var host = await FtpHost.StartAsync(new LaggingTree(shown, actual));
        using var client = await host.LogInAsync();
        var digest = Convert.ToHexStringLower(SHA256.HashData("0123456789....."u8));
        Assert.AreEqual("213 15", await client.SendAsync("SIZE a"));
        Assert.AreEqual("213 20231114221420", await client.SendAsync("MDTM a"));
        StringAssert.Contains(await client.ExpectAsync(250, "MLST a"), "size=15;modify=20231114221420;");
        StringAssert.Contains(await client.ExpectAsync(213, "STAT a"), "  15 Nov 14  2023 a\n");
        StringAssert.Contains((await client.FetchLinesAsync("LIST a")).Single(), "  15 Nov 14  2023 a");
        Assert.AreEqual($"213 SHA-256 0-15 {digest} a", await client.SendAsync("HASH a"));
        Assert.AreEqual($"250 {digest}", await client.SendAsync("XSHA256 a"));
        await client.ExpectAsync(250, "XSHA256 \"a\" 10 15");
        await client.ExpectAsync(350, "REST 15");
        await client.ExpectAsync(213, "HASH a");
        await client.ExpectAsync(350, "REST 10");
        Assert.AreEqual(".....", await client.FetchTextAsync("RETR a"));
    }

    [TestMethod]
    public async Task RemovedFile_Is550()
    {
        var shown = new MemoryFileTree().File("/a", "0123456789");
        await using var host = await FtpHost.StartAsync(new LaggingTree(shown, new MemoryFileTree()));
        using var client = await host.LogInAsync();
        await client.ExpectAsync(229, "EPSV");
        foreach (var command in new[] { "SIZE a", "MDTM a", "MLST a", "STAT a", "HASH a", "XSHA256 a", "LIST a" }) await client.ExpectAsync(550, command);
    }

    // MLST, STAT and LIST show what a listing shows. SIZE, MDTM and HASH fail as RETR does.
    [TestMethod]
    [DataRow(FileErrorKind.AccessDenied, 550)]
    [DataRow(FileErrorKind.Unreachable, 450)]
    public async Task UnreadableFile_IsListed_AndHasNoSize(FileErrorKind kind, int code)
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/a", "0123456789").OpenError = new FileError(kind, "/a on n1 cannot be read");
        using var client = await host.LogInAsync();
        foreach (var command in new[] { "SIZE a", "MDTM a", "HASH a", "XSHA256 a", "RETR a" }) await client.ExpectAsync(code, command);
        StringAssert.Contains(await client.ExpectAsync(250, "MLST a"), "size=10;");
        await client.ExpectAsync(213, "STAT a");
        Assert.AreEqual(1, (await client.FetchLinesAsync("LIST a")).Length);
    }

    [TestMethod]
    [DataRow("ABOR")]
    [DataRow(null)]
    public async Task UnresponsiveHolder_IsAbandonedWithTheClient(string? command)
    {
        var tree = new SilentTree(new MemoryFileTree().File("/a", "0123456789"));
        await using var host = await FtpHost.StartAsync(tree);
        using (var client = await host.LogInAsync())
        {
            await client.SendRawAsync("SIZE a\r\n");
            await tree.Asked;
            if (command is not null)
            {
                await client.ExpectAsync(450, command);
                await client.ExpectAsync(226);
                await client.ExpectAsync(200, "NOOP");
            }
        }

        await Eventually.TrueAsync(() => host.Handler.SessionCount == 0, "the session has ended");
    }

    private static Entry EntryOf(MemoryFileTree tree) =>
        tree.Snapshot.TryFind(VirtualPath.Parse("/a"), out var entry) ? entry : throw new AssertFailedException("no entry");

    /// <summary>A tree whose holders accept a request and never answer it.</summary>
    private sealed class SilentTree(MemoryFileTree shown) : ITestTree
    {
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Asked => _asked.Task;

        public ITreeSnapshot Snapshot => shown.Snapshot;

        public IReadOnlyList<NodeSummary> Nodes => shown.Nodes;

        public async ValueTask<OpenResult> OpenAsync(VirtualPath path, Entry file, RangeSpec part, CancellationToken cancellationToken)
        {
            _asked.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
            throw new AssertFailedException("the delay never ends");
        }
    }
}
