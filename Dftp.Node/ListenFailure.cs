using System.Net.Sockets;

namespace Dftp.Node;

/// <summary>Turns what binding to an address throws into a line for the user.</summary>
internal static class ListenFailure
{
    /// <summary>
    /// The failure to bind, where <paramref name="failure"/> is one: a <see cref="SocketException"/>, or an exception that Kestrel
    /// has put around it.
    /// </summary>
    /// <param name="option">The option with its dashes, such as <c>--http-listen</c>.</param>
    /// <param name="address">The address that was to be bound to.</param>
    /// <param name="failure">What was thrown.</param>
    /// <returns>Null where the failure has another cause: it is a bug, not the user's matter.</returns>
    public static StartException? ToStartException(string option, ListenAddress address, Exception failure)
    {
        for (var cause = failure; cause is not null; cause = cause.InnerException)
        {
            if (cause is SocketException socket) return new StartException($"{option}: {Reason(address, socket)}", failure);
        }

        return null;
    }

    private static string Reason(ListenAddress address, SocketException failure) => failure.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse => $"port {address.Port} is in use",
        SocketError.AccessDenied when address.Port is > 0 and < 1024 => $"no permission to listen on port {address.Port}",
        SocketError.AccessDenied => $"no permission to listen on {address}",
        SocketError.AddressNotAvailable => $"{address.Host} is no address of this machine",
        SocketError.AddressFamilyNotSupported => $"this machine has no {(address.Host.Contains(':', StringComparison.Ordinal) ? "IPv6" : "IPv4")}",
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => $"the host name {address.Host} is not known",
        _ => $"cannot listen on {address}: {failure.Message}",
    };
}
