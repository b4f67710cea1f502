using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Dftp.Ftp.Data;

/// <summary>What Linux still holds of the bytes that a socket was given.</summary>
internal static partial class SendQueue
{
    /// <summary>Linux' <c>SIOCOUTQ</c>, include/uapi/linux/sockios.h.</summary>
    private const nuint BytesUnacknowledged = 0x5411;

    /// <summary>
    /// Whether the peer's machine has acknowledged every byte of a socket whose sending side was shut down. Its FIN counts as one
    /// byte and is not waited for: a peer may delay that acknowledgement until it has something to say. Elsewhere than on Linux
    /// this cannot be asked, and the kernel's having taken the bytes must do.
    /// </summary>
    /// <exception cref="SocketException">The connection broke before that.</exception>
    public static bool IsAcknowledged(Socket socket)
    {
        const int fin = 1;
        if (!OperatingSystem.IsLinux()) return true;
        if (Ask(socket.SafeHandle, BytesUnacknowledged, out var bytes) != 0) throw new SocketException((int)SocketError.NotConnected);
        if (bytes <= fin) return true;
        return socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error) is int and not 0
            ? throw new SocketException((int)SocketError.ConnectionReset)
            : false;
    }

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int Ask(SafeHandle socket, nuint request, out int value);
}
