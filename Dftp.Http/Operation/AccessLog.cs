using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Dftp.Http.Operation;

/// <summary>
/// A line for every answer in Apache's combined format:
/// <c>%h %l %u %t "%r" %&gt;s %b "%{Referer}i" "%{User-agent}i"</c>, the time in UTC.
/// </summary>
internal sealed class AccessLog(Action<string> write, TimeProvider time)
{
    /// <summary>Has the line written when the answer has ended, however that comes.</summary>
    public void Follow(HttpContext http)
    {
        var body = new CountedBody(http.Features.GetRequiredFeature<IHttpResponseBodyFeature>());
        var began = time.GetUtcNow();
        http.Features.Set<IHttpResponseBodyFeature>(body);
        http.Response.OnCompleted(() =>
        {
            write(Line(http, began, body.Bytes));
            return Task.CompletedTask;
        });
    }

    private static string Line(HttpContext http, DateTimeOffset began, long bytes)
    {
        var request = http.Request;
        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var line = new StringBuilder(256);
        line.Append(Host(http.Connection.RemoteIpAddress)).Append(" - - [")
            .Append(began.ToString("dd/MMM/yyyy:HH:mm:ss '+0000'", CultureInfo.InvariantCulture))
            .Append("] \"");
        AppendEscaped(line, $"{request.Method} {target} {request.Protocol}");
        line.Append(CultureInfo.InvariantCulture, $"\" {http.Response.StatusCode} ").Append(bytes == 0 ? "-" : bytes).Append(" \"");
        AppendEscaped(line, Shown(request.Headers.Referer));
        line.Append("\" \"");
        AppendEscaped(line, Shown(request.Headers.UserAgent));
        return line.Append('"').ToString();
    }

    private static string Host(IPAddress? address) =>
        (address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address)?.ToString() ?? "-";

    private static string Shown(StringValues header) => StringValues.IsNullOrEmpty(header) ? "-" : header.ToString();

    /// <summary>What a client sends can neither end a field nor a line.</summary>
    private static void AppendEscaped(StringBuilder line, string text)
    {
        foreach (var c in text)
        {
            if (c is '"' or '\\') line.Append('\\').Append(c);
            else if (char.IsControl(c) || c is '\u2028' or '\u2029') line.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}");
            else line.Append(c);
        }
    }
}
