using System.Buffers;
using System.Globalization;
using Dftp.FileSystem;
using Dftp.Ftp.Control;
using Dftp.Ftp.Data;

namespace Dftp.Ftp.Commands;

/// <summary>RETR, and the end of it by ABOR.</summary>
internal static class Retrieval
{
    /// <summary>
    /// 1. Finds the file; 550 where there is none.
    /// 2. Opens it from REST's offset on, as it is by then; 554 past its end.
    /// 3. Sends it.
    /// </summary>
    public static async ValueTask<Reply> Retr(FtpSession session, string argument)
    {
        // 1
        var offset = session.State.TakeRestartOffset();
        var (path, entry, missing) = await Navigation.FindAsync(session, argument);
        if (missing is not null) return missing;

        return await session.TransferAsync(async transfer =>
        {
            // 2
            var (content, refusal) = await OpenAsync(session, path, entry, offset, transfer);
            if (content is null) return refusal!;

            // 3
            await using (content)
            {
                var isAscii = session.State.Type == RepresentationType.Ascii;
                return await new DataTransfer(session, transfer, "RETR", path).RunAsync(
                    Announcement(path, content, isAscii),
                    connection => SendAsync(connection, content, isAscii, transfer));
            }
        });
    }

    /// <summary>
    /// When it is carried out no transfer runs: either none did, or its coming has stopped it and 426 is written. RFC 959: the
    /// reply is then 226, and a data connection that is open is closed.
    /// </summary>
    public static Reply Abor(FtpSession session, string argument) => new(226, "Nothing is being transferred any more");

    private static async Task<(FileContent? Content, Reply? Refusal)> OpenAsync(
        FtpSession session, VirtualPath path, Entry entry, long offset, Transfer transfer)
    {
        if (entry.IsDirectory) return (null, new Reply(550, $"{path} is a directory"));
        OpenResult opened;
        try
        {
            // In TYPE A, too, the offset counts the file's own bytes: that is what clients have on disk when they resume.
            opened = await session.Tree.OpenAsync(path, entry, RangeSpec.From(offset), transfer.Stopped);
        }
        catch (OperationCanceledException) when (transfer.Stopped.IsCancellationRequested)
        {
            return (null, new Reply(426, $"Transfer aborted: {transfer.StopReason}"));
        }

        if (opened.Content is { } content) return (content, null);
        if (opened.Error is { } error)
        {
            FtpLog.TransferFailed(session.Context.Log, "RETR", path, session.Remote, 0, error.Message);
            return (null, FileErrorReply.For(error));
        }

        var size = opened.Facts.Size.ToString(CultureInfo.InvariantCulture);
        return (null, new Reply(554, $"REST is past the end: {path} has {size} bytes"));
    }

    private static string Announcement(VirtualPath path, FileContent content, bool isAscii) => isAscii
        ? $"Sending {path} as text"
        : string.Create(CultureInfo.InvariantCulture, $"Sending {path} ({content.Length} bytes)");

    private static async Task SendAsync(DataConnection connection, FileContent content, bool isAscii, Transfer transfer)
    {
        if (isAscii || connection.IsSecure)
        {
            await CopyAsync(connection.Stream, content, isAscii ? new NetworkLineEndings() : null, transfer);
            return;
        }

        using var sender = connection.CreateSender();
        await ContentSender.SendAsync(sender, content, transfer);
    }

    private static async Task CopyAsync(Stream output, FileContent content, NetworkLineEndings? lineEndings, Transfer transfer)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(ContentSender.BufferBytes);
        var converted = lineEndings is null ? [] : ArrayPool<byte>.Shared.Rent(2 * buffer.Length);
        try
        {
            for (var left = content.Length; left > 0;)
            {
                var read = await content.ReadAsync(buffer, transfer.Stopped);
                if (read == 0) throw ContentSender.BecameShorter();
                var piece = lineEndings is null
                    ? buffer.AsMemory(0, read)
                    : converted.AsMemory(0, lineEndings.Convert(buffer.AsSpan(0, read), converted));
                await output.WriteAsync(piece, transfer.Stopped);
                left -= read;
                await transfer.MovedAsync(piece.Length, isAll: left == 0);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            if (converted.Length > 0) ArrayPool<byte>.Shared.Return(converted);
        }
    }
}
