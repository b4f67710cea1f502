namespace Dftp.Http.Pages;

/// <summary>What our own pages' headers share.</summary>
internal static class HtmlPage
{
    public const string ContentType = "text/html; charset=utf-8";

    /// <summary>Our pages run nothing and fetch nothing.</summary>
    public const string SecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
}
