using System.Net;
using System.Net.Sockets;
using Dftp.Http.Transport;
using Dftp.Sockets;
using Dftp.Tests.Support;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Dftp.Tests.Http;

/// <summary>Tests of the transport alone.</summary>
[TestClass]
public sealed class LoopTransportTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // When accepting fails, an immediate retry would use a whole processor. When accepting works again, the loop recovers.
    [TestMethod]
    public async Task AcceptingThatKeepsFailing_IsLoggedBacksOffAndRecovers()
    {
        using var logs = new TestLogs();
        // The system would choose another port when the socket listens again.
        var endPoint = new IPEndPoint(IPAddress.Loopback, TestCluster.LastingPort().Port);
        Socket socket = null!;
        var transport = new LoopTransport([endPoint], to => socket = SocketTransportOptions.CreateDefaultBoundListenSocket(to), logs);
        var listener = await transport.BindAsync(endPoint);
        var accepting = listener.AcceptAsync().AsTask();

        socket.Shutdown(SocketShutdown.Both);
        await Eventually.TrueAsync(() => logs.Lines.Any(), "the failure is logged");
        StringAssert.Contains(logs.Lines.First(), "HTTP connections cannot be accepted at the moment");
        socket.Listen();
        using var client = new TcpClient();
        await client.ConnectAsync(endPoint).WaitAsync(Patience);

        await using (var connection = await accepting.WaitAsync(Patience)) Assert.IsNotNull(connection);
        Assert.AreEqual(1, logs.Lines.Count());
        await listener.DisposeAsync();
    }

    [TestMethod]
    public async Task HandlerOfAConnectionsEndThatThrows_DoesNotEndTheProcess()
    {
        using var logs = new TestLogs();
        var endPoint = new IPEndPoint(IPAddress.Loopback, 0);
        var transport = new LoopTransport([endPoint], SocketTransportOptions.CreateDefaultBoundListenSocket, logs);
        var listener = await transport.BindAsync(endPoint);
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.EndPoint).WaitAsync(Patience);
        await using var connection = (await listener.AcceptAsync())!;
        var before = BackgroundFailures.Count;
        using var registration = connection.ConnectionClosed.Register(() => throw new InvalidTimeZoneException("the test's own"));

        connection.Abort();

        await Eventually.TrueAsync(() => BackgroundFailures.Count > before, "the failure is counted");
        await listener.DisposeAsync();
    }
}
