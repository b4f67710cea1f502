using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Dftp.Cluster.Discovery;

/// <summary>A network interface that can send datagrams to the group now.</summary>
/// <param name="Index">The operating system's index.</param>
/// <param name="Name">Its name.</param>
/// <param name="Addresses">Its addresses of the group's family, not empty.</param>
internal sealed record GroupInterface(int Index, string Name, IReadOnlyList<IPAddress> Addresses)
{
    /// <summary>
    /// The interfaces that are up, have an address of the family and support multicast. Loopback supports it although the framework denies
    /// it; nodes of one machine use it.
    /// </summary>
    public static List<GroupInterface> All(AddressFamily family, Func<NetworkInterface, bool>? filter)
    {
        var found = new List<GroupInterface>();
        foreach (var candidate in NetworkInterface.GetAllNetworkInterfaces())
        {
            var isLoopback = candidate.NetworkInterfaceType == NetworkInterfaceType.Loopback;
            if (candidate.OperationalStatus == OperationalStatus.Down || (!isLoopback && !candidate.SupportsMulticast)) continue;
            if (filter is not null && !filter(candidate)) continue;
            if (Describe(candidate, family) is { } described) found.Add(described);
        }

        return found;
    }

    private static GroupInterface? Describe(NetworkInterface candidate, AddressFamily family)
    {
        try
        {
            var properties = candidate.GetIPProperties();
            var index = family == AddressFamily.InterNetwork
                ? properties.GetIPv4Properties()?.Index
                : properties.GetIPv6Properties()?.Index;
            var addresses = properties.UnicastAddresses
                .Select(unicast => unicast.Address).Where(address => address.AddressFamily == family).ToList();
            return index is { } number && addresses.Count > 0 ? new GroupInterface(number, candidate.Name, addresses) : null;
        }
        catch (NetworkInformationException)
        {
            // The interface disappeared during the look, or lacks the protocol.
            return null;
        }
    }
}
