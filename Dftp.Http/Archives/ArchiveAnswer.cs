using System.IO.Compression;
using Dftp.FileSystem;
using Dftp.Http.Files;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Dftp.Http.Archives;

/// <summary>Answers <c>?archive=</c> of a directory: all that is below it as one file, written while it is read.</summary>
/// <param name="thisNode">The name of this node.</param>
/// <param name="log">Where it says why an archive broke off.</param>
internal sealed class ArchiveAnswer(NodeName thisNode, ILogger log)
{
    private const string ErrorsList = "list";

    /// <remarks>
    /// A file that cannot be read ends the archive, unless the client asks to have the rest. Before the first byte that is a status and a
    /// sentence, and this node's own files are looked at for it; later only a connection that ends too early tells the client.
    /// </remarks>
    public async Task AnswerAsync(TreeRequest request)
    {
        var errors = request.Http.Request.Query["errors"];
        var source = new ArchiveSource(request, thisNode, leavesOut: errors is [ErrorsList]);
        var (type, extension) = request.Http.Request.Query["archive"] switch
        {
            ["tar"] => ("application/x-tar", "tar"),
            ["tar.gz"] => ("application/gzip", "tar.gz"),
            ["zip"] => ("application/zip", "zip"),
            _ => ("", ""),
        };
        if (type.Length == 0)
        {
            await PlainText.WriteAsync(request.Http, StatusCodes.Status400BadRequest, "archive is tar, tar.gz or zip.");
            return;
        }

        if (errors is not ([] or [ErrorsList]))
        {
            await PlainText.WriteAsync(request.Http, StatusCodes.Status400BadRequest, "errors is list, or is not given.");
            return;
        }

        if (errors is [] && await source.LookAheadAsync() is { } error)
        {
            await PlainText.WriteAsync(request.Http, error with { Message = $"{error.Message}; with errors=list the archive has all the rest" });
            return;
        }

        var response = request.Http.Response;
        response.ContentType = type;
        response.Headers.ContentDisposition = AttachmentName.Of($"{source.Top}.{extension}");
        request.Completeness.Tell(response);
        if (request.IsHead) return;

        await response.StartAsync(request.Aborted);
        try
        {
            await (extension switch
            {
                "tar" => TarArchive.WriteAsync(source, response.Body),
                "tar.gz" => WriteTarGzAsync(source, response.Body),
                _ => new StoredZip(source, response.BodyWriter).WriteAsync(),
            });
        }
        catch (ClientLeftException)
        {
            // Nobody is there to be told.
        }
        catch (IOException broken)
        {
            // Only a connection that ends before the body does tells the client that the archive is not whole.
            if (!request.Aborted.IsCancellationRequested) Log.BodyBrokenOff(log, request.Path, broken.Message);
            request.Http.Abort();
        }
    }

    private static async Task WriteTarGzAsync(ArchiveSource source, Stream output)
    {
        // Not disposed of when the archive breaks off: that would write the end of a whole one.
        var gzip = new GZipStream(output, CompressionLevel.Fastest, leaveOpen: true);
        await TarArchive.WriteAsync(source, gzip);
        await gzip.DisposeAsync();
    }
}
