using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Dftp.Http.Operation;

/// <summary>
/// Writes a line for every answer in Apache's combined format: <c>%h %l %u %t "%r" %&gt;s %b "%{Referer}i" "%{User-agent}i"</c>,
/// the time in UTC.
/// </summary>
internal sealed class AccessLog(Action<string> write, TimeProvider time)
{
    /// <summary>
    /// The maximum of chars of a client's field: longer than browsers send, and short enough to keep a queue of lines small.
    /// </summary>
    private const int MaxField = 4096;

    /// <summary>Arranges that the line is written when the answer ends, for any reason.</summary>
    public void Follow(HttpContext http)
    {
        var body = new CountedBody(http.Features.GetRequiredFeature<IHttpResponseBodyFeature>());
        var began = time.GetUtcNow();
        http.Features.Set<IHttpResponseBodyFeature>(body);
        http.Response.OnCompleted(() =>
        {
            var request = http.Request;
            var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
            write(Line(
                http.Connection.RemoteIpAddress, began, $"{request.Method} {target} {request.Protocol}",
                http.Response.StatusCode, body.Bytes,
                Shown(request.Headers.Referer), Shown(request.Headers.UserAgent)));
            return Task.CompletedTask;
        });
    }

    /// <summary>Writes the line of a malformed request, without its text.</summary>
    public void WriteRefused(IFeatureCollection features, int status, long bytes) =>
        write(Line(features.Get<IHttpConnectionFeature>()?.RemoteIpAddress, time.GetUtcNow(), "-", status, bytes, "-", "-"));

    private static string Line(
        IPAddress? client, DateTimeOffset began, string request, int status, long bytes, string referer, string agent)
    {
        var line = new StringBuilder(256);
        line.Append(Host(client)).Append(" - - [")
            .Append(began.ToString("dd/MMM/yyyy:HH:mm:ss '+0000'", CultureInfo.InvariantCulture))
            .Append("] \"");
        AppendEscaped(line, request);
        line.Append(CultureInfo.InvariantCulture, $"\" {status} ");
        if (bytes == 0) line.Append('-');
        else line.Append(bytes);
        line.Append(" \"");
        AppendEscaped(line, referer);
        line.Append("\" \"");
        AppendEscaped(line, agent);
        return line.Append('"').ToString();
    }

    private static string Host(IPAddress? address) =>
        (address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address)?.ToString() ?? "-";

    /// <summary>The server decodes values as Latin-1, but most programs send UTF-8.</summary>
    private static string Shown(StringValues header)
    {
        if (StringValues.IsNullOrEmpty(header)) return "-";
        var text = header.ToString();
        if (Ascii.IsValid(text)) return text;
        var bytes = Encoding.Latin1.GetBytes(text);
        return Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : text;
    }

    /// <summary>Escapes client text, so that it cannot end a field or a line, and truncates very long text.</summary>
    private static void AppendEscaped(StringBuilder line, string text)
    {
        foreach (var c in text.AsSpan(0, Math.Min(text.Length, MaxField)))
        {
            if (c is '"' or '\\') line.Append('\\').Append(c);
            else if (char.IsControl(c) || c is '\u2028' or '\u2029') line.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}");
            else line.Append(c);
        }

        if (text.Length > MaxField) line.Append('…');
    }
}
