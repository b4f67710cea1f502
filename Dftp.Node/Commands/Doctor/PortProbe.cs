using System.Net;
using System.Net.Sockets;
using Dftp.Cluster;

namespace Dftp.Node.Commands.Doctor;

/// <summary>Checks whether an address accepts connections, and explains why not.</summary>
internal static class PortProbe
{
    /// <param name="address">The address to connect to.</param>
    /// <param name="option">The option with which a node listens there.</param>
    /// <param name="limit">The timeout of the connection attempt.</param>
    /// <param name="time">The clock of the timeout.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>Null when the connection succeeds; otherwise the reason and the remedy.</returns>
    public static async Task<string?> WhyNotAsync(
        HostPort address, string option, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(new DnsEndPoint(address.Host, address.Port), either.Token);
            return null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return TimedOut(address, limit);
        }
        catch (SocketException failure)
        {
            return failure.SocketErrorCode switch
            {
                SocketError.ConnectionRefused =>
                    $"connection refused: the machine is there, but nothing listens at {address}: start dftp there, or check its {option}",
                SocketError.HostUnreachable or SocketError.NetworkUnreachable =>
                    $"no route to {address.Host}: the machine is off, in another network, or has another address now",
                SocketError.TimedOut => TimedOut(address, limit),
                SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain =>
                    $"the name {address.Host} is not known on this machine: use an address, or correct the name resolution",
                _ => $"{address} cannot be reached: {failure.Message}",
            };
        }
    }

    private static string TimedOut(HostPort address, TimeSpan limit) =>
        $"no connection to {address} within {limit.TotalSeconds:0.#} s: "
        + $"the machine is off, or a firewall drops what goes to port {address.Port}; open it";
}
