using System.Net.Sockets;

namespace Dftp.Node;

/// <summary>Converts an exception from binding an address to a line for the user.</summary>
internal static class ListenFailure
{
    /// <summary>
    /// Converts a failure to bind: a <see cref="SocketException"/>, or an exception with which Kestrel wraps it.
    /// </summary>
    /// <param name="option">The option with its dashes, for example <c>--http-listen</c>.</param>
    /// <param name="address">The address to bind.</param>
    /// <param name="failure">The exception.</param>
    /// <returns>Null when the failure has another cause: it is a bug, not a user error.</returns>
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
        SocketError.AddressFamilyNotSupported =>
            $"this machine has no {(address.Host.Contains(':', StringComparison.Ordinal) ? "IPv6" : "IPv4")}",
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => $"the host name {address.Host} is not known",
        _ => $"cannot listen on {address}: {failure.Message}",
    };
}
