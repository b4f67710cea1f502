using System.Buffers;
using System.Net.Sockets;
using Dftp.FileSystem;

namespace Dftp.Ftp.Data;

/// <summary>Sends a region of a file and tells the transfer how it goes on.</summary>
/// <exception cref="FileContentException">The file could not be read, or has become shorter than the region.</exception>
/// <exception cref="SocketException">The peer has gone.</exception>
/// <exception cref="OperationCanceledException">The transfer was stopped.</exception>
internal delegate Task RegionSender(Socket socket, FileRegion region, Transfer transfer);

/// <summary>The framework's way of sending a file: through a buffer.</summary>
internal static class RegionCopy
{
    public const int BufferBytes = 256 * 1024;

    /// <summary>How regions are sent here.</summary>
    public static RegionSender Best { get; } = SendFile.IsAvailable ? SendFile.SendAsync : SendAsync;

    /// <inheritdoc cref="RegionSender"/>
    public static async Task SendAsync(Socket socket, FileRegion region, Transfer transfer)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            for (var (offset, end) = (region.Offset, region.Offset + region.Length); offset < end;)
            {
                var read = Read(region with { Offset = offset, Length = end - offset }, buffer);
                for (var sent = 0; sent < read;)
                {
                    sent += await socket.SendAsync(buffer.AsMemory(sent, read - sent), SocketFlags.None, transfer.Stopped);
                }

                offset += read;
                await transfer.MovedAsync(read, isAll: offset == end);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>
    /// Reads from the start of a region. Synchronous: on Linux the framework's asynchronous read takes a thread for just that.
    /// </summary>
    public static int Read(FileRegion region, Memory<byte> buffer)
    {
        int read;
        try
        {
            read = RandomAccess.Read(region.Handle, buffer.Span[..(int)Math.Min(buffer.Length, region.Length)], region.Offset);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FileContentException(new FileError(FileErrorKind.Failed, "the disk could not be read"), e);
        }

        return read > 0 ? read : throw BecameShorter();
    }

    public static FileContentException BecameShorter() =>
        new(new FileError(FileErrorKind.Failed, "the file became shorter while it was sent"));
}
