using System.Net.Sockets;

namespace Dftp.Ftp.Data;

/// <summary>What Linux knows of a connection whose sending side was shut down.</summary>
internal static class TcpState
{
    // Linux' include/net/tcp_states.h: states in which our FIN, and so every byte before it, is still unacknowledged.
    private const byte FinWait1 = 4, LastAck = 9, Closing = 11;
    private const byte Closed = 7;

    private const int ProtocolTcp = 6;
    private const int TcpInfo = 11;

    /// <summary>
    /// Whether the peer's machine has acknowledged every byte and the FIN. Elsewhere than on Linux this cannot be asked, and the
    /// kernel's having taken the bytes must do.
    /// </summary>
    /// <exception cref="SocketException">The connection broke before that.</exception>
    public static bool IsAllAcknowledged(Socket socket)
    {
        if (!OperatingSystem.IsLinux()) return true;

        // struct tcp_info begins with the state.
        Span<byte> state = stackalloc byte[1];
        socket.GetRawSocketOption(ProtocolTcp, TcpInfo, state);
        if (state[0] == Closed && socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error) is int and not 0)
        {
            throw new SocketException((int)SocketError.ConnectionReset);
        }

        return state[0] is not (FinWait1 or LastAck or Closing);
    }
}
