using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Dftp.Ftp.Data;

/// <summary>The send queue of a socket, on Linux.</summary>
internal static partial class SendQueue
{
    /// <summary>Linux' <c>SIOCOUTQ</c>, include/uapi/linux/sockios.h.</summary>
    private const nuint BytesUnacknowledged = 0x5411;

    /// <summary>
    /// Returns the number of bytes that the peer's machine has not acknowledged, for a socket whose sending side was shut down. The kernel
    /// counts the FIN as one byte; it is excluded, because a peer may delay its acknowledgement. On systems other than Linux the result is
    /// always 0: there the kernel's acceptance of the bytes has to do.
    /// </summary>
    /// <exception cref="SocketException">The connection failed, and these bytes are lost.</exception>
    public static int Unacknowledged(Socket socket)
    {
        const int fin = 1;
        if (!OperatingSystem.IsLinux()) return 0;
        if (Ask(socket.SafeHandle, BytesUnacknowledged, out var bytes) != 0) throw new SocketException((int)SocketError.NotConnected);
        if (bytes <= fin) return 0;
        return socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error) is int and not 0
            ? throw new SocketException((int)SocketError.ConnectionReset)
            : bytes - fin;
    }

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int Ask(SafeHandle socket, nuint request, out int value);
}
