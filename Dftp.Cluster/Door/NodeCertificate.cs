using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Dftp.Cluster.Door;

/// <summary>The certificate with which this node speaks TLS to other nodes.</summary>
/// <param name="Certificate">With its private key.</param>
/// <param name="IsLasting">Whether the next start has it too. Peers do not know a node again by one that does not last.</param>
public sealed record NodeCertificate(X509Certificate2 Certificate, bool IsLasting)
{
    /// <summary>The certificate as nodes name it in greetings.</summary>
    public CertificateName Name { get; } = new(FingerprintOf(Certificate), IsLasting);

    /// <summary>The SHA-256 of a certificate, in hexadecimal.</summary>
    public static string FingerprintOf(X509Certificate certificate) =>
        Convert.ToHexStringLower(SHA256.HashData(certificate.GetRawCertData()));
}

/// <summary>A certificate between nodes, as its node names it.</summary>
/// <param name="Fingerprint">64 hexadecimal digits in lower case.</param>
/// <param name="IsLasting">As of <see cref="NodeCertificate"/>.</param>
public sealed record CertificateName(string Fingerprint, bool IsLasting)
{
    private const string OfThisStart = "-start";

    /// <summary>Reads the form of <see cref="ToString"/>.</summary>
    /// <returns>Null if it is not a certificate's name.</returns>
    public static CertificateName? Parse(string? text)
    {
        if (string.IsNullOrEmpty(text)) return null;
        var isLasting = !text.EndsWith(OfThisStart, StringComparison.Ordinal);
        var digits = isLasting ? text : text[..^OfThisStart.Length];
        return digits.Length == 2 * SHA256.HashSizeInBytes && digits.All(char.IsAsciiHexDigitLower)
            ? new CertificateName(digits, isLasting) : null;
    }

    public override string ToString() => IsLasting ? Fingerprint : Fingerprint + OfThisStart;
}
