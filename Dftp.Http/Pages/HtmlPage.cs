using System.Text;
using Dftp.Http.Text;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http.Pages;

/// <summary>The common parts of the pages.</summary>
internal static class HtmlPage
{
    /// <summary>
    /// The pages load scripts and content only from this node, with nothing inline; scripts cannot turn text into markup (trusted types).
    /// </summary>
    private const string SecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; frame-src 'self'; "
        + "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

    public static readonly string Head =
        "<meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
        + "<meta name=\"color-scheme\" content=\"light dark\">"
        + $"<link rel=\"icon\" href=\"{Assets.UrlOf("icon.svg")}\"><link rel=\"stylesheet\" href=\"{Assets.UrlOf("page.css")}\">";

    /// <param name="name">An asset.</param>
    public static string Script(string name) => $"<script type=\"module\" src=\"{Assets.UrlOf(name)}\"></script>";

    /// <param name="name">An asset that runs before the rest of the page is parsed.</param>
    public static string EarlyScript(string name) => $"<script src=\"{Assets.UrlOf(name)}\"></script>";

    /// <summary>The missing nodes, in words for people and as the header's value for scripts; empty when none is missing.</summary>
    public static string MissingNotice(Completeness completeness) => completeness.IsWhole
        ? ""
        : $"<p class=\"notice\" data-missing=\"{Text(completeness.HeaderValue())}\">This list may be incomplete: "
            + $"{Text(completeness.MissingNodes())}.</p>\r\n";

    public static void WriteHeaders(HttpResponse response)
    {
        response.ContentType = "text/html; charset=utf-8";
        response.Headers.ContentSecurityPolicy = SecurityPolicy;
        response.Headers["Referrer-Policy"] = "same-origin";
    }

    public static string Text(string? text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text ?? "");
        var html = new Utf8Text(new byte[6 * utf8.Length]);
        html.AppendHtml(utf8);
        return Encoding.UTF8.GetString(html.Written);
    }
}
