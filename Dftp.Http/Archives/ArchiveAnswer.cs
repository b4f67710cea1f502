using System.IO.Compression;
using Dftp.FileSystem;
using Dftp.Http.Files;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Dftp.Http.Archives;

/// <summary>Answers <c>?archive=</c> of a directory: streams everything below it as one file.</summary>
/// <param name="thisNode">The name of this node.</param>
/// <param name="log">Gets the reason when an archive breaks off.</param>
internal sealed class ArchiveAnswer(NodeName thisNode, ILogger log)
{
    private const string ErrorsList = "list";

    /// <remarks>
    /// An unreadable file ends the archive, unless the client asks for the rest (<c>errors=list</c>). Before the first byte, the
    /// client gets a status and a sentence; this node's own files are probed for that. Later, only the aborted connection shows
    /// that the archive is incomplete.
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
            await PlainText.WriteAsync(
                request.Http, error with { Message = $"{error.Message}; errors=list gives an archive of the rest" });
            return;
        }

        var response = request.Http.Response;
        response.ContentType = type;
        response.Headers.ContentDisposition = AttachmentName.Of($"{source.Top}.{extension}");
        request.Completeness.AddPartialResultHeaders(response);
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
            // The client has left, so there is no one to answer.
        }
        catch (IOException broken)
        {
            // Only a connection that ends before the body shows the client that the archive is incomplete.
            if (!request.Aborted.IsCancellationRequested) Log.BodyBrokenOff(log, request.Path, broken.Message);
            request.Http.Abort();
        }
    }

    private static async Task WriteTarGzAsync(ArchiveSource source, Stream output)
    {
        // Not disposed of when the archive breaks off: disposal would write the end of a complete archive.
        var gzip = new GZipStream(output, CompressionLevel.Fastest, leaveOpen: true);
        await TarArchive.WriteAsync(source, gzip);
        await gzip.DisposeAsync();
    }
}
