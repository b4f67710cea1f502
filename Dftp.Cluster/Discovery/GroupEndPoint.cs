using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace Dftp.Cluster.Discovery;

/// <summary>Reads the multicast group of the command line.</summary>
internal static class GroupEndPoint
{
    /// <param name="text"><c>224.0.0.9:7041</c> or <c>[ff02::7041]:7041</c>.</param>
    /// <param name="group">The group.</param>
    /// <param name="error">A sentence for the user.</param>
    public static bool TryParse(
        string text, [NotNullWhen(true)] out IPEndPoint? group, [NotNullWhen(false)] out string? error)
    {
        error = !IPEndPoint.TryParse(text, out group) || group.Port == 0
            ? $"'{text}' is not a multicast address and port such as 224.0.0.9:7041 or [ff02::7041]:7041"
            : !IsMulticast(group.Address)
                ? $"{group.Address} is not a multicast address: IPv4 has 224.0.0.0 to 239.255.255.255, IPv6 has those that begin with ff"
                : null;
        if (error is null) return group is not null;
        group = null;
        return false;
    }

    private static bool IsMulticast(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork
        ? (address.GetAddressBytes()[0] & 0xf0) == 0xe0
        : address.IsIPv6Multicast;
}
