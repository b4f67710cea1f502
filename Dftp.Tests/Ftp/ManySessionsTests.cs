using Dftp.Ftp;

namespace Dftp.Tests.Ftp;

[TestClass]
public sealed class ManySessionsTests
{
    private const int Sessions = 1000;

    /// <summary>Ten thousand idle sessions have to fit in 1 GB; this test's figure includes the clients.</summary>
    private const int MaxIdleBytes = 100_000;

    [TestMethod]
    public async Task ThousandConcurrentSessions_ListAndFetch_AndLeaveNothingOpen()
    {
        await using var host = await FtpHost.StartAsync(options: new FtpOptions { MaxSessionsPerAddress = Sessions + 1 });
        var content = new byte[64 * 1024];
        new Random(1).NextBytes(content);
        host.Tree.File("/d/a", content).File("/d/b", "b");
        using (var first = await host.LogInAsync()) await UseAsync(first, content);
        using var watcher = await host.ConnectAsync();
        await watcher.WaitUntilAsync(() => host.Handler.SessionCount == 1);
        var (sockets, memory) = (OpenSockets(), Memory());

        var clients = await Task.WhenAll(Enumerable.Range(0, Sessions).Select(_ => host.LogInAsync()));
        Assert.AreEqual(Sessions + 1, host.Handler.SessionCount);
        var each = (Memory() - memory) / Sessions;
        Assert.IsTrue(each < MaxIdleBytes, $"{each} bytes for an idle session");
        await Task.WhenAll(clients.Select(client => UseAsync(client, content)));
        foreach (var client in clients) client.Dispose();

        using var patience = await host.ConnectAsync();
        await patience.WaitUntilAsync(() => host.Handler.SessionCount <= 2 && OpenSockets() <= sockets + 8);
        Assert.IsTrue(Memory() < memory + 32 * 1024 * 1024, $"{Memory() - memory} bytes more than before");
    }

    private static async Task UseAsync(RawFtpClient client, byte[] content)
    {
        Assert.AreEqual(2, (await client.FetchLinesAsync("LIST /d")).Length);
        CollectionAssert.AreEqual(content, await client.FetchAsync("RETR /d/a"));
        await client.ExpectAsync(221, "QUIT");
        await client.ExpectEndAsync();
    }

    private static long Memory() => GC.GetTotalMemory(forceFullCollection: true);

    private static int OpenSockets() => OperatingSystem.IsLinux()
        ? Directory.GetFiles("/proc/self/fd").Count(fd => new FileInfo(fd).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true)
        : 0;
}
