using System.Globalization;
using System.Text;
using Dftp.FileSystem;
using Dftp.Http.Text;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http;

/// <summary>Answers that are one sentence for the user.</summary>
internal static class PlainText
{
    public const string ContentType = "text/plain; charset=utf-8";

    private const int RetrySoonSeconds = 1;

    /// <summary>Holders are retried after a few seconds.</summary>
    private const int RetryUnreachableSeconds = 5;

    public static async Task WriteAsync(HttpContext http, int status, string sentence)
    {
        var body = Encoding.UTF8.GetBytes(sentence + "\n");
        http.Response.StatusCode = status;
        http.Response.ContentType = ContentType;
        http.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(http.Request.Method)) await http.Response.Body.WriteAsync(body, http.RequestAborted);
    }

    /// <summary>The only mapping of the tree's errors to statuses.</summary>
    public static Task WriteAsync(HttpContext http, FileError error)
    {
        var status = error.Kind switch
        {
            FileErrorKind.NotFound => StatusCodes.Status404NotFound,
            FileErrorKind.IsDirectory => StatusCodes.Status404NotFound,
            FileErrorKind.AccessDenied => StatusCodes.Status403Forbidden,
            FileErrorKind.Unreachable or FileErrorKind.Busy => StatusCodes.Status503ServiceUnavailable,
            FileErrorKind.Failed => StatusCodes.Status502BadGateway,
            _ => throw new ArgumentOutOfRangeException(nameof(error), error.Kind, null),
        };
        if (status == StatusCodes.Status503ServiceUnavailable) RetryAfter(http.Response, RetryUnreachableSeconds);
        return WriteAsync(http, status, error.Message + ".");
    }

    public static Task WriteKeepsChangingAsync(TreeRequest request)
    {
        RetryAfter(request.Http.Response, RetrySoonSeconds);
        return WriteAsync(
            request.Http, StatusCodes.Status503ServiceUnavailable, $"{request.Path} keeps changing while it is opened; try again.");
    }

    /// <summary>Redirects the client to the directory's URL. It starts with <c>/fs/</c>, so it cannot lead to another host.</summary>
    public static Task RedirectToDirectoryAsync(TreeRequest request) =>
        RedirectAsync(request, request.Path.IsRoot ? "/fs/" : $"/fs{PercentEncoding.Encode(request.Path)}/");

    /// <param name="request">The request; its query is kept.</param>
    /// <param name="location">Percent-encoded.</param>
    public static Task RedirectAsync(TreeRequest request, string location)
    {
        request.Http.Response.Headers.Location = location + request.Target.Query;
        return WriteAsync(request.Http, StatusCodes.Status301MovedPermanently, $"It is at {location}.");
    }

    /// <summary>Redirects the client temporarily.</summary>
    /// <param name="request">The request.</param>
    /// <param name="url">Complete, with its query.</param>
    public static Task RedirectOnceAsync(TreeRequest request, string url)
    {
        request.Http.Response.Headers.Location = url;
        return WriteAsync(request.Http, StatusCodes.Status307TemporaryRedirect, $"It is at {url} for now.");
    }

    /// <summary>Asks the client to retry later.</summary>
    public static void RetryAfter(HttpResponse response, int seconds) =>
        response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
}
