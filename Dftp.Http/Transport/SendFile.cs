using System.Net.Sockets;
using System.Runtime.InteropServices;
using Dftp.FileSystem;

namespace Dftp.Http.Transport;

/// <summary>Linux' <c>sendfile(2)</c>: from the page cache to a socket without a copy in this process.</summary>
internal static partial class SendFile
{
    // Linux' include/uapi/asm-generic/errno.h.
    private const int Interrupted = 4, InputOutput = 5, TryAgain = 11, Invalid = 22, NoSuchCall = 38, Unsupported = 95;

    /// <summary>A 64-bit <c>off_t</c> is taken for granted below.</summary>
    public static bool IsAvailable => OperatingSystem.IsLinux() && nint.Size == 8;

    /// <summary>Sends as much of a region as the socket has room for.</summary>
    /// <param name="socket">It must not block.</param>
    /// <param name="region">Not empty; at most as long as one call is to take.</param>
    /// <param name="sent">At least 1 when the result is <see cref="SendFileResult.Sent"/>, otherwise 0.</param>
    /// <exception cref="ObjectDisposedException">The socket or the file has been closed.</exception>
    public static SendFileResult Send(Socket socket, FileRegion region, out int sent)
    {
        while (true)
        {
            var offset = region.Offset;
            var result = Send(socket.SafeHandle, region.Handle, ref offset, (nint)region.Length);
            sent = (int)Math.Max(result, 0);
            if (result > 0) return SendFileResult.Sent;
            if (result == 0) return SendFileResult.EndOfFile;
            switch (Marshal.GetLastPInvokeError())
            {
                case Interrupted: continue;
                case TryAgain: return SendFileResult.SocketIsFull;
                case Invalid or NoSuchCall or Unsupported: return SendFileResult.Unsupported;
                case InputOutput: return SendFileResult.DiskFailed;
                default: return SendFileResult.SocketFailed;
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "sendfile", SetLastError = true)]
    private static partial nint Send(SafeHandle socket, SafeHandle file, ref long offset, nint count);
}

internal enum SendFileResult
{
    Sent,

    /// <summary>Nothing went out; it will when the client has read.</summary>
    SocketIsFull,

    /// <summary>The file ends before the region.</summary>
    EndOfFile,

    /// <summary>The file system has no way to give its pages to a socket.</summary>
    Unsupported,
    DiskFailed,
    SocketFailed,
}
