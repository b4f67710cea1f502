using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Dftp.Ftp.Data;

/// <summary>
/// The data connection of a transfer that was refused. The reply is written already, and the session goes on; here the connection comes to
/// an orderly end, whether the client opened it before the reply or opens it after. A client that is in the middle of its TLS handshake would
/// take an earlier end for a failure of the session.
/// </summary>
internal sealed class RefusedConnection : IDisposable
{
    private readonly CancellationTokenSource _disposed = new();
    private readonly PassiveEndpoint _endpoint;

    /// <param name="endpoint">Owned by this object from now on.</param>
    /// <param name="tls">Null when data connections are in the clear.</param>
    /// <param name="limit">After this time the listener or the connection closes, whatever the client does.</param>
    /// <param name="time">Measures <paramref name="limit"/>.</param>
    public RefusedConnection(PassiveEndpoint endpoint, SslServerAuthenticationOptions? tls, TimeSpan limit, TimeProvider time)
    {
        _endpoint = endpoint;
        Ended = EndAsync(tls, limit, time);
    }

    /// <summary>Completes, never with an error that the client caused, when all sockets are closed.</summary>
    public Task Ended { get; }

    /// <summary>Closes the listener now, so that its port is free, and has a connection closed soon.</summary>
    public void Dispose()
    {
        _disposed.Cancel();
        _disposed.Dispose();
        _endpoint.Dispose();
    }

    private async Task EndAsync(SslServerAuthenticationOptions? tls, TimeSpan limit, TimeProvider time)
    {
        using var late = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, _disposed.Token);
        try
        {
            using var connection = await AcceptAsync(either.Token);
            await connection.EndWithoutDataAsync(tls, either.Token);
        }
        catch (Exception e) when (e is SocketException or IOException or AuthenticationException or OperationCanceledException or ObjectDisposedException)
        {
            // The client left, failed its handshake, or did nothing for too long: it has its reply.
        }
    }

    /// <summary>The listener closes as soon as the client has connected: its port may be one of few.</summary>
    private async Task<DataConnection> AcceptAsync(CancellationToken cancellationToken)
    {
        using (_endpoint) return await _endpoint.ConnectAsync(cancellationToken);
    }
}
