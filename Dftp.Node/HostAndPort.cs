using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Dftp.Node;

/// <summary>The common syntax of all addresses on the command line.</summary>
internal static class HostAndPort
{
    /// <summary>Splits <c>host:port</c>. The host may be empty; the brackets of an IPv6 address are removed.</summary>
    /// <param name="text">The user's text.</param>
    /// <param name="example">A valid value, for the message.</param>
    /// <returns>The host: empty, an address, or a possible name. The port: -1 when it is not a number.</returns>
    /// <exception cref="FormatException">The port is missing, or the host is invalid.</exception>
    public static (string Host, int Port) Split(string text, string example)
    {
        var colon = text.LastIndexOf(':');
        if (colon < 0 || text.EndsWith(']')) throw new FormatException($"\"{text}\" has no port; write host:port, such as {example}");
        var host = text[..colon];
        var bracketed = host.StartsWith('[') && host.EndsWith(']');
        if (bracketed) host = host[1..^1];

        var isIPv6 = IPAddress.TryParse(host, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6;
        if (isIPv6 && !bracketed) throw new FormatException($"an IPv6 address stands in brackets, such as [{host}]:{text[(colon + 1)..]}");
        if (bracketed && !isIPv6) throw new FormatException($"\"{host}\" is no IPv6 address");
        if (!isIPv6 && host.Length > 0 && !IsPossibleName(host))
        {
            throw new FormatException($"\"{host}\" is neither an address nor a host name");
        }

        var isNumber = int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port);
        return (host, isNumber ? port : -1);
    }

    public static string PortMessage(string text, int least) =>
        $"the port of \"{text}\" must be a number from {least} to {IPEndPoint.MaxPort}";

    // Non-ASCII letters are left to the resolver. A text that looks like a number must be an address.
    private static bool IsPossibleName(string host) =>
        Uri.CheckHostName(host) is UriHostNameType.Dns or UriHostNameType.IPv4
        && (IPAddress.TryParse(host, out _) || !host.All(c => char.IsAsciiDigit(c) || c == '.'));
}
