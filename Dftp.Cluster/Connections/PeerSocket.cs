using System.Net;
using System.Net.Sockets;
using Dftp.Sockets;

namespace Dftp.Cluster.Connections;

/// <summary>
/// Connections to peers with short kernel timeouts. By default the kernel retransmits with growing pauses, for up to a quarter of an hour,
/// over a connection that a firewall or a router has forgotten, while the peer would answer on a new one.
/// </summary>
internal static class PeerSocket
{
    /// <summary>A peer's kernel acknowledges in milliseconds. A lost update must be repaired within 10 s, by a new connection.</summary>
    private static readonly TimeSpan AcknowledgeTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Distinguishes a silent peer from a dead one, at almost no cost for an idle network.</summary>
    private static readonly TimeSpan KeepAliveTime = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan KeepAliveInterval = TimeSpan.FromSeconds(1);

    private const int KeepAliveTries = 5;

    /// <summary>Connects.</summary>
    /// <returns>The connection, owned by the caller.</returns>
    /// <exception cref="SocketException">There is no connection.</exception>
    public static async ValueTask<Stream> ConnectAsync(DnsEndPoint to, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            Configure(socket);
            await socket.ConnectAsync(to, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Connects on the event loop, to the first address of the host that answers.</summary>
    /// <inheritdoc cref="ConnectAsync"/>
    public static async ValueTask<(LoopSocket Socket, IPAddress Address)> ConnectLoopAsync(HostPort to, CancellationToken cancellationToken)
    {
        var addresses = IPAddress.TryParse(to.Host, out var literal)
            ? [literal] : await Dns.GetHostAddressesAsync(to.Host, cancellationToken);
        // A legacy node splits addresses at each colon, so a host is reached over IPv4 if it has such an address.
        Array.Sort(addresses, static (left, right) => left.AddressFamily.CompareTo(right.AddressFamily));
        SocketException? failure = null;
        foreach (var address in addresses)
        {
            try
            {
                return (await LoopSocket.ConnectAsync(new IPEndPoint(address, to.Port), Configure, cancellationToken), address);
            }
            catch (SocketException refused)
            {
                failure = refused;
            }
        }

        throw failure ?? new SocketException((int)SocketError.HostNotFound);
    }

    private static void Configure(Socket socket)
    {
        socket.NoDelay = true;
        SetLimits(socket);
    }

    private static void SetLimits(Socket socket)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, (int)KeepAliveTime.TotalSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, (int)KeepAliveInterval.TotalSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, KeepAliveTries);
        // TCP_USER_TIMEOUT is in milliseconds.
        if (OperatingSystem.IsLinux()) TcpOption.Set(socket, TcpOption.UserTimeout, (int)AcknowledgeTimeout.TotalMilliseconds);
    }
}
