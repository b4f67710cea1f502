using Dftp.FileSystem;
using Dftp.Ftp.Data;
using Dftp.Ftp.Listing;

namespace Dftp.Ftp.Commands;

/// <summary>
/// Reads the current facts of a file from its holder's disk. The tree can lag behind the disk, and a client that relies on a stale SIZE
/// takes a truncated file for complete. The session treats a look as a transfer: ABOR and the end of the control connection stop it.
/// </summary>
internal static class Look
{
    /// <param name="session">Holds the tree.</param>
    /// <param name="path">The file's path.</param>
    /// <param name="entry">The file's entry in the tree.</param>
    /// <returns>The current facts; or the error that RETR would meet.</returns>
    public static ValueTask<(Entry Now, FileError? Error)> AtFileAsync(FtpSession session, VirtualPath path, Entry entry) =>
        session.TransferAsync(transfer => LookAsync(session.Tree, path, entry, transfer));

    /// <summary>
    /// As <see cref="AtFileAsync"/>, for MLST, STAT and LIST of one entry. Like a listing, they also show a file that cannot be read, with
    /// its facts in the tree, and directories.
    /// </summary>
    /// <returns>The entry to show; null if the file no longer exists.</returns>
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

    private static async Task<(Entry Now, FileError? Error)> LookAsync(ITreeView tree, VirtualPath path, Entry entry, Transfer transfer)
    {
        try
        {
            var looked = await tree.LookAsync(path, entry, transfer.Stopped);
            return (looked.Error is null ? looked.Facts : entry, looked.Error);
        }
        catch (OperationCanceledException) when (transfer.Stopped.IsCancellationRequested)
        {
            return (entry, new FileError(FileErrorKind.Unreachable, $"{path} was not looked at: {transfer.StopReason}"));
        }
    }
}
