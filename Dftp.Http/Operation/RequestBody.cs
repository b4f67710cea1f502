using System.Globalization;
using Dftp.Routes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Dftp.Http.Operation;

/// <summary>Refuses bodies that a route does not accept.</summary>
internal static class RequestBody
{
    /// <summary>The name under which the server keeps a Content-Length that Transfer-Encoding overrides.</summary>
    private const string OverriddenLength = "X-Content-Length";

    /// <returns>Null when the request can be answered.</returns>
    public static Task? Refuse(HttpContext http, BodyLimit limit)
    {
        var request = http.Request;
        if (request.ContentLength is null && request.Headers.TransferEncoding.Count == 0) return null;
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = limit.MaxBytes;
        if (request.ContentLength > limit.MaxBytes)
        {
            var most = limit.IsRead ? string.Create(CultureInfo.InvariantCulture, $"at most {limit.MaxBytes:N0} bytes are accepted")
                : "none is needed";
            return RefuseAsync(http, StatusCodes.Status413PayloadTooLarge, $"The request's body is too large: {most} here.");
        }

        // RFC 9112, 6.1: such a message "might indicate an attempt to perform request smuggling or response splitting" and "the server
        // MUST close the connection after responding".
        return request.Headers.TransferEncoding.Count > 0 && request.Headers.ContainsKey(OverriddenLength)
            ? RefuseAsync(http, StatusCodes.Status400BadRequest, "A request has either Content-Length or Transfer-Encoding.")
            : null;
    }

    /// <summary>Answers that a body cannot be accepted, by what its reader threw.</summary>
    public static Task RefuseAsync(HttpContext http, BadHttpRequestException error)
    {
        http.Response.Clear();
        http.Response.Headers.XContentTypeOptions = "nosniff";
        // The server's own exceptions are of a derived type.
        var isOfAHandler = error.GetType() == typeof(BadHttpRequestException);
        return RefuseAsync(http, error.StatusCode, isOfAHandler ? error.Message : RefusedRequests.Sentence(error));
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
