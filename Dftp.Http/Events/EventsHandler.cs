using System.Buffers;
using Dftp.FileSystem;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Dftp.Http.Events;

/// <summary>
/// Answers <c>/events/</c>: the changes of the tree as they happen, in the format of the HTML standard's section 9.2 (server-sent
/// events), until the client or the node leaves.
/// </summary>
internal sealed class EventsHandler(TimeProvider time)
{
    private const string LastEventId = "Last-Event-ID";

    private const int MaxAtOnce = 64;

    /// <summary>"Authors are advised to include a comment line every 15 seconds or so": old proxies drop idle connections.</summary>
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);

    public async Task AnswerAsync(TreeRequest request)
    {
        var asked = request.Http.Request.Query["under"];
        var under = request.Path;
        if (asked is not ([] or [""]) && (asked is not [{ } text] || !request.Path.TryResolve(text, out under)))
        {
            await PlainText.WriteAsync(request.Http, StatusCodes.Status400BadRequest, "under is the path of a directory.");
            return;
        }

        var after = PlaceOf(request.Http.Request);
        using var reader = request.Tree.Follow(after);
        if (reader is null)
        {
            await PlainText.WriteAsync(request.Http, StatusCodes.Status404NotFound, "Only the whole tree has events.");
            return;
        }

        var response = request.Http.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no"; // Asks an nginx in between not to gather.
        request.Completeness.AddPartialResultHeaders(response);
        if (request.IsHead) return;

        // An endless stream would keep the node from stopping.
        var stopping = request.Http.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(request.Aborted, stopping);
        try
        {
            await SendAsync(response, reader, under, isNew: after is null, stop.Token);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The client reconnects by itself, to this node or another one.
        }
    }

    /// <summary>The header wins: a reconnecting client sends it in addition to its original URL.</summary>
    private static TreeEventId? PlaceOf(HttpRequest request)
    {
        var text = request.Headers.TryGetValue(LastEventId, out var header) && header is [{ Length: > 0 } sent]
            ? sent
            : request.Query["last-event-id"].ToString();
        if (text.Length == 0) return null;
        // An id that is not one of ours is treated as a position that is lost.
        return TreeEventId.TryParse(text, out var place) ? place : default(TreeEventId);
    }

    /// <remarks>While nothing happens, and while the client does not read, only the position is kept.</remarks>
    private async Task SendAsync(HttpResponse response, TreeEventReader reader, VirtualPath under, bool isNew, CancellationToken stop)
    {
        var told = new TreeEventId(0, -1);
        var first = EventText.Beginning + (isNew ? EventText.Place(told = reader.Position) : "");
        if (!await WriteAsync(response, first, stop)) return;
        while (true)
        {
            var news = reader.WaitAsync(stop);
            while (!await IsInTimeAsync(news, stop))
            {
                var place = reader.Position != told ? EventText.Place(told = reader.Position) : "";
                if (!await WriteAsync(response, EventText.KeepAlive + place, stop)) return;
            }

            var events = reader.Read(MaxAtOnce, out var isCut);
            if (isCut && !await WriteAsync(response, EventText.Reset(told = reader.Position), stop)) return;
            if (!await WriteAsync(response, reader.Position.Incarnation, events.Where(change => change.Concerns(under)), stop)) return;
            if (events.Count > 0 && events[^1].Concerns(under)) told = reader.Position;
        }
    }

    private async Task<bool> IsInTimeAsync(Task news, CancellationToken stop)
    {
        if (!news.IsCompleted)
        {
            using var enough = CancellationTokenSource.CreateLinkedTokenSource(stop);
            var silence = Task.Delay(KeepAlive, time, enough.Token);
            if (await Task.WhenAny(news, silence) == silence && silence.IsCompletedSuccessfully) return false;
            await enough.CancelAsync();
        }

        await news;
        return true;
    }

    private static async Task<bool> WriteAsync(HttpResponse response, long incarnation, IEnumerable<TreeEvent> events, CancellationToken stop)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(EventText.MaxEvent);
        try
        {
            foreach (var change in events)
            {
                var length = EventText.Write(buffer, incarnation, change);
                var flushed = await response.BodyWriter.WriteAsync(buffer.AsMemory(0, length), stop);
                if (flushed.IsCompleted) return false;
            }

            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async Task<bool> WriteAsync(HttpResponse response, string text, CancellationToken stop) =>
        !(await response.BodyWriter.WriteAsync(System.Text.Encoding.ASCII.GetBytes(text), stop)).IsCompleted;
}
