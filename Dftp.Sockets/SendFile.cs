using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Dftp.Sockets;

/// <summary>Linux' <c>sendfile(2)</c>: from the page cache to a socket without a copy in this process.</summary>
internal static partial class SendFile
{
    /// <summary>Results besides the number of bytes.</summary>
    public const int SocketIsFull = 0, Unsupported = -1;

    // Linux' include/uapi/asm-generic/errno.h.
    private const int Interrupted = 4, InputOutput = 5, TryAgain = 11, Invalid = 22, BrokenPipe = 32, NoSuchCall = 38, Unreachable = 101,
        Aborted = 103, Reset = 104, NotConnected = 107, TimedOut = 110, HostUnreachable = 113, NotSupported = 95;

    /// <summary>A 64-bit <c>off_t</c> is assumed below.</summary>
    public static bool IsAvailable => OperatingSystem.IsLinux() && nint.Size == 8;

    /// <summary>Sends as much as the socket has room for.</summary>
    /// <param name="socket">Non-blocking.</param>
    /// <param name="file">A regular file.</param>
    /// <param name="offset">Where the bytes begin.</param>
    /// <param name="count">At least 1.</param>
    /// <returns>
    /// The number of bytes; <see cref="SocketIsFull"/>; or <see cref="Unsupported"/> where the file system cannot give its pages to
    /// a socket.
    /// </returns>
    /// <exception cref="EndOfStreamException">The file ends before the offset.</exception>
    /// <exception cref="IOException">The file could not be read.</exception>
    /// <exception cref="SocketException">The connection has failed.</exception>
    /// <exception cref="ObjectDisposedException">The socket or the file was closed.</exception>
    public static int Send(SafeHandle socket, SafeFileHandle file, long offset, int count)
    {
        while (true)
        {
            var from = offset;
            var sent = Send(socket, file, ref from, count);
            if (sent > 0) return (int)sent;
            if (sent == 0) throw SocketSender.BecameShorter();
            switch (Marshal.GetLastPInvokeError())
            {
                case Interrupted: continue;
                case TryAgain: return SocketIsFull;
                case Invalid or NoSuchCall or NotSupported: return Unsupported;
                case TimedOut: throw new SocketException((int)SocketError.TimedOut);
                case BrokenPipe or Unreachable or Aborted or Reset or NotConnected or HostUnreachable:
                    throw new SocketException((int)SocketError.ConnectionReset);
                case InputOutput: throw new IOException("the disk could not be read");
                case var error: throw new IOException($"the file could not be read: {Marshal.GetPInvokeErrorMessage(error)}");
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "sendfile", SetLastError = true)]
    private static partial nint Send(SafeHandle socket, SafeHandle file, ref long offset, nint count);
}
