using System.IO.Pipelines;
using Dftp.FileSystem;
using Dftp.Ftp.Control;
using Dftp.Ftp.Data;
using Dftp.Ftp.Listing;

namespace Dftp.Ftp.Commands;

/// <summary>LIST, NLST and MLSD. Each is answered from one snapshot and rendered while it is sent.</summary>
internal static class Listings
{
    public static readonly Reply NothingThere = new(550, "No such file or directory");

    public static async ValueTask<Reply> List(FtpSession session, string argument)
    {
        var tree = session.Tree.Snapshot;
        var found = await ListingRequest.FindAsync(tree, session.State.Directory, argument);
        if (await Look.AtRequestAsync(session, found) is not { } request) return NothingThere;
        var now = session.Context.Time.GetUtcNow();
        return await SendAsync(session, "LIST", request.Path, output => UnixListing.WriteAsync(output, tree, request, now));
    }

    public static async ValueTask<Reply> Nlst(FtpSession session, string argument)
    {
        var tree = session.Tree.Snapshot;
        return await ListingRequest.FindAsync(tree, session.State.Directory, argument) is { } request
            ? await SendAsync(session, "NLST", request.Path, output => NameListing.WriteAsync(output, tree, request))
            : NothingThere;
    }

    /// <summary>RFC 3659, section 7: a directory and no options; 501 for a file.</summary>
    public static async ValueTask<Reply> Mlsd(FtpSession session, string argument)
    {
        var tree = session.Tree.Snapshot;
        if (!session.State.Directory.TryResolve(argument, out var path) || await tree.FindAsync(path) is not { } entry) return NothingThere;
        if (!entry.IsDirectory) return new Reply(501, $"{path} is not a directory");
        var format = FactLine.For(path, session.State.Facts);
        return await SendAsync(session, "MLSD", path, async output =>
        {
            await output.WriteAsync(tree.ListAsync(path), format);
            await output.FlushAsync();
        });
    }

    private static ValueTask<Reply> SendAsync(FtpSession session, string verb, VirtualPath path, Func<ListingOutput, Task> listing) =>
        session.TransferAsync(transfer => new DataTransfer(session, transfer, verb, path).RunAsync(
            $"Listing {path}",
            connection => SendAsync(connection, transfer, listing)));

    private static async Task SendAsync(DataConnection connection, Transfer transfer, Func<ListingOutput, Task> listing)
    {
        var writer = PipeWriter.Create(connection.Stream, new StreamPipeWriterOptions(minimumBufferSize: 64 * 1024, leaveOpen: true));
        Exception? failure = null;
        try
        {
            await listing(new ListingOutput(writer, async bytes =>
            {
                await writer.FlushAsync(transfer.Stopped);
                await transfer.MovedAsync(bytes, isAll: false);
            }));
        }
        catch (Exception e)
        {
            failure = e;
            throw;
        }
        finally
        {
            // The failure makes the writer discard the rest of its buffer.
            await writer.CompleteAsync(failure);
        }
    }
}
