using System.Net.Sockets;
using Dftp.Node;

namespace Dftp.Tests.Node;

[TestClass]
public sealed class ListenFailureTests
{
    [TestMethod]
    [DataRow(SocketError.AddressAlreadyInUse, ":7040", "--http-listen: port 7040 is in use")]
    [DataRow(SocketError.AccessDenied, "localhost:80", "--http-listen: no permission to listen on port 80")]
    [DataRow(SocketError.AccessDenied, "10.0.0.1:7040", "--http-listen: no permission to listen on 10.0.0.1:7040")]
    [DataRow(SocketError.AddressNotAvailable, "[2001:db8::1]:80", "--http-listen: 2001:db8::1 is no address of this machine")]
    [DataRow(SocketError.AddressFamilyNotSupported, "[::1]:80", "--http-listen: this machine has no IPv6")]
    [DataRow(SocketError.HostNotFound, "nowhere:80", "--http-listen: the host name nowhere is not known")]
    public void ToStartException_SocketError_IsASentence(SocketError error, string address, string message)
    {
        // Kestrel wraps the error of bind(2) in its own exception.
        var failure = new IOException("outer", new InvalidOperationException("middle", new SocketException((int)error)));
        Assert.AreEqual(message, ListenFailure.ToStartException("--http-listen", ListenAddress.Parse(address), failure)!.Message);
    }

    [TestMethod]
    public void ToStartException_OtherSocketError_TellsTheSystemsWords() =>
        StringAssert.StartsWith(
            ListenFailure.ToStartException("--ftp-listen", ListenAddress.Parse(":1"),
                new SocketException((int)SocketError.TooManyOpenSockets))!.Message,
            "--ftp-listen: cannot listen on :1: ",
            StringComparison.Ordinal);

    [TestMethod]
    public void ToStartException_NoSocketErrorInside_IsNone() =>
        Assert.IsNull(ListenFailure.ToStartException("--http-listen", ListenAddress.Parse(":1"), new InvalidOperationException("bug")));

    [TestMethod]
    public void ToStartException_RealBindTwice_SaysThePortIsInUse()
    {
        using var first = new TcpListener(System.Net.IPAddress.Loopback, 0);
        first.Start();
        var taken = (System.Net.IPEndPoint)first.LocalEndpoint;
        using var second = new TcpListener(taken);

        var failure = Assert.ThrowsExactly<SocketException>(second.Start);

        var message = ListenFailure.ToStartException("--http-listen", ListenAddress.Parse($"{taken}"), failure)!.Message;
        Assert.AreEqual($"--http-listen: port {taken.Port} is in use", message);
    }
}
