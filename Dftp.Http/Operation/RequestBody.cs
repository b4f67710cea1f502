using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Dftp.Http.Operation;

/// <summary>No request here needs a body. A small one is skipped, which keeps the connection; others are refused.</summary>
internal static class RequestBody
{
    private const long MaxBytes = 64 * 1024;

    /// <summary>The name under which the server keeps a Content-Length that Transfer-Encoding overrides.</summary>
    private const string OverriddenLength = "X-Content-Length";

    /// <returns>Null when the request can be answered.</returns>
    public static Task? Refuse(HttpContext http)
    {
        var request = http.Request;
        if (request.ContentLength is null && request.Headers.TransferEncoding.Count == 0) return null;
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = MaxBytes;
        if (request.ContentLength > MaxBytes)
        {
            return RefuseAsync(http, StatusCodes.Status413PayloadTooLarge, "The request's body is too large: none is needed here.");
        }

        // RFC 9112, 6.1: such a message "might indicate an attempt to perform request smuggling or response splitting" and "the server
        // MUST close the connection after responding".
        return request.Headers.TransferEncoding.Count > 0 && request.Headers.ContainsKey(OverriddenLength)
            ? RefuseAsync(http, StatusCodes.Status400BadRequest, "A request has either Content-Length or Transfer-Encoding.")
            : null;
    }

    private static Task RefuseAsync(HttpContext http, int status, string sentence)
    {
        if (!HttpProtocol.IsHttp2(http.Request.Protocol))
        {
            http.Response.Headers.Connection = "close";
            // The answer is complete, but the body may still be arriving.
            if (http.Features.Get<Refusal>() is { } refusal) refusal.FinalResponse = [];
        }

        return PlainText.WriteAsync(http, status, sentence);
    }
}
