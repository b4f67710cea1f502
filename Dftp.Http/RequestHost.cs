using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http;

/// <summary>The host of a request, if it is safe to repeat in answers.</summary>
internal static class RequestHost
{
    /// <summary>
    /// The host of a request: a name of letters, digits, dots, hyphens and underscores, an IPv4 address or an IPv6 address in
    /// brackets, with a port or without. RFC 9110 section 7.2 allows more, and a client may send anything: only these forms are
    /// repeated in URLs.
    /// </summary>
    /// <returns>Null if it is none of these: URLs are then relative.</returns>
    public static string? Of(HttpRequest request)
    {
        var text = request.Host.Value ?? "";
        var portAt = text.LastIndexOf(':') is var colon && colon > text.LastIndexOf(']') ? colon : -1;
        if (portAt >= 0 && !IsPort(text.AsSpan(portAt + 1))) return null;
        var host = portAt >= 0 ? text.AsSpan(0, portAt) : text;
        return IsName(host) || IsBracketedAddress(host) ? text : null;
    }

    private static bool IsPort(ReadOnlySpan<char> text) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0;

    private static bool IsName(ReadOnlySpan<char> host)
    {
        if (host.IsEmpty || host.Length > 253) return false;
        foreach (var each in host)
        {
            if (!char.IsAsciiLetterOrDigit(each) && each is not ('.' or '-' or '_')) return false;
        }

        return true;
    }

    private static bool IsBracketedAddress(ReadOnlySpan<char> host) =>
        host is ['[', .. var inner, ']'] && !inner.Contains('%') && IPAddress.TryParse(inner, out var address)
        && address.AddressFamily == AddressFamily.InterNetworkV6;
}
