using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Dftp.Cluster;

/// <summary>
/// An address as peers exchange it: <c>host:port</c>, <c>:port</c> if the receiver knows the host by itself, IPv6 in brackets.
/// </summary>
/// <param name="Host">A name or an address without brackets; empty if it is not given.</param>
/// <param name="Port">0 to 65535; 0: nothing listens.</param>
public sealed record HostPort(string Host, int Port)
{
    /// <summary>Longest name of RFC 1035, section 2.3.4, with room for an IPv6 zone.</summary>
    private const int MaxHostLength = 255;

    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out HostPort? address)
    {
        address = null;
        var colon = text?.LastIndexOf(':') ?? -1;
        if (colon < 0 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            || port > IPEndPoint.MaxPort)
            return false;
        var host = text![..colon];
        if (host.StartsWith('[') && host.EndsWith(']')) host = host[1..^1];
        else if (host.Contains(':', StringComparison.Ordinal)) return false;
        if (host.Length > MaxHostLength || (host.Length > 0 && Uri.CheckHostName(host) == UriHostNameType.Unknown)) return false;
        address = new HostPort(host, port);
        return true;
    }

    public static HostPort From(IPAddress host, int port) =>
        new((host.IsIPv4MappedToIPv6 ? host.MapToIPv4() : host).ToString(), port);

    public HostPort WithHost(IPAddress host) => From(host, Port);

    /// <summary>Whether the host is this address. A name is not resolved.</summary>
    public bool IsAt(IPAddress host) =>
        IPAddress.TryParse(Host, out var address) && address.Equals(host.IsIPv4MappedToIPv6 ? host.MapToIPv4() : host);

    public bool IsLoopback => IPAddress.TryParse(Host, out var address) && IPAddress.IsLoopback(address);

    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
