using System.Net.Sockets;

namespace Dftp.Node.Commands;

/// <summary>Says in a few words why there is no connection or no answer.</summary>
internal static class FailureWords
{
    public static string Of(Exception error)
    {
        for (var inner = error; inner is not null; inner = inner.InnerException)
        {
            if (inner is SocketException socket) return Of(socket);
        }

        return error switch
        {
            HttpRequestException { HttpRequestError: HttpRequestError.ResponseEnded } or HttpIOException => "the answer broke off",
            HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse } => "what answers speaks no HTTP",
            _ => error.Message,
        };
    }

    private static string Of(SocketException error) => error.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => "connection refused",
        SocketError.ConnectionReset => "the connection was reset",
        SocketError.HostUnreachable or SocketError.NetworkUnreachable => "no route to it",
        SocketError.TimedOut => "no connection in time",
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => "its name is not known",
        _ => error.Message,
    };
}
