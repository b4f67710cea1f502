using System.Net.NetworkInformation;

namespace Dftp.Node.Commands.Doctor;

/// <summary>A network interface of this machine that is up and has an address.</summary>
internal sealed record LocalInterface(string Name, bool IsLoopback, bool SupportsMulticast, IReadOnlyList<string> Addresses)
{
    /// <summary>Loopback supports multicast, although the framework says that it does not.</summary>
    public bool CanMulticast => SupportsMulticast || IsLoopback;

    public override string ToString() => $"{Name} ({string.Join(", ", Addresses)})";

    public static IReadOnlyList<LocalInterface> All() =>
    [
        .. NetworkInterface.GetAllNetworkInterfaces()
            .Where(found => found.OperationalStatus != OperationalStatus.Down)
            .Select(found => new LocalInterface(
                found.Name, found.NetworkInterfaceType == NetworkInterfaceType.Loopback, found.SupportsMulticast, AddressesOf(found)))
            .Where(found => found.Addresses.Count > 0),
    ];

    private static List<string> AddressesOf(NetworkInterface found)
    {
        try
        {
            var addresses = found.GetIPProperties().UnicastAddresses.Select(own => own.Address);
            return [.. addresses.Where(address => !address.IsIPv6LinkLocal).Select(address => address.ToString())];
        }
        catch (NetworkInformationException)
        {
            // The interface disappeared during the check; it is not usable either way.
            return [];
        }
    }
}

/// <summary>Checks which network interfaces of this machine can carry the multicast of discovery.</summary>
internal static class InterfaceCheck
{
    public static void Run(IReadOnlyList<LocalInterface> interfaces, Findings findings)
    {
        var able = interfaces.Where(found => found.CanMulticast).ToList();
        var unable = interfaces.Except(able).ToList();
        var names = string.Join(", ", able);
        if (able.Count == 0)
        {
            findings.Problem("no interface of this machine can multicast: bring one up (ip link), or use dftp join HOST:PORT");
        }
        else if (able.TrueForAll(found => found.IsLoopback)) findings.Ok($"only nodes of this machine can be found by multicast: {names}");
        else findings.Ok($"interfaces of this machine that can multicast: {names}");

        if (unable.Count > 0)
            findings.Ok($"interfaces that cannot multicast: {string.Join(", ", unable)}; add nodes behind them by dftp join HOST:PORT");
    }
}
