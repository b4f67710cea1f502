using Dftp.FileSystem;
using Dftp.Http.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Dftp.Http.Search;

/// <summary>
/// Answers <c>/find/</c>: the paths of all files below a directory, or of the hits of a query, one per line. In JSON each line is
/// an object with the path and the members of a listing. A browser with a query gets a page.
/// </summary>
internal static class FindHandler
{
    public static async Task AnswerAsync(TreeRequest request)
    {
        var isUnderstood = FindQuery.TryRead(request.Http.Request, request.Path, out var query, out var complaint);
        FoundForm form = query.Format switch
        {
            FindFormat.Html => new FoundPage(request, complaint),
            FindFormat.Json => new FoundLine(isJson: true),
            _ => new FoundLine(isJson: false),
        };
        var response = request.Http.Response;
        response.Headers.Vary = HeaderNames.Accept;
        var under = query.Search.Under;
        Entry entry = default;
        if (!isUnderstood)
        {
            if (query.Format != FindFormat.Html)
            {
                await PlainText.WriteAsync(request.Http, StatusCodes.Status400BadRequest, complaint!);
                return;
            }

            response.StatusCode = StatusCodes.Status400BadRequest;
        }
        else if (await request.Snapshot.FindAsync(under, request.Aborted) is { } found)
        {
            entry = found;
        }
        else
        {
            await request.Completeness.WriteNotFoundAsync(request.Http, $"Nothing is at {under}.");
            return;
        }

        form.WriteHeaders(response);
        request.Completeness.AddPartialResultHeaders(response);
        if (request.IsHead) return;

        await response.StartAsync(request.Aborted);
        // Not on the thread that reads the connection, which must notice that the client has left, also in a search without hits.
        await Task.Yield();
        var search = query.Search with { Limit = query.Search.Limit ?? form.DefaultLimit };
        var hits = isUnderstood && entry.IsDirectory
            ? request.Snapshot.SearchAsync(search, request.Aborted)
            : Paged.Of<WalkEntry>(isUnderstood && search.Matches(entry) ? [new(under.Parent, entry)] : []);
        await SendAsync(hits, search.Limit, form, new Utf8Output(response.BodyWriter), request.Aborted);
    }

    private static async Task SendAsync(
        IAsyncEnumerable<ReadOnlyMemory<WalkEntry>> hits, int? limit, FoundForm form, Utf8Output output, CancellationToken aborted)
    {
        if (!await AppendAsync(output, form.Head(), aborted)) return;
        var found = 0;
        await foreach (var page in hits)
        {
            for (var index = 0; index < page.Length; index++)
            {
                if (!output.HasRoom(form.MaxLine) && !await output.MakeRoomAsync(form.MaxLine, aborted)) return;
                form.Append(output, page.Span[index]);
            }

            found += page.Length;
        }

        if (await AppendAsync(output, form.Tail(found, found == limit), aborted)) output.Complete();
    }

    private static async ValueTask<bool> AppendAsync(Utf8Output output, byte[] text, CancellationToken aborted)
    {
        if (!output.HasRoom(text.Length) && !await output.MakeRoomAsync(text.Length, aborted)) return false;
        output.Append(text);
        return true;
    }
}
