using Dftp.FileSystem;
using Dftp.Http.Archives;
using Dftp.Http.Files;
using Dftp.Http.Listings;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http;

/// <summary>Answers <c>/fs/</c>: a directory with its listing or an archive, a file with its content.</summary>
internal sealed class TreeHandler(FileAnswer files, ArchiveAnswer archives)
{
    public Task AnswerAsync(TreeRequest request)
    {
        var finding = request.Snapshot.FindAsync(request.Path, request.Aborted);
        return finding.IsCompletedSuccessfully ? AnswerAsync(request, finding.Result) : AnswerFoundAsync(request, finding);
    }

    private async Task AnswerFoundAsync(TreeRequest request, ValueTask<Entry?> finding) => await AnswerAsync(request, await finding);

    private Task AnswerAsync(TreeRequest request, Entry? found)
    {
        if (found is not { } entry)
            return request.Completeness.WriteNotFoundAsync(request.Http, $"Nothing is at {request.Path}.");
        if (entry.IsDirectory)
        {
            // The listing's links are relative, so the directory's URL must end with a slash.
            if (!request.Target.EndsWithSlash) return PlainText.RedirectToDirectoryAsync(request);
            var isArchive = request.Target.Query.Length > 0 && request.Http.Request.Query.ContainsKey("archive");
            return isArchive ? archives.AnswerAsync(request) : DirectoryAnswer.AnswerAsync(request);
        }

        return request.Target.EndsWithSlash
            ? PlainText.WriteAsync(
                request.Http, StatusCodes.Status404NotFound, $"{request.Path} is a file: ask for it without the slash at the end.")
            : files.AnswerAsync(request, entry);
    }
}
