using System.Net;
using System.Net.Sockets;

namespace Dftp.Sockets;

/// <summary>TCP's congestion control, by <c>TCP_CONGESTION</c> of tcp(7).</summary>
public static class CongestionControl
{
    /// <summary>
    /// Takes a connection within this machine off the machine's own choice. Where that is BBR it paces what is sent by timers, which has its
    /// uses on networks; within a machine there is nothing to be gentle with, and the timers are two thirds of the work.
    /// </summary>
    /// <param name="socket">Connected. Other connections are left as they are, and so is one that is closed already.</param>
    public static void Unpace(Socket socket)
    {
        if (!OperatingSystem.IsLinux()) return;
        try
        {
            // The one that every kernel has, and any user may choose.
            if (IsWithinMachine(socket)) TcpOption.Set(socket, TcpOption.Congestion, "reno"u8);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is slower.
        }
    }

    private static bool IsWithinMachine(Socket socket) =>
        socket.RemoteEndPoint is IPEndPoint far && (IPAddress.IsLoopback(far.Address) || (socket.LocalEndPoint is IPEndPoint near && near.Address.Equals(far.Address)));
}
