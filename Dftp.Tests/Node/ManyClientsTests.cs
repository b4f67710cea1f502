using System.Net;
using System.Net.Sockets;
using System.Text;
using Dftp.Tests.Support;

namespace Dftp.Tests.Node;

/// <summary>After many clients have come and left, a node has as many open descriptors and as much memory as before.</summary>
[TestClass]
public sealed class ManyClientsTests
{
    private const int BigSize = 4 << 20;
    private const int Leavers = 600;
    private const int Stayers = 2000;
    private const long MemorySlack = 32 << 20;

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stop => TestContext.CancellationToken;

    [TestMethod]
    public async Task ClientsThatLeaveInTheMiddle_LeaveNothingOpen()
    {
        if (!OperatingSystem.IsLinux()) Assert.Inconclusive("what is open is read from /proc");
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync("a", [("big", new string('b', BigSize)), ("small", "small")]);
        await Eventually.TrueAsync(() => node.Paths().Count == 2, "the files are in the tree");
        Assert.AreEqual("small", await node.GetAsync("fs/small"));
        var sockets = OpenNames().Count(IsSocket);
        var memory = GC.GetTotalMemory(forceFullCollection: true);

        var buffer = new byte[50_000];
        for (var i = 0; i < Leavers; i++)
        {
            using var client = await ConnectAsync(node, receiveBuffer: 4096);
            await client.SendAsync(Request("/fs/big"), Stop);
            Assert.AreNotEqual(0, await client.ReceiveAsync(buffer, Stop));
            if (i % 2 == 0) client.LingerState = new LingerOption(true, 0);
        }

        // A deleted file occupies disk space while a process has it open.
        File.Delete(Path.Combine(node.Root, "big"));
        await Eventually.TrueAsync(
            () => !OpenNames().Any(name => name.StartsWith(node.Root + "/", StringComparison.Ordinal)), "no file is open any more");
        await Eventually.TrueAsync(() => OpenNames().Count(IsSocket) <= sockets, "the connections are closed");
        Assert.AreEqual("small", await node.GetAsync("fs/small"));
        Assert.IsTrue(GC.GetTotalMemory(forceFullCollection: true) - memory < MemorySlack, "memory is given back");
    }

    [TestMethod]
    public async Task ThousandsOfConnections_AreServedAndGivenBack()
    {
        if (!OperatingSystem.IsLinux()) Assert.Inconclusive("what is open is read from /proc");
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync("a", [("small", "small")]);
        await Eventually.TrueAsync(() => node.Paths().Count == 1, "the file is in the tree");
        Assert.AreEqual("small", await node.GetAsync("fs/small"));
        var sockets = OpenNames().Count(IsSocket);
        var memory = GC.GetTotalMemory(forceFullCollection: true);

        var clients = new List<Socket>();
        var buffer = new byte[4096];
        for (var i = 0; i < Stayers; i++) clients.Add(await ConnectAsync(node));
        for (var round = 0; round < 2; round++)
        {
            foreach (var client in clients) await client.SendAsync(Request("/fs/small"), Stop);
            foreach (var client in clients)
            {
                var answer = Encoding.ASCII.GetString(buffer, 0, await client.ReceiveAsync(buffer, Stop));
                StringAssert.StartsWith(answer, "HTTP/1.1 200 ");
                StringAssert.EndsWith(answer, "\r\n\r\nsmall", "headers and body come as one");
            }
        }

        clients.ForEach(client => client.Dispose());
        await Eventually.TrueAsync(() => OpenNames().Count(IsSocket) <= sockets, "the connections are closed");
        Assert.IsTrue(GC.GetTotalMemory(forceFullCollection: true) - memory < MemorySlack, "memory is given back");
    }

    private static byte[] Request(string target) => Encoding.ASCII.GetBytes($"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n");

    private async Task<Socket> ConnectAsync(TestNode node, int? receiveBuffer = null)
    {
        var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        if (receiveBuffer is { } bytes) client.ReceiveBufferSize = bytes;
        await client.ConnectAsync(IPAddress.Loopback, node.Host.HttpPort, Stop);
        return client;
    }

    private static bool IsSocket(string name) => name.StartsWith("socket:", StringComparison.Ordinal);

    /// <summary>The open descriptors of this process; one that is closed meanwhile has no name.</summary>
    private static List<string> OpenNames() =>
        [.. Directory.GetFiles("/proc/self/fd").Select(descriptor => new FileInfo(descriptor).LinkTarget).OfType<string>()];
}
