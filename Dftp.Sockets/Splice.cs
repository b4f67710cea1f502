using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Dftp.Sockets;

/// <summary>Linux' <c>splice(2)</c>: between a socket and a pipe without a copy.</summary>
internal static partial class Splice
{
    // Linux' include/linux/splice.h.
    private const uint MovePages = 1, DoNotWait = 2;
    private const int Interrupted = 4, TryAgain = 11;

    /// <returns>The number of bytes; 0: the source has ended; -1: the source is empty or the target full.</returns>
    /// <exception cref="SocketException">The connection has failed.</exception>
    public static int Move(SafeHandle from, SafeHandle to, int most)
    {
        while (true)
        {
            var moved = Move(from, 0, to, 0, most, MovePages | DoNotWait);
            if (moved >= 0) return (int)moved;
            switch (Marshal.GetLastPInvokeError())
            {
                case Interrupted: continue;
                case TryAgain: return -1;
                default: throw new SocketException((int)SocketError.ConnectionReset);
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "splice", SetLastError = true)]
    private static partial nint Move(SafeHandle from, nint fromOffset, SafeHandle to, nint toOffset, nint count, uint flags);
}
