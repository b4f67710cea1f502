using System.Net;
using System.Net.Sockets;
using Dftp.Http.Transport;
using Dftp.Tests.Support;

namespace Dftp.Tests.Http;

/// <summary>Tests of a connection alone.</summary>
[TestClass]
public sealed class LoopConnectionTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>After it, a client that has closed its sending half and gets nothing is taken for gone.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(1);

    // RFC 9112, 9.6: half a connection may be closed before the other. A handler may take its time with what the client has sent.
    [TestMethod]
    public async Task ClientThatClosedItsSendingHalf_IsThere_WhileItsBytesAreRead()
    {
        using var deadline = new CancellationTokenSource(Patience);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.LocalEndpoint, deadline.Token);
        var time = new AwaitedTime();
        await using var connection = new LoopConnection("1", await listener.AcceptSocketAsync(deadline.Token), time);
        await client.SendAsync("body"u8.ToArray(), deadline.Token);
        client.Shutdown(SocketShutdown.Send);

        await time.PassAsync(Silence, deadline.Token);
        time.Advance(Silence);
        var read = await connection.Transport.Input.ReadAsync(deadline.Token);
        Assert.AreEqual(4, read.Buffer.Length);
        connection.Transport.Input.AdvanceTo(read.Buffer.End);
        time.Advance(Silence);
        Assert.IsFalse(connection.ConnectionClosed.IsCancellationRequested, "it was just read");

        time.Advance(Silence);
        await Eventually.TrueAsync(() => connection.ConnectionClosed.IsCancellationRequested, "now there is silence");
    }
}
