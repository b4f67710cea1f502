using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Dftp.Cluster;
using Dftp.Cluster.Connections;
using Dftp.Cluster.Door;
using Dftp.FileSystem;
using Dftp.Node;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dftp.Tests.Cluster.Connections;

/// <summary>Which certificates a connection to a peer accepts.</summary>
[TestClass]
public sealed class TlsConnectionTests : IDisposable
{
    private static readonly NodeCertificate Certificate = ServerCertificate.LoadForNodes(
        new NodeOptions { Root = "/", Name = NodeName.Parse("p") }, TimeProvider.System, NullLogger.Instance);

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public TlsConnectionTests() => _listener.Start();

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Cancellation => TestContext.CancellationToken;

    public void Dispose() => _listener.Dispose();

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task PinnedCertificate_OrAnyIfNoneIsPinned_IsAccepted(bool isPinned)
    {
        var serving = ServeAsync();

        using var connection = await ConnectAsync(isPinned ? Certificate.Name.Fingerprint : null);

        Assert.AreEqual(Certificate.Name.Fingerprint, connection.Certificate);
        await serving;
    }

    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task OtherCertificateThanThePinnedOne_IsRefused()
    {
        var serving = ServeAsync();

        var refused = await Assert.ThrowsExactlyAsync<OtherCertificateException>(() => ConnectAsync(new string('0', 64)));

        Assert.AreEqual(Certificate.Name.Fingerprint, refused.Fingerprint);
        await Task.WhenAny(serving);
        _ = serving.Exception;
    }

    // Without a pinned certificate whoever answers could be the peer. Only the answer to a greeting proves that it is.
    [TestMethod]
    public async Task ExchangeOtherThanAGreeting_NeedsAPinnedCertificate()
    {
        await using var door = new ClusterDoor(null, "dftp", [], TimeProvider.System, NullLogger.Instance, Certificate);
        var connector = new PeerConnector(door, TimeSpan.FromSeconds(10), TimeProvider.System);
        var peer = new PeerEndpoint(new HostPort("127.0.0.1", ((IPEndPoint)_listener.LocalEndpoint).Port));

        var failure = await Assert.ThrowsExactlyAsync<IOException>(() => connector.ExchangeAsync(
            peer, "request", (_, _, _) => throw new InvalidOperationException("it was asked"), null, Cancellation).AsTask());

        StringAssert.Contains(failure.Message, "its certificate is not known");
        Assert.IsFalse(_listener.Pending());
    }

    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task PeerThatSpeaksInTheClear_IsNamedSo()
    {
        var serving = AnswerInTheClearAsync();

        var failure = await Assert.ThrowsExactlyAsync<IOException>(() => ConnectAsync(null));

        StringAssert.Contains(failure.Message, "--cluster-tls");
        await serving;

        async Task AnswerInTheClearAsync()
        {
            using var client = await _listener.AcceptSocketAsync(Cancellation);
            await client.ReceiveAsync(new byte[1], Cancellation);
            await client.SendAsync("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"u8.ToArray(), Cancellation);
            client.Shutdown(SocketShutdown.Send);
            while (await client.ReceiveAsync(new byte[1000], Cancellation) > 0) continue;
        }
    }

    [TestMethod]
    [DataRow("00")]
    [DataRow("")]
    [DataRow("G123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")]
    [DataRow("0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef")]
    [DataRow("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef-kept")]
    public void NameThatIsNoFingerprint_IsNotRead(string text) => Assert.IsNull(CertificateName.Parse(text));

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void NameOfACertificate_IsReadAsWritten(bool isLasting)
    {
        var name = Certificate.Name with { IsLasting = isLasting };

        Assert.AreEqual(name, CertificateName.Parse(name.ToString()));
    }

    private Task<PeerConnection> ConnectAsync(string? pin) => PeerConnection.ConnectAsync(
        new PeerEndpoint(new HostPort("127.0.0.1", ((IPEndPoint)_listener.LocalEndpoint).Port), Pin: pin),
        new ConnectionSecurity(null, IsTls: true), TimeSpan.FromSeconds(10), TimeProvider.System, Cancellation);

    private async Task ServeAsync()
    {
        using var client = await _listener.AcceptTcpClientAsync(Cancellation);
        await using var stream = new SslStream(client.GetStream());
        await stream.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = Certificate.Certificate }, Cancellation);
        await stream.FlushAsync(Cancellation);
    }
}
