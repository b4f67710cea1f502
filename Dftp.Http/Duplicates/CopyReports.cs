using Dftp.FileSystem;
using Dftp.Http.Search;
using Dftp.Http.Text;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http.Duplicates;

/// <summary>
/// Answers <c>/duplicates/</c> (content on several nodes) and <c>/unique/</c> (content on one node only). Copies are compared by
/// content over all holders; paths do not matter. The query is that of <c>/find/</c>: it selects the copies to report, which are
/// compared with all others.
/// </summary>
internal sealed class CopyReports
{
    /// <summary>The maximum of concurrent reports: each holds about 50 bytes per compared file in memory.</summary>
    private const int MaxAtOnce = 4;

    private const int RetrySeconds = 10;

    private int _running;

    public Task AnswerDuplicatesAsync(TreeRequest request) => AnswerAsync(request, isUnique: false);

    public Task AnswerUniqueAsync(TreeRequest request) => AnswerAsync(request, isUnique: true);

    private async Task AnswerAsync(TreeRequest request, bool isUnique)
    {
        if (!FindQuery.TryRead(request.Http.Request, request.Path, out var query, out var complaint) || query.Search.IsDirectory != false)
        {
            await PlainText.WriteAsync(
                request.Http, StatusCodes.Status400BadRequest, complaint ?? "Only files have content to compare: type is file.");
            return;
        }

        if (await request.Snapshot.FindAsync(query.Search.Under, request.Aborted) is null)
        {
            await request.Completeness.WriteNotFoundAsync(request.Http, $"Nothing is at {query.Search.Under}.");
            return;
        }

        try
        {
            if (Interlocked.Increment(ref _running) > MaxAtOnce)
            {
                PlainText.RetryAfter(request.Http.Response, RetrySeconds);
                await PlainText.WriteAsync(
                    request.Http, StatusCodes.Status503ServiceUnavailable,
                    $"{MaxAtOnce} such reports are being made at this moment; try again.");
                return;
            }

            var response = request.Http.Response;
            response.ContentType = query.Format == FindFormat.Json ? "application/x-ndjson" : PlainText.ContentType;
            response.Headers.CacheControl = "no-store";
            request.Completeness.AddPartialResultHeaders(response);
            if (request.IsHead) return;
            await response.StartAsync(request.Aborted);
            // As for a search: the thread that reads the connection must stay free to notice that the client has left.
            await Task.Yield();
            await SendAsync(request, query, isUnique);
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    /// <remarks>
    /// 1. Sizes distinguish most copies. Copies whose size occurs on one node only are unique and are reported at once.
    /// 2. The others are compared and reported as results arrive. When the request ends for any reason, the comparison is cancelled.
    /// </remarks>
    private static async Task SendAsync(TreeRequest request, FindQuery query, bool isUnique)
    {
        var output = new Utf8Output(request.Http.Response.BodyWriter);
        var lines = new CopyLines(output, query.Format == FindFormat.Json, request.Aborted);
        var left = query.Search.Limit ?? int.MaxValue;

        // 1.
        var groups = await SizeGroups.OfAsync(request.Snapshot, query.Search, request.Aborted);
        if (isUnique)
        {
            await foreach (var copy in groups.UniqueBySizeAsync(request.Aborted))
            {
                if (left-- == 0 || !await lines.AppendAsync(new SameContent(null, [copy], 1))) break;
            }
        }

        // 2.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(request.Aborted);
        var results = new Comparison(request.Tree, request.Client).Start(groups.BySizeAsync(stop.Token), stop.Token, out var work);
        try
        {
            while (left > 0)
            {
                if (!results.TryRead(out var result))
                {
                    if (!await lines.SendAsync() || !await results.WaitToReadAsync(stop.Token)) break;
                    continue;
                }

                if (!IsReported(result, query.Search, isUnique)) continue;
                if (!await lines.AppendAsync(result)) break;
                left--;
            }
        }
        finally
        {
            await stop.CancelAsync();
            await work;
        }

        output.Complete();
    }

    private static bool IsReported(SameContent result, SearchQuery query, bool isUnique) =>
        result.Failure is not null
        || (isUnique == (result.Nodes == 1) && result.Copies.Any(copy => SizeGroups.IsSought(query, copy.ToStep())));
}
