using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Dftp.Node;

/// <summary>The syntax that all addresses of the command line share.</summary>
internal static class HostAndPort
{
    /// <summary>Takes <c>host:port</c> apart. The host may be empty; it loses the brackets of an IPv6 address.</summary>
    /// <param name="text">What the user wrote.</param>
    /// <param name="example">What a good value looks like, for the message.</param>
    /// <returns>A host that is empty, an address or a possible name; a port that is -1 where it is no number.</returns>
    /// <exception cref="FormatException">There is no port, or the host cannot be one.</exception>
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
        if (!isIPv6 && host.Length > 0 && !IsPossibleName(host)) throw new FormatException($"\"{host}\" is neither an address nor a host name");

        var isNumber = int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port);
        return (host, isNumber ? port : -1);
    }

    public static string PortMessage(string text, int least) =>
        $"the port of \"{text}\" must be a number from {least} to {IPEndPoint.MaxPort}";

    // Letters beyond ASCII are left to the resolver. What looks like a number must be an address.
    private static bool IsPossibleName(string host) =>
        Uri.CheckHostName(host) is UriHostNameType.Dns or UriHostNameType.IPv4
        && (IPAddress.TryParse(host, out _) || !host.All(c => char.IsAsciiDigit(c) || c == '.'));
}
