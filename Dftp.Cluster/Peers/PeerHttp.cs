using System.Net;
using System.Net.Sockets;

namespace Dftp.Cluster.Peers;

/// <summary>How this node's HTTP clients reach peers: directly, whatever proxies the environment names, and without cookies or redirects.</summary>
internal static class PeerHttp
{
    /// <summary>Below Kestrel's keep-alive of 130 s, so that a connection is not reused at the moment at which the peer closes it.</summary>
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(60);

    public static SocketsHttpHandler CreateHandler(TimeSpan connectTimeout) => new()
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = connectTimeout,
        PooledConnectionIdleTimeout = IdleTimeout,
        ActivityHeadersPropagator = null,
        ConnectCallback = (connection, cancellationToken) => PeerSocket.ConnectAsync(connection.DnsEndPoint, cancellationToken),
    };

    public static Uri Uri(IPAddress host, int port, string pathAndQuery) =>
        new($"http://{(host.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{host}]" : host)}:{port}{pathAndQuery}");

    /// <summary>Why a connection failed, in a few words.</summary>
    public static string Reason(Exception error)
    {
        for (var inner = error; inner is not null; inner = inner.InnerException)
        {
            if (inner is SocketException socket) return Words(socket);
        }

        return error switch
        {
            HttpRequestException { HttpRequestError: HttpRequestError.ResponseEnded } => "the connection broke off",
            HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse } => "what answers speaks no HTTP",
            { InnerException: TimeoutException or OperationCanceledException } => "no connection in time",
            _ => error.Message,
        };
    }

    private static string Words(SocketException error) => error.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => "connection refused",
        SocketError.ConnectionReset => "the connection was reset",
        SocketError.HostUnreachable or SocketError.NetworkUnreachable => "no route to it",
        SocketError.TimedOut => "no answer in time",
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => "its name is not known",
        _ => error.Message,
    };
}
