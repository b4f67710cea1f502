using Dftp.Http.Files;
using Dftp.Http.Listings;
using Dftp.Http.Text;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http;

/// <summary>Answers <c>/fs/</c>: a directory by its listing, a file by its content.</summary>
internal sealed class TreeHandler(FileAnswer files)
{
    public Task AnswerAsync(TreeRequest request)
    {
        if (!request.Snapshot.TryFind(request.Path, out var entry))
        {
            return request.Completeness.WriteNotFoundAsync(request.Http, $"Nothing is at {request.Path}.");
        }

        if (entry.IsDirectory)
        {
            // The listing's links are relative to it, so its own URL has to end with a slash.
            return request.Target.EndsWithSlash
                ? DirectoryAnswer.AnswerAsync(request)
                : PlainText.RedirectToDirectoryAsync(request);
        }

        return request.Target.EndsWithSlash
            ? PlainText.WriteAsync(
                request.Http, StatusCodes.Status404NotFound, $"{request.Path} is a file: ask for it without the slash at the end.")
            : files.AnswerAsync(request, entry);
    }
}
