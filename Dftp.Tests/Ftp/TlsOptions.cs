using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Dftp.Tests.Ftp;

/// <summary>Both sides of TLS in tests: a test certificate, and a client that accepts it.</summary>
internal static class TlsOptions
{
    public static SslServerAuthenticationOptions Server { get; } = new()
    {
        ServerCertificateContext = SslStreamCertificateContext.Create(Make(), null, offline: true),
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
    };

    public static SslClientAuthenticationOptions Client(SslProtocols protocol = SslProtocols.None) => new()
    {
        TargetHost = "localhost",
        EnabledSslProtocols = protocol,
        RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.Subject == "CN=localhost",
    };

    private static X509Certificate2 Make()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        return request.CreateSelfSigned(DateTimeOffset.UnixEpoch, new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero));
    }
}
