using System.Net;
using System.Net.Sockets;
using Dftp.Sockets;

namespace Dftp.Cluster.Peers;

/// <summary>
/// Connections to peers that the kernel gives up soon when they are dead and nobody says so: after a loss it tries again at ever longer
/// pauses, and where a firewall or a router has forgotten a connection, for a quarter of an hour. Meanwhile the peer may answer on new ones.
/// </summary>
internal static class PeerSocket
{
    /// <summary>A peer's kernel acknowledges in milliseconds. A lost update is to be made good within 10 s, by a new connection.</summary>
    private static readonly TimeSpan AcknowledgeTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Tells a peer that thinks, or sends nothing, from one that is gone. So rarely that it costs an idle network next to nothing.</summary>
    private static readonly TimeSpan KeepAliveTime = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan KeepAliveInterval = TimeSpan.FromSeconds(1);

    private const int KeepAliveTries = 5;

    /// <summary>Connects.</summary>
    /// <returns>The connection, owned by the caller.</returns>
    /// <exception cref="SocketException">There is none.</exception>
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

    /// <summary>Connects for reading and sending on the event loop: to the first address of the host that answers.</summary>
    /// <inheritdoc cref="ConnectAsync"/>
    public static async ValueTask<LoopSocket> ConnectLoopAsync(HostPort to, CancellationToken cancellationToken)
    {
        var addresses = IPAddress.TryParse(to.Host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(to.Host, cancellationToken);
        SocketException? failure = null;
        foreach (var address in addresses)
        {
            try
            {
                return await LoopSocket.ConnectAsync(new IPEndPoint(address, to.Port), Configure, cancellationToken);
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
