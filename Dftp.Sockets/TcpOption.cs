using System.Net.Sockets;

namespace Dftp.Sockets;

/// <summary>Options of tcp(7) that the framework has no name for (Linux).</summary>
public static class TcpOption
{
    // Linux' include/uapi/linux/tcp.h.
    public const int Cork = 3, Congestion = 13, UserTimeout = 18;

    private const int Level = 6;

    /// <exception cref="SocketException">The kernel refuses it.</exception>
    /// <exception cref="ObjectDisposedException">The socket was closed.</exception>
    public static void Set(Socket socket, int option, int value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BitConverter.TryWriteBytes(bytes, value);
        Set(socket, option, bytes);
    }

    /// <inheritdoc cref="Set(Socket, int, int)"/>
    public static void Set(Socket socket, int option, ReadOnlySpan<byte> value) => socket.SetRawSocketOption(Level, option, value);
}
