using System.Net.Sockets;

namespace Dftp.Sockets;

/// <summary>Options of tcp(7) without a name in the framework (Linux).</summary>
public static class TcpOption
{
    // Linux' include/uapi/linux/tcp.h.
    public const int Cork = 3, UserTimeout = 18;

    private const int Level = 6;

    /// <exception cref="SocketException">The kernel refuses it.</exception>
    /// <exception cref="ObjectDisposedException">The socket was closed.</exception>
    public static void Set(Socket socket, int option, int value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BitConverter.TryWriteBytes(bytes, value);
        socket.SetRawSocketOption(Level, option, bytes);
    }
}
