using System.Net;
using System.Net.Sockets;
using Dftp.Http.Transport;
using Dftp.Sockets;
using Dftp.Tests.Support;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Dftp.Tests.Http;

/// <summary>The transport by itself.</summary>
[TestClass]
public sealed class LoopTransportTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // Whatever fails in accepting, a loop that tries again at once would take a whole processor; and once accepting works again it goes on.
    [TestMethod]
    public async Task Accepting_that_keeps_failing_is_logged_backs_off_and_recovers()
    {
        using var logs = new TestLogs();
        // A port that the system chose would be another one when the socket listens again.
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
    public async Task Handler_of_a_connections_end_that_throws_does_not_end_the_process()
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
