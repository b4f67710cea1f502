using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Dftp.Cluster.Door;
using Dftp.Sockets;

namespace Dftp.Cluster.Connections;

/// <summary>
/// The client's side of TLS between nodes. No authority vouches for a node's certificate: it is the pinned one; or, while none is pinned,
/// any, and the signed answer to the greeting says whether it is the node's.
/// </summary>
internal static class TlsConnection
{
    /// <summary>Nobody builds a chain, fetches certificates or asks for revocation.</summary>
    private static readonly X509ChainPolicy NoChain = new()
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        RevocationMode = X509RevocationMode.NoCheck,
        DisableCertificateDownloads = true,
        VerificationFlags = X509VerificationFlags.AllFlags,
    };

    /// <summary>Negotiates TLS.</summary>
    /// <param name="socket">The connection, which the stream does not own.</param>
    /// <param name="pin">The fingerprint that the peer's certificate must have; null: any.</param>
    /// <param name="cancellationToken">Cancels the handshake.</param>
    /// <returns>The stream, and the fingerprint of the peer's certificate.</returns>
    /// <exception cref="IOException">The peer speaks no TLS, or has another certificate than the pinned one.</exception>
    public static async Task<(SslStream Stream, string Fingerprint)> NegotiateAsync(
        LoopSocket socket, string? pin, CancellationToken cancellationToken)
    {
        var seen = "";
        var stream = new SslStream(new SocketStream(socket), leaveInnerStreamOpen: true);
        try
        {
            await stream.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                    AllowTlsResume = false,
                    CertificateChainPolicy = NoChain.Clone(),
                    RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                    {
                        seen = certificate is null ? "" : NodeCertificate.FingerprintOf(certificate);
                        return pin is null || pin == seen;
                    },
                },
                cancellationToken);
            return (stream, seen);
        }
        catch (Exception error) when (error is AuthenticationException or IOException or SocketException or ObjectDisposedException)
        {
            await stream.DisposeAsync();
            throw seen.Length > 0 && pin is not null && pin != seen
                ? new OtherCertificateException(seen)
                : new IOException($"TLS could not be negotiated; is --cluster-tls the same at both nodes? ({error.Message})", error);
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }
}

/// <summary>The peer has another certificate than the pinned one.</summary>
/// <param name="fingerprint">That of the other one.</param>
internal sealed class OtherCertificateException(string fingerprint) : IOException("it has another certificate than before")
{
    public string Fingerprint => fingerprint;
}
