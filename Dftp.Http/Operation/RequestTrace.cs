using System.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http.Operation;

/// <summary>Adds OpenTelemetry's attributes of HTTP servers to a request's activity, if requests are traced.</summary>
internal static class RequestTrace
{
    public static void Describe(HttpContext http, string route)
    {
        if (Activity.Current is not { IsAllDataRequested: true } activity) return;
        var request = http.Request;
        activity.DisplayName = $"{request.Method} {route}";
        activity.SetTag("http.request.method", request.Method);
        activity.SetTag("http.route", route);
        activity.SetTag("http.response.status_code", http.Response.StatusCode);
        activity.SetTag("url.path", request.Path.Value);
        activity.SetTag("url.scheme", request.Scheme);
        activity.SetTag("client.address", http.Connection.RemoteIpAddress?.ToString());
        if (http.Response.StatusCode >= StatusCodes.Status500InternalServerError) activity.SetStatus(ActivityStatusCode.Error);
    }
}
