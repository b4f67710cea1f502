using Dftp.FileSystem;
using Dftp.Ftp.Data;
using Dftp.Ftp.Listing;

namespace Dftp.Ftp.Commands;

/// <summary>
/// The present facts of a file, from its holder's disk. The tree can lag behind the disk, and a client that compares SIZE with what RETR
/// sends would take the file for complete. To the session a look is a transfer: it ends by ABOR and with the control connection.
/// </summary>
internal static class Look
{
    /// <param name="session">Gives the tree.</param>
    /// <param name="path">The file's path.</param>
    /// <param name="entry">What the tree says of the file.</param>
    /// <returns>The present facts; or the error that RETR would meet.</returns>
    public static ValueTask<(Entry Now, FileError? Error)> AtFileAsync(FtpSession session, VirtualPath path, Entry entry) =>
        session.TransferAsync(transfer => OpenAsync(session.Context.Tree, path, entry, transfer));

    /// <summary>
    /// For MLST, STAT and LIST, which show of one file what a listing shows: also a file that cannot be read at present, with what the tree
    /// says of it.
    /// </summary>
    /// <returns>The entry to show, a directory as it was passed; null where the file no longer exists.</returns>
    public static async ValueTask<Entry?> AtEntryAsync(FtpSession session, VirtualPath path, Entry entry)
    {
        if (entry.IsDirectory) return entry;
        var (now, error) = await AtFileAsync(session, path, entry);
        return error?.Kind == FileErrorKind.NotFound ? null : now;
    }

    /// <inheritdoc cref="AtEntryAsync(FtpSession, VirtualPath, Entry)"/>
    public static async ValueTask<ListingRequest?> AtRequestAsync(FtpSession session, ListingRequest? request)
    {
        if (request is not { IsEntryItself: true }) return request;
        return await AtEntryAsync(session, request.Path, request.Entry) is { } now ? request with { Entry = now } : null;
    }

    private static async Task<(Entry Now, FileError? Error)> OpenAsync(IFileTree tree, VirtualPath path, Entry entry, Transfer transfer)
    {
        var range = entry.Size == 0 ? ByteRange.Whole(entry) : new ByteRange(0, 1);
        OpenResult opened;
        try
        {
            opened = await tree.OpenAsync(path, entry, range, transfer.Stopped);
        }
        catch (OperationCanceledException) when (transfer.Stopped.IsCancellationRequested)
        {
            return (entry, new FileError(FileErrorKind.Unreachable, $"{path} was not looked at: {transfer.StopReason}"));
        }

        if (opened.Content is { } content) await content.DisposeAsync();
        return (opened.IsStale(out var now) ? now : entry, opened.Error);
    }
}
