using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Dftp.Node;

/// <summary>The listening socket of an interface.</summary>
internal sealed class Listener(NodeInterface of, IPEndPoint endPoint)
{
    /// <summary>The interface that it serves.</summary>
    public NodeInterface Of => of;

    /// <summary>The address to bind.</summary>
    public IPEndPoint EndPoint => endPoint;

    /// <summary>The bound port.</summary>
    public int Port { get; private set; } = endPoint.Port;

    /// <exception cref="StartException">The host name does not resolve.</exception>
    public static async Task<Listener> ResolveAsync(NodeInterface of, CancellationToken cancellationToken)
    {
        try
        {
            return new Listener(of, await of.Address.ResolveAsync(cancellationToken));
        }
        catch (SocketException failure)
        {
            throw ListenFailure.ToStartException(of.Option, of.Address, failure)!;
        }
    }

    /// <exception cref="StartException">The address cannot be bound.</exception>
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
            throw ListenFailure.ToStartException(of.Option, of.Address, failure)!;
        }
    }

    // On a machine whose IPv6 is switched off at run time, every address means every IPv4 address.
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
