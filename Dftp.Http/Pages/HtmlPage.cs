using System.Text;
using Dftp.Http.Text;

namespace Dftp.Http.Pages;

/// <summary>What our own pages' headers share.</summary>
internal static class HtmlPage
{
    public const string ContentType = "text/html; charset=utf-8";

    /// <summary>Our pages run nothing and fetch nothing.</summary>
    public const string SecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

    public static string Text(string? text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text ?? "");
        var html = new Utf8Text(new byte[6 * utf8.Length]);
        html.AppendHtml(utf8);
        return Encoding.UTF8.GetString(html.Written);
    }
}
