using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Dftp.Cluster.Door;

namespace Dftp.Cluster.Connections;

/// <summary>
/// The HTTP client for management interfaces. It ignores proxies of the environment, stores no cookies and follows no redirects.
/// </summary>
public static class PeerHttp
{
    internal const string NoHttp = "the answer is not HTTP";

    /// <summary>
    /// Below Kestrel's keep-alive of 130 s, so that a connection is not reused at the moment at which the peer closes it.
    /// </summary>
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(60);

    /// <summary>Creates a client without a timeout for whole requests. The caller disposes it.</summary>
    /// <param name="connectTimeout">The timeout for connecting.</param>
    /// <param name="signing">Signs the requests; null: they are not signed.</param>
    public static HttpClient CreateClient(TimeSpan connectTimeout, SigningHandler? signing = null)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = connectTimeout,
            PooledConnectionIdleTimeout = IdleTimeout,
            ActivityHeadersPropagator = null,
            // A node's certificate is its own, and a command knows none: the signature of its request is what the node goes by.
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is not null,
            },
            ConnectCallback = (connection, cancellationToken) => PeerSocket.ConnectAsync(connection.DnsEndPoint, cancellationToken),
        };
        if (signing is not null) signing.InnerHandler = handler;
        return new HttpClient(signing ?? (HttpMessageHandler)handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    internal static Uri Uri(IPAddress host, int port, string pathAndQuery) =>
        new($"http://{(host.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{host}]" : host)}:{port}{pathAndQuery}");

    /// <summary>Says in a few words why there is no connection or no complete response.</summary>
    public static string Reason(Exception error)
    {
        for (var inner = error; inner is not null; inner = inner.InnerException)
        {
            if (inner is SocketException socket) return Words(socket);
        }

        return error switch
        {
            HttpRequestException { HttpRequestError: HttpRequestError.ResponseEnded } or HttpIOException => "the answer broke off",
            HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse } => NoHttp,
            { InnerException: TimeoutException or OperationCanceledException } => "no connection in time",
            _ => error.Message,
        };
    }

    private static string Words(SocketException error) => error.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => "connection refused",
        SocketError.ConnectionReset => "the connection was reset",
        SocketError.HostUnreachable or SocketError.NetworkUnreachable => "no route to host",
        SocketError.TimedOut => "no answer in time",
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => "host name not found",
        _ => error.Message,
    };
}
