using Dftp.FileSystem;
using Dftp.Http.Listings;
using Dftp.Http.Text;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http.Search;

/// <summary>
/// Answers <c>/find/</c>: the path of every file under a directory, a line each, or of what a query asks for. As JSON a line is an object
/// with the path and what a listing says of it.
/// </summary>
internal static class FindHandler
{
    /// <summary>Enough for a line of either form.</summary>
    private const int MaxLine = 2 * (VirtualPath.MaxPathBytes + VirtualPath.MaxNameBytes) + EntryJson.MaxFacts + 16;

    public static async Task AnswerAsync(TreeRequest request)
    {
        if (!FindQuery.TryRead(request.Http.Request, request.Path, out var query, out var complaint))
        {
            await PlainText.WriteAsync(request.Http, StatusCodes.Status400BadRequest, complaint);
            return;
        }

        var under = query.Search.Under;
        if (!request.Snapshot.TryFind(under, out var entry))
        {
            await request.Completeness.WriteNotFoundAsync(request.Http, $"Nothing is at {under}.");
            return;
        }

        var response = request.Http.Response;
        response.ContentType = query.IsJson ? "application/x-ndjson" : PlainText.ContentType;
        request.Completeness.Tell(response);
        if (request.IsHead) return;

        await response.StartAsync(request.Aborted);
        var hits = entry.IsDirectory
            ? request.Snapshot.Search(query.Search, request.Aborted)
            : query.Search.Filter([new WalkEntry(under.Parent, entry)], request.Aborted);
        await SendAsync(hits, new FoundLine(query.IsJson), new Utf8Output(response.BodyWriter), request.Aborted);
    }

    private static async Task SendAsync(IEnumerable<WalkEntry> hits, FoundLine line, Utf8Output output, CancellationToken aborted)
    {
        foreach (var hit in hits)
        {
            if (!output.HasRoom(MaxLine) && !await output.MakeRoomAsync(MaxLine, aborted)) return;
            line.Append(output, hit);
        }

        output.Complete();
    }
}
