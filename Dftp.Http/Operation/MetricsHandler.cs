using System.Buffers;
using Dftp.Routes;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http.Operation;

/// <summary>Answers <c>/metrics</c>: the node's metrics in Prometheus' text format.</summary>
internal sealed class MetricsHandler(Action<IBufferWriter<byte>>? writeMetrics)
{
    private const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public async Task AnswerAsync(RoutedRequest request)
    {
        if (writeMetrics is null)
        {
            await PlainText.WriteAsync(request.Http, StatusCodes.Status404NotFound, "This node gives no figures of itself.");
            return;
        }

        var body = new ArrayBufferWriter<byte>(16 * 1024);
        writeMetrics(body);
        var response = request.Http.Response;
        response.ContentType = ContentType;
        response.ContentLength = body.WrittenCount;
        response.Headers.CacheControl = "no-store";
        if (!request.IsHead) await response.Body.WriteAsync(body.WrittenMemory, request.Aborted);
    }
}
