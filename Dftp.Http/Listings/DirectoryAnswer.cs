using Dftp.FileSystem;
using Dftp.Http.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Dftp.Http.Listings;

/// <summary>Answers GET and HEAD of a directory.</summary>
internal static class DirectoryAnswer
{
    private static readonly DirectoryTags Tags = new();

    /// <remarks>
    /// 1. Parse the format and the order.
    /// 2. Write the headers; a client that has this list already gets a 304.
    /// 3. Write the list in blocks.
    /// </remarks>
    public static async Task AnswerAsync(TreeRequest request)
    {
        // 1.
        if (!ListingQuery.TryRead(request.Http.Request, out var query, out var complaint))
        {
            await PlainText.WriteAsync(request.Http, StatusCodes.Status400BadRequest, complaint);
            return;
        }

        // 2.
        ListingForm form = query.Format switch
        {
            ListingFormat.Json => new JsonListing(),
            ListingFormat.Text => new NameListing(),
            _ => new HtmlListing(request, query),
        };
        var response = request.Http.Response;
        form.WriteHeaders(response);
        response.Headers.Vary = HeaderNames.Accept;
        response.Headers.CacheControl = "no-cache"; // Clients revalidate a list each time; the tag makes that cheap.
        request.Completeness.AddPartialResultHeaders(response);
        if (Tags.Of(request, query) is { } tag)
        {
            response.Headers.ETag = tag;
            if (DirectoryTags.IsKnown(request.Http.Request.Headers.IfNoneMatch, tag))
            {
                response.StatusCode = StatusCodes.Status304NotModified;
                return;
            }
        }

        // 3.
        if (request.IsHead) return;
        await response.StartAsync(request.Aborted);
        var entries = query.ArrangeAsync(request.Snapshot.ListAsync(request.Path, request.Aborted));
        await SendAsync(form, entries, new Utf8Output(response.BodyWriter), request.Aborted);
    }

    private static async Task SendAsync(
        ListingForm form, IAsyncEnumerable<ReadOnlyMemory<Entry>> entries, Utf8Output output, CancellationToken aborted)
    {
        var head = form.Head();
        if (!output.HasRoom(head.Length) && !await output.MakeRoomAsync(head.Length, aborted)) return;
        output.Append(head);
        var isFirst = true;
        await foreach (var page in entries)
        {
            for (var index = 0; index < page.Length; index++)
            {
                if (!output.HasRoom(form.MaxLine) && !await output.MakeRoomAsync(form.MaxLine, aborted)) return;
                AppendLine(form, output, page.Span[index], isFirst);
                isFirst = false;
            }
        }

        if (!output.HasRoom(form.Tail.Length) && !await output.MakeRoomAsync(form.Tail.Length, aborted)) return;
        output.Append(form.Tail.Span);
        output.Complete();
    }

    private static void AppendLine(ListingForm form, Utf8Output output, in Entry entry, bool isFirst)
    {
        var text = new Utf8Text(output.Room);
        form.AppendLine(ref text, entry, isFirst);
        output.Advance(text.Length);
    }
}
