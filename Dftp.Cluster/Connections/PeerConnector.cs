using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Dftp.Cluster.Door;

namespace Dftp.Cluster.Connections;

/// <summary>Makes connections to peers, and exchanges requests and responses over them.</summary>
/// <param name="door">Signs requests, and knows which peers speak TLS.</param>
/// <param name="connectTimeout">How long to wait for a connection, TLS included.</param>
/// <param name="time">The clock of timeouts.</param>
internal sealed class PeerConnector(ClusterDoor door, TimeSpan connectTimeout, TimeProvider time)
{
    /// <summary>Sends a request on an idle connection of the pool, or on a new one.</summary>
    /// <param name="peer">Where the request goes.</param>
    /// <param name="request">The request.</param>
    /// <param name="ask">Sends it and reads the head of the response.</param>
    /// <param name="wait">The timeout for the head of the response; null: none but the presence of the peer.</param>
    /// <param name="cancellationToken">Cancels the exchange.</param>
    /// <returns>The connection, owned by the caller, at the beginning of the body.</returns>
    /// <exception cref="IOException">The connection broke off.</exception>
    /// <exception cref="SocketException">There is no connection.</exception>
    /// <exception cref="OperationCanceledException">A timeout expired, the peer went away, or <paramref name="cancellationToken"/> fired.
    /// </exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<(PeerConnection Connection, PeerResponseHead Head)> ExchangeAsync<T>(
        PeerEndpoint peer, T request, Func<PeerConnection, T, CancellationToken, ValueTask<PeerResponseHead>> ask, TimeSpan? wait,
        CancellationToken cancellationToken)
    {
        // Only a greeting is answered by a proof of whose certificate it is.
        var isTls = IsTls(peer.Address);
        if (isTls && peer is { Pin: null, IsGreeting: false }) throw new IOException("its certificate is not known before it is greeted");
        for (var idle = peer.Pool?.Take(peer); ; idle = null)
        {
            var connection = idle ?? await ConnectAsync(peer, isTls, cancellationToken);
            try
            {
                return (connection, await ExchangeAsync(connection, request, ask, wait, cancellationToken));
            }
            catch (IOException) when (idle is { HasAnswered: false, IsClosed: false })
            {
                // RFC 9112, section 9.3.1: the peer closed it while it was idle, and what nodes ask of each other may be repeated.
                connection.Dispose();
            }
            catch
            {
                connection.Dispose();
                throw;
            }
        }
    }

    /// <summary>Legacy nodes speak in the clear.</summary>
    private bool IsTls(HostPort address) => door.Certificate is not null && !door.LegacyPeers.Contains(address.Host);

    private Task<PeerConnection> ConnectAsync(PeerEndpoint peer, bool isTls, CancellationToken cancellationToken) =>
        PeerConnection.ConnectAsync(peer, new ConnectionSecurity(door.Signer, isTls), connectTimeout, time, cancellationToken);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<PeerResponseHead> ExchangeAsync<T>(
        PeerConnection connection, T request, Func<PeerConnection, T, CancellationToken, ValueTask<PeerResponseHead>> ask, TimeSpan? wait,
        CancellationToken cancellationToken)
    {
        if (wait is { } limit) connection.CloseAfter(limit);
        var closing = cancellationToken.UnsafeRegister(static connection => ((PeerConnection)connection!).Dispose(), connection);
        try
        {
            return await ask(connection, request, cancellationToken);
        }
        catch (IOException) when (connection.IsClosed)
        {
            // Closed by the caller, by the timeout, or because the peer is away.
            cancellationToken.ThrowIfCancellationRequested();
            throw new OperationCanceledException();
        }
        finally
        {
            closing.Dispose();
            connection.TryKeepOpen();
        }
    }
}

/// <summary>Where and for how long a peer is reached.</summary>
/// <param name="Address">Its interface.</param>
/// <param name="Pool">Keeps its idle connections; null: each is used once.</param>
/// <param name="Pin">The fingerprint of its certificate; null: it is not known, and any is accepted for a greeting.</param>
/// <param name="IsGreeting">Whether the exchange is a greeting.</param>
/// <param name="Presence">Fires when it goes away.</param>
internal readonly record struct PeerEndpoint(
    HostPort Address, PeerConnectionPool? Pool = null, string? Pin = null, bool IsGreeting = false,
    CancellationToken Presence = default);

/// <summary>What protects a connection.</summary>
/// <param name="Signer">Signs its requests; null: they are not signed.</param>
/// <param name="IsTls">Whether it is encrypted.</param>
internal readonly record struct ConnectionSecurity(RequestSigner? Signer, bool IsTls);
