using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Dftp.Cluster.Door;
using Microsoft.Extensions.Logging;

namespace Dftp.Node;

/// <summary>
/// The certificates of this node: one for the TLS interfaces that users see, theirs or a self-signed one; and a self-signed one for other
/// nodes.
/// </summary>
internal static partial class ServerCertificate
{
    /// <summary>Long: nothing renews the certificate, and clients are configured to trust exactly this one.</summary>
    private static readonly Kind ForUsers = new("tls-cert.pem", "tls-key.pem", Years: 10);

    /// <summary>Peers know the node by this certificate, whatever its dates say.</summary>
    private static readonly Kind ForNodes = new("node-cert.pem", "node-key.pem", Years: 100);

    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>Loads the user's certificate or the kept one, or makes one.</summary>
    /// <exception cref="StartException">The user's files are not usable.</exception>
    public static SslServerAuthenticationOptions Load(NodeOptions options, TimeProvider time, ILogger log) =>
        OptionsFor((options.TlsCertificate, options.TlsKey) switch
        {
            (null, null) => [LoadOrMake(ForUsers, options, time, log).Certificate],
            ({ } certificate, { } key) => Read(certificate, key),
            (null, _) => throw new StartException("--tls-key: needs its certificate, --tls-cert"),
            (_, null) => throw new StartException("--tls-cert: needs its private key, --tls-key"),
        });

    /// <summary>Loads the kept certificate for other nodes, or makes one.</summary>
    public static NodeCertificate LoadForNodes(NodeOptions options, TimeProvider time, ILogger log)
    {
        var (certificate, isKept) = LoadOrMake(ForNodes, options, time, log);
        if (!isKept) LogOfThisStart(log);
        return new NodeCertificate(certificate, isKept);
    }

    /// <summary>
    /// The server-side TLS options: TLS 1.2 and 1.3, no client certificates. All connections share one context, so that clients can
    /// resume sessions.
    /// </summary>
    public static SslServerAuthenticationOptions OptionsFor(X509Certificate2Collection chain) => new()
    {
        ServerCertificateContext = SslStreamCertificateContext.Create(chain[0], [.. chain.Skip(1)], offline: true),
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        ClientCertificateRequired = false,
    };

    /// <returns>The certificate with its key, followed by its chain.</returns>
    private static X509Certificate2Collection Read(string certificateFile, string keyFile)
    {
        var certificates = ReadPem("--tls-cert", certificateFile);
        var key = ReadPem("--tls-key", keyFile);
        var chain = new X509Certificate2Collection();
        try
        {
            chain.ImportFromPem(certificates);
        }
        catch (CryptographicException failure)
        {
            throw new StartException($"--tls-cert: {certificateFile}: is no certificate in PEM form", failure);
        }

        if (chain.Count == 0) throw new StartException($"--tls-cert: {certificateFile}: has no certificate in PEM form");
        try
        {
            chain[0] = X509Certificate2.CreateFromPem(certificates, key);
            return chain;
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException)
        {
            throw new StartException(
                $"--tls-key: {keyFile}: has no private key in PEM form, without a password, for the certificate of --tls-cert", failure);
        }
    }

    private static string ReadPem(string option, string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new StartException($"{option}: {file}: no such file", failure);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"{option}: {file}: {(Directory.Exists(file) ? "is a directory" : "cannot be read")}", failure);
        }
    }

    /// <returns>The certificate with its key, and whether the next start finds it too.</returns>
    private static (X509Certificate2 Certificate, bool IsKept) LoadOrMake(Kind kind, NodeOptions options, TimeProvider time, ILogger log)
    {
        if (options.StateDirectory is not { } state) return (Make(kind, options.Name.Value, time), false);
        var (certificateFile, keyFile) = (Path.Combine(state, kind.CertificateFile), Path.Combine(state, kind.KeyFile));
        try
        {
            if (File.Exists(certificateFile) && File.Exists(keyFile))
            {
                var kept = X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
                if (kept.NotAfter.ToUniversalTime() > time.GetUtcNow().UtcDateTime) return (kept, true);
                kept.Dispose();
            }
        }
        catch (Exception failure) when (failure is CryptographicException or IOException or UnauthorizedAccessException)
        {
            LogUnreadable(log, certificateFile, failure.Message);
        }

        var made = Make(kind, options.Name.Value, time);
        try
        {
            Directory.CreateDirectory(state);
            Keep(keyFile, made.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem(), UnixFileMode.UserRead | UnixFileMode.UserWrite);
            Keep(certificateFile, made.ExportCertificatePem(),
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
            return (made, true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            LogNotKept(log, state, failure.Message);
            return (made, false);
        }
    }

    /// <summary>Writes the file atomically. It never has a wider mode than its final one.</summary>
    private static void Keep(string file, string text, UnixFileMode mode)
    {
        var fresh = file + ".new";
        File.Delete(fresh);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = mode;
        using (var writer = new StreamWriter(fresh, options)) writer.WriteLine(text);
        File.Move(fresh, file, overwrite: true);
    }

    private static X509Certificate2 Make(Kind kind, string nodeName, TimeProvider time)
    {
        var hostName = Dns.GetHostName();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(hostName.Length is > 0 and <= 64 ? hostName : "dftp");
        var request = new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(Names(hostName, nodeName));
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication)], critical: false));
        // Valid from a day ago, for clients whose clocks are behind.
        var now = time.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddYears(kind.Years));
    }

    private static X509Extension Names(params string[] names)
    {
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names.Append("localhost").Where(name => Uri.CheckHostName(name) == UriHostNameType.Dns).Distinct())
        {
            alternatives.AddDnsName(name);
        }

        alternatives.AddIpAddress(IPAddress.Loopback);
        alternatives.AddIpAddress(IPAddress.IPv6Loopback);
        return alternatives.Build();
    }

    /// <param name="CertificateFile">Its name in the state directory.</param>
    /// <param name="KeyFile">The name of the file with the private key.</param>
    /// <param name="Years">How long it is valid.</param>
    private sealed record Kind(string CertificateFile, string KeyFile, int Years);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "the certificate for other nodes is of this start only, so they know this node by the secret alone; --state-dir keeps it")]
    private static partial void LogOfThisStart(ILogger log);

    [LoggerMessage(Level = LogLevel.Warning, Message = "the saved certificate {File} cannot be used and is replaced: {Reason}")]
    private static partial void LogUnreadable(ILogger log, string file, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "cannot save the certificate that this node made in {Directory}: {Reason}")]
    private static partial void LogNotKept(ILogger log, string directory, string reason);
}
