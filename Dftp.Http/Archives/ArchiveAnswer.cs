using System.IO.Compression;
using Dftp.Http.Files;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Dftp.Http.Archives;

/// <summary>Answers <c>?archive=</c> of a directory: all that is below it as one file, written while it is read.</summary>
internal sealed class ArchiveAnswer(ILogger log)
{
    public async Task AnswerAsync(TreeRequest request)
    {
        var source = new ArchiveSource(request);
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
