using Microsoft.AspNetCore.Http;

namespace Dftp.Http.Operation;

/// <summary>
/// Detects requests that a browser sends for a web page. A page of any site can post to every address that its reader's machine reaches, so
/// these requests must not change anything. Reading is covered by the browsers' own rule: without CORS headers a page cannot see the
/// response.
/// </summary>
internal static class BrowserRequest
{
    public const string Refusal = "a web page cannot change anything on the management interface: use dftp or curl";

    /// <summary>
    /// Whether a browser sends the request for a page and its method is not safe (RFC 9110 section 9.2.1). Browsers send <c>Origin</c>,
    /// possibly <c>null</c>, with all such requests (Fetch standard, section 3.2), and <c>Sec-Fetch-Site</c>, which is <c>none</c> only if
    /// the user caused the request. The value of <c>Origin</c> does not matter: with DNS rebinding it can equal <c>Host</c>.
    /// </summary>
    public static bool MayChangeSomething(HttpRequest request) => !IsSafe(request.Method) && IsOfAPage(request.Headers);

    private static bool IsSafe(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);

    private static bool IsOfAPage(IHeaderDictionary headers) =>
        headers.ContainsKey("Origin") || (headers.TryGetValue("Sec-Fetch-Site", out var site) && site != "none");
}
