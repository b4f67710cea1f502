using System.Net;
using System.Net.Sockets;

namespace Dftp.Cluster.Discovery;

/// <summary>Creates the receiving and the sending socket of a group.</summary>
internal static class GroupSocket
{
    // Linux constants that the framework does not name.
    private const int SOL_SOCKET = 1;
    private const int SO_REUSEADDR = 2;
    private const int IPPROTO_IP = 0;
    private const int IP_MULTICAST_ALL = 49;
    private const int IPPROTO_IPV6 = 41;
    private const int IPV6_MULTICAST_ALL = 29;

    private static readonly byte[] On = BitConverter.GetBytes(1);
    private static readonly byte[] Off = BitConverter.GetBytes(0);

    /// <summary>Creates a socket bound to the group's port on any address, shared with other processes of the machine.</summary>
    /// <exception cref="SocketException">The port is in use without sharing.</exception>
    public static Socket ToReceive(IPEndPoint group)
    {
        var socket = new Socket(group.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            Share(socket);
            if (group.AddressFamily == AddressFamily.InterNetworkV6) socket.DualMode = false;
            HearJoinedGroupsOnly(socket);
            socket.SetSocketOption(Level(group), SocketOptionName.PacketInformation, true);
            socket.Bind(new IPEndPoint(Any(group), group.Port));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Creates a socket that sends on one interface, not beyond the next router, and loops back to this machine.</summary>
    /// <exception cref="SocketException">The interface is gone or does not support it.</exception>
    public static Socket ToSend(IPEndPoint group, GroupInterface by)
    {
        var socket = new Socket(group.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            // Bound, because otherwise the kernel uses another interface's address as the source, as it does on loopback.
            socket.Bind(new IPEndPoint(by.Addresses[0], 0));
            var isIPv4 = group.AddressFamily == AddressFamily.InterNetwork;
            socket.SetSocketOption(
                Level(group), SocketOptionName.MulticastInterface, isIPv4 ? IPAddress.HostToNetworkOrder(by.Index) : by.Index);
            socket.SetSocketOption(Level(group), SocketOptionName.MulticastTimeToLive, 1);
            socket.SetSocketOption(Level(group), SocketOptionName.MulticastLoopback, true);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public static void Join(Socket receiver, IPEndPoint group, GroupInterface by) =>
        SetMembership(receiver, group, by.Index, SocketOptionName.AddMembership);

    public static void Leave(Socket receiver, IPEndPoint group, int interfaceIndex) =>
        SetMembership(receiver, group, interfaceIndex, SocketOptionName.DropMembership);

    public static IPAddress Any(IPEndPoint group) => group.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any;

    private static void SetMembership(Socket receiver, IPEndPoint group, int interfaceIndex, SocketOptionName what)
    {
        object membership = group.AddressFamily == AddressFamily.InterNetwork
            ? new MulticastOption(group.Address, interfaceIndex)
            : new IPv6MulticastOption(group.Address, interfaceIndex);
        receiver.SetSocketOption(Level(group), what, membership);
    }

    /// <summary>On Linux the framework's option sets SO_REUSEPORT too, which distributes datagrams among the sockets.</summary>
    private static void Share(Socket socket)
    {
        if (OperatingSystem.IsLinux()) socket.SetRawSocketOption(SOL_SOCKET, SO_REUSEADDR, On);
        else socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
    }

    /// <summary>Without it Linux delivers every group that any process of the machine has joined.</summary>
    private static void HearJoinedGroupsOnly(Socket socket)
    {
        if (!OperatingSystem.IsLinux()) return;
        try
        {
            if (socket.AddressFamily == AddressFamily.InterNetwork) socket.SetRawSocketOption(IPPROTO_IP, IP_MULTICAST_ALL, Off);
            else socket.SetRawSocketOption(IPPROTO_IPV6, IPV6_MULTICAST_ALL, Off);
        }
        catch (SocketException)
        {
            // Old kernels lack the option; the check of the destination replaces it.
        }
    }

    private static SocketOptionLevel Level(IPEndPoint group) =>
        group.AddressFamily == AddressFamily.InterNetwork ? SocketOptionLevel.IP : SocketOptionLevel.IPv6;
}
