using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Dftp.Node;

/// <summary>One of the node's interfaces: the option that names its address, and where it listens once it is bound.</summary>
internal sealed class Listener(string option, ListenAddress address, IPEndPoint endPoint)
{
    /// <summary>What to bind to.</summary>
    public IPEndPoint EndPoint => endPoint;

    public ListenAddress Address => address;

    /// <summary>The port that it got.</summary>
    public int Port { get; private set; } = endPoint.Port;

    /// <exception cref="StartException">The name of the address is not known.</exception>
    public static async Task<Listener> ResolveAsync(string option, ListenAddress address, CancellationToken cancellationToken)
    {
        try
        {
            return new Listener(option, address, await address.ResolveAsync(cancellationToken));
        }
        catch (SocketException failure)
        {
            throw ListenFailure.ToStartException(option, address, failure)!;
        }
    }

    /// <exception cref="StartException">The address cannot be had.</exception>
    public Socket Bind()
    {
        try
        {
            var socket = BindOrFallBack();
            Port = ((IPEndPoint)socket.LocalEndPoint!).Port;
            return socket;
        }
        catch (SocketException failure)
        {
            throw ListenFailure.ToStartException(option, address, failure)!;
        }
    }

    // Where IPv6 is compiled in and switched off, every address of the machine is every IPv4 address.
    private Socket BindOrFallBack()
    {
        try
        {
            return SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);
        }
        catch (SocketException failure) when (endPoint.Address.Equals(IPAddress.IPv6Any)
            && failure.SocketErrorCode is SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported)
        {
            return SocketTransportOptions.CreateDefaultBoundListenSocket(new IPEndPoint(IPAddress.Any, endPoint.Port));
        }
    }
}
