using System.Buffers;
using Dftp.FileSystem;
using Dftp.Sockets;

namespace Dftp.Ftp.Data;

/// <summary>Sends a content byte for byte over a data connection without TLS, and reports progress to the transfer.</summary>
internal static class ContentSender
{
    /// <summary>The size of a piece that is read and sent from memory.</summary>
    public const int BufferBytes = 256 * 1024;

    /// <param name="sender">The data connection's.</param>
    /// <param name="content">Not read yet.</param>
    /// <param name="transfer">Counts what was sent; its token ends the sending.</param>
    /// <exception cref="FileContentException">The content could not be read to its end.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">The client has gone.</exception>
    /// <exception cref="OperationCanceledException">The transfer was stopped.</exception>
    public static async Task SendAsync(SocketSender sender, FileContent content, Transfer transfer)
    {
        for (var left = content.Length; left > 0;)
        {
            var sent = content.Region is { } region
                ? await SendFileAsync(sender, region with { Offset = region.Offset + content.Length - left, Length = left }, transfer.Stopped)
                : await SpliceAsync(sender, content, left, transfer.Stopped);
            if (sent == 0) sent = await CopyAsync(sender, content, transfer.Stopped);
            left -= sent;
            await transfer.MovedAsync(sent, isAll: left == 0);
        }
    }

    public static FileContentException BecameShorter() => new(new FileError(FileErrorKind.Failed, SocketSender.BecameShorter().Message));

    private static async ValueTask<int> SendFileAsync(SocketSender sender, FileRegion rest, CancellationToken stopped)
    {
        try
        {
            return await sender.SendFileAsync(rest.Handle, rest.Offset, rest.Length, stopped);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FileContentException(new FileError(FileErrorKind.Failed, e.Message), e);
        }
    }

    private static async ValueTask<int> SpliceAsync(SocketSender sender, FileContent content, long left, CancellationToken stopped)
    {
        if (sender.Pending == 0 && (content is not ISpliceSource source || await sender.FillAsync(source, left, stopped) == 0)) return 0;
        return await sender.DrainAsync(stopped);
    }

    private static async ValueTask<int> CopyAsync(SocketSender sender, FileContent content, CancellationToken stopped)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            var read = await content.ReadAsync(buffer, stopped);
            if (read == 0) throw BecameShorter();
            await sender.SendAsync(buffer.AsMemory(0, read), stopped);
            return read;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
