using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Dftp.Ftp.Data;

/// <summary>What Linux still holds of the bytes that a socket was given.</summary>
internal static partial class SendQueue
{
    /// <summary>Linux' <c>SIOCOUTQ</c>, include/uapi/linux/sockios.h.</summary>
    private const nuint BytesUnacknowledged = 0x5411;

    /// <summary>
    /// The bytes that the peer's machine has not acknowledged yet, for a socket whose sending side was shut down. The FIN counts as
    /// one byte in the kernel and is not waited for: a peer may delay that acknowledgement until it has something to say. Elsewhere
    /// than on Linux this cannot be asked, and the kernel's having taken the bytes must do.
    /// </summary>
    /// <exception cref="SocketException">The connection broke, and these bytes are lost.</exception>
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
