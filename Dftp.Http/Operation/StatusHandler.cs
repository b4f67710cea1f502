using System.Buffers;
using System.Text.Json;
using Dftp.Routes;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http.Operation;

/// <summary>Answers <c>/status/</c>: the node's status report, as JSON.</summary>
internal sealed class StatusHandler(Action<Utf8JsonWriter>? writeStatus)
{
    public async Task AnswerAsync(RoutedRequest request)
    {
        if (writeStatus is null)
        {
            await PlainText.WriteAsync(request.Http, StatusCodes.Status404NotFound, "This node gives no report of itself.");
            return;
        }

        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body, new JsonWriterOptions { Indented = true })) writeStatus(json);
        var response = request.Http.Response;
        response.ContentType = "application/json";
        response.ContentLength = body.WrittenCount;
        response.Headers.CacheControl = "no-store";
        if (!request.IsHead) await response.Body.WriteAsync(body.WrittenMemory, request.Aborted);
    }
}
