using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Dftp.Http.Text;

/// <summary>A client's preference between HTML and JSON in its Accept header (RFC 9110 section 12.5.1).</summary>
internal static class MediaTypes
{
    public const string Html = "text/html", Json = "application/json";

    /// <summary>Whether the header names one of the two and prefers it to the other. Wildcards do not count.</summary>
    public static bool Prefers(HttpRequest request, string wanted)
    {
        var accept = request.Headers.Accept;
        if (!accept.ToString().Contains(wanted, StringComparison.OrdinalIgnoreCase)) return false;
        if (!MediaTypeHeaderValue.TryParseList(accept, out var types)) return false;
        return Quality(types, wanted) > Quality(types, wanted == Html ? Json : Html);
    }

    private static double Quality(IList<MediaTypeHeaderValue> types, string wanted) => types
        .Where(type => type.MediaType.Equals(wanted, StringComparison.OrdinalIgnoreCase))
        .Select(type => type.Quality ?? 1)
        .DefaultIfEmpty(0)
        .Max();
}
