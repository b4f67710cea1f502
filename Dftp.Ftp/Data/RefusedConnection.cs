using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Dftp.Ftp.Data;

/// <summary>
/// Ends the data connection of a refused transfer in the background, after the reply, whether the client connected before the reply or
/// connects after it. A client in the middle of its TLS handshake would take an earlier end for a failure of the session.
/// </summary>
internal sealed class RefusedConnection : IDisposable
{
    private readonly CancellationTokenSource _disposed = new();
    private readonly PassiveEndpoint _endpoint;

    /// <param name="endpoint">This object takes ownership.</param>
    /// <param name="tls">Null when data connections are in the clear.</param>
    /// <param name="limit">The listener or the connection closes after this time at the latest.</param>
    /// <param name="time">Measures <paramref name="limit"/>.</param>
    public RefusedConnection(PassiveEndpoint endpoint, SslServerAuthenticationOptions? tls, TimeSpan limit, TimeProvider time)
    {
        _endpoint = endpoint;
        Ended = EndAsync(tls, limit, time);
    }

    /// <summary>Completes when all sockets are closed. Errors of the client do not fault it.</summary>
    public Task Ended { get; }

    /// <summary>Closes the listener at once, which frees its port, and the connection asynchronously.</summary>
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
        catch (Exception e) when (
            e is SocketException or IOException or AuthenticationException or OperationCanceledException or ObjectDisposedException)
        {
            // The client left, its handshake failed, or the limit passed. It has its reply.
        }
    }

    /// <summary>Closes the listener as soon as the client has connected, because passive ports can be scarce.</summary>
    private async Task<DataConnection> AcceptAsync(CancellationToken cancellationToken)
    {
        using (_endpoint) return await _endpoint.ConnectAsync(cancellationToken);
    }
}
