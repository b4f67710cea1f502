using System.Buffers;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Dftp.FileSystem;

namespace Dftp.Ftp.Data;

/// <summary>Linux' <c>sendfile(2)</c>: from the page cache to the socket without a copy in this process.</summary>
internal static partial class SendFile
{
    /// <summary>One call's worth: enough that the call costs nothing beside it, little enough that a stop is seen soon.</summary>
    private const int ChunkBytes = 1024 * 1024;

    /// <summary>What is sent by the framework when the socket is full, in order to wait by its readiness loop.</summary>
    private const int WaitBytes = 64 * 1024;

    // Linux' include/uapi/asm-generic/errno.h.
    private const int Interrupted = 4, InputOutput = 5, TryAgain = 11, Invalid = 22, BrokenPipe = 32, NoSuchCall = 38, Unsupported = 95,
        ConnectionReset = 104, TimedOut = 110;

    /// <summary>A 64-bit <c>off_t</c> is taken for granted below.</summary>
    public static bool IsAvailable => OperatingSystem.IsLinux() && nint.Size == 8;

    /// <inheritdoc cref="RegionSender"/>
    public static async Task SendAsync(Socket socket, FileRegion region, Transfer transfer)
    {
        // The framework switches a socket over at its first asynchronous operation, and this one may have had none.
        socket.Blocking = false;
        var (offset, end) = (region.Offset, region.Offset + region.Length);
        while (offset < end)
        {
            var before = offset;
            var sent = Send(socket.SafeHandle, region.Handle, ref offset, (nint)Math.Min(ChunkBytes, end - offset));
            if (sent == 0) throw RegionCopy.BecameShorter();
            if (sent < 0)
            {
                switch (Marshal.GetLastPInvokeError())
                {
                    case Interrupted:
                        continue;
                    case TryAgain:
                        offset += await SendPieceAsync(socket, region with { Offset = offset, Length = end - offset }, transfer);
                        break;
                    case Invalid or NoSuchCall or Unsupported:
                        // The file system has no way to give its pages to a socket.
                        await RegionCopy.SendAsync(socket, region with { Offset = offset, Length = end - offset }, transfer);
                        return;
                    case BrokenPipe or ConnectionReset:
                        throw new SocketException((int)SocketError.ConnectionReset);
                    case TimedOut:
                        throw new SocketException((int)SocketError.TimedOut);
                    case InputOutput:
                        throw new FileContentException(new FileError(FileErrorKind.Failed, "the disk could not be read"));
                    case var error:
                        throw new FileContentException(new FileError(FileErrorKind.Failed, Marshal.GetPInvokeErrorMessage(error)));
                }
            }

            await transfer.MovedAsync(offset - before, isAll: offset == end);
        }
    }

    private static async ValueTask<int> SendPieceAsync(Socket socket, FileRegion rest, Transfer transfer)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(WaitBytes);
        try
        {
            var read = RegionCopy.Read(rest, buffer.AsMemory(0, WaitBytes));
            for (var sent = 0; sent < read;)
            {
                sent += await socket.SendAsync(buffer.AsMemory(sent, read - sent), SocketFlags.None, transfer.Stopped);
            }

            return read;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    [LibraryImport("libc", EntryPoint = "sendfile", SetLastError = true)]
    private static partial nint Send(SafeHandle socket, SafeHandle file, ref long offset, nint count);
}
