using Dftp.Routes;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http.Operation;

/// <summary>Answers health probes: <c>/healthz</c> (the process is alive) and <c>/readyz</c> (the node has files to serve).</summary>
internal sealed class HealthHandler(Func<bool> isReady)
{
    public static Task AnswerHealthAsync(RoutedRequest request) => AnswerAsync(request, StatusCodes.Status200OK, "ok");

    public Task AnswerReadinessAsync(RoutedRequest request) => isReady()
        ? AnswerAsync(request, StatusCodes.Status200OK, "ok")
        : AnswerAsync(request, StatusCodes.Status503ServiceUnavailable, "The first scan of this node's files has not ended yet.");

    private static Task AnswerAsync(RoutedRequest request, int status, string sentence)
    {
        request.Http.Response.Headers.CacheControl = "no-store";
        return PlainText.WriteAsync(request.Http, status, sentence);
    }
}
