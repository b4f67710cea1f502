using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Dftp.Node;

/// <summary>
/// An address to listen on: <c>host:port</c>. The host is empty (every address of the machine), an IP address (IPv6 in brackets) or
/// a name. Port 0 lets the system choose.
/// </summary>
internal sealed record ListenAddress
{
    private ListenAddress(string host, int port)
    {
        Host = host;
        Port = port;
    }

    /// <summary>Empty, an address without brackets, or a name.</summary>
    public string Host { get; }

    public int Port { get; }

    /// <exception cref="FormatException">The text is not such an address. The message is a sentence for the user.</exception>
    public static ListenAddress Parse(string text)
    {
        var (host, port) = HostAndPort.Split(text, ":7040");
        if (port is < 0 or > IPEndPoint.MaxPort) throw new FormatException(HostAndPort.PortMessage(text, 0));
        return new ListenAddress(host, port);
    }

    /// <summary>
    /// Resolves the address to bind to. An empty host means both IPv6 and IPv4 (IPv4 alone on a machine without IPv6). A name
    /// resolves to the first of its addresses, IPv4 before IPv6, as in Go's net.Listen.
    /// </summary>
    /// <exception cref="SocketException">The name is not known.</exception>
    public async Task<IPEndPoint> ResolveAsync(CancellationToken cancellationToken)
    {
        if (Host.Length == 0) return new IPEndPoint(Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any, Port);
        if (IPAddress.TryParse(Host, out var address)) return new IPEndPoint(address, Port);
        var addresses = await Dns.GetHostAddressesAsync(Host, cancellationToken);
        if (addresses.Length == 0) throw new SocketException((int)SocketError.HostNotFound);
        return new IPEndPoint(Array.Find(addresses, a => a.AddressFamily == AddressFamily.InterNetwork) ?? addresses[0], Port);
    }

    /// <summary>The text that <see cref="Parse"/> reads.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{(Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host)}:{Port}");
}
