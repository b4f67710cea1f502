using Microsoft.AspNetCore.Http;

namespace Dftp.Cluster.Management;

/// <summary>
/// Tells requests that a web page has a browser send. A page of any site can post to every address that its reader's machine reaches, so
/// none of them may change anything here. Reading is left to browsers' own rule: without CORS headers, only a person sees the answer.
/// </summary>
internal static class BrowserRequest
{
    public const string Refusal = "a web page cannot change anything on the management interface: use dftp or curl";

    /// <summary>
    /// Whether a browser sends the request for a page, and its method is not safe (RFC 9110 section 9.2.1). Browsers put <c>Origin</c>, be it
    /// <c>null</c>, on all such requests (Fetch standard, section 3.2), and <c>Sec-Fetch-Site</c>, which is <c>none</c> only where a person
    /// caused it. The value of <c>Origin</c> does not matter: by DNS rebinding it can be the same as <c>Host</c>.
    /// </summary>
    public static bool MayChangeSomething(HttpRequest request) => !IsSafe(request.Method) && IsOfAPage(request.Headers);

    private static bool IsSafe(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);

    private static bool IsOfAPage(IHeaderDictionary headers) =>
        headers.ContainsKey("Origin") || (headers.TryGetValue("Sec-Fetch-Site", out var site) && site != "none");
}
