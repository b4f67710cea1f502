using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Dftp.FileSystem;
using Dftp.Node;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dftp.Tests.Node;

[TestClass]
public sealed class ServerCertificateTests
{
    private static NodeOptions Options(string? state = null, string? certificate = null, string? key = null) => new()
    {
        Root = "/",
        Name = NodeName.Parse("nas"),
        StateDirectory = state,
        TlsCertificate = certificate,
        TlsKey = key,
    };

    private static X509Certificate2 Load(NodeOptions options) =>
        ServerCertificate.Load(options, TimeProvider.System, NullLogger.Instance).ServerCertificateContext!.TargetCertificate;

    [TestMethod]
    public void OwnCertificate_IsKept_WithAKeyThatOnlyTheOwnerReads()
    {
        using var folder = new TemporaryDirectory();
        var state = Path.Combine(folder.Path, "deep", "nas");
        var first = Load(Options(state));
        Assert.AreEqual(first.Thumbprint, Load(Options(state)).Thumbprint);
        if (!OperatingSystem.IsWindows())
            Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(state, "tls-key.pem")));
        CollectionAssert.AreEquivalent(new[] { "tls-cert.pem", "tls-key.pem" }, Directory.GetFiles(state).Select(Path.GetFileName)
            .ToArray());
        Assert.IsTrue(first.HasPrivateKey);
        Assert.IsTrue(first.MatchesHostname("nas"));
        Assert.IsTrue(first.MatchesHostname("localhost"));
        Assert.IsTrue(first.NotAfter > DateTime.UnixEpoch.AddYears(65));
    }

    [TestMethod]
    [DataRow("tls-cert.pem")]
    [DataRow("tls-key.pem")]
    public void KeptCertificate_ThatIsDamaged_IsReplaced(string damaged)
    {
        using var folder = new TemporaryDirectory();
        var first = Load(Options(folder.Path));
        File.WriteAllText(Path.Combine(folder.Path, damaged), "-----BEGIN NOTHING-----");
        var second = Load(Options(folder.Path));
        Assert.AreNotEqual(first.Thumbprint, second.Thumbprint);
        Assert.AreEqual(second.Thumbprint, Load(Options(folder.Path)).Thumbprint);
    }

    [TestMethod]
    public void CertificateForNodes_IsKeptBesideTheOneForUsers_WithAKeyThatOnlyTheOwnerReads()
    {
        using var folder = new TemporaryDirectory();
        var first = ServerCertificate.LoadForNodes(Options(folder.Path), TimeProvider.System, NullLogger.Instance).Name;
        Assert.IsTrue(first.IsLasting);
        Assert.AreEqual(first, ServerCertificate.LoadForNodes(Options(folder.Path), TimeProvider.System, NullLogger.Instance).Name);
        if (!OperatingSystem.IsWindows())
            Assert.AreEqual(
                UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(folder.Path, "node-key.pem")));

        var ofAStart = ServerCertificate.LoadForNodes(Options(), TimeProvider.System, NullLogger.Instance).Name;
        Assert.IsFalse(ofAStart.IsLasting);
    }

    [TestMethod]
    public void WithoutAStateDirectory_ACertificateIsMadeInMemory() => Assert.IsTrue(Load(Options()).HasPrivateKey);

    [TestMethod]
    public void StateDirectory_ThatCannotBeWritten_DoesNotStopTheNode() => Assert.IsTrue(Load(Options("/dev/null/nas")).HasPrivateKey);

    [TestMethod]
    public void UsersCertificate_IsServed()
    {
        using var folder = new TemporaryDirectory();
        var made = Load(Options(folder.Path));
        var (certificate, key) = (Path.Combine(folder.Path, "tls-cert.pem"), Path.Combine(folder.Path, "tls-key.pem"));
        Assert.AreEqual(made.Thumbprint, Load(Options(null, certificate, key)).Thumbprint);
    }

    [TestMethod]
    public void UsersFiles_ThatCannotBeUsed_AreNamedInALine()
    {
        using var folder = new TemporaryDirectory();
        Load(Options(folder.Path));
        var (certificate, key) = (Path.Combine(folder.Path, "tls-cert.pem"), Path.Combine(folder.Path, "tls-key.pem"));
        var otherKey = Path.Combine(folder.Path, "other");
        using (var other = ECDsa.Create(ECCurve.NamedCurves.nistP256)) File.WriteAllText(otherKey, other.ExportPkcs8PrivateKeyPem());
        var damaged = Path.Combine(folder.Path, "damaged");
        File.WriteAllText(damaged, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");

        Assert.AreEqual("--tls-cert: needs its private key, --tls-key", Problem(certificate, null));
        Assert.AreEqual("--tls-key: needs its certificate, --tls-cert", Problem(null, key));
        Assert.AreEqual("--tls-cert: /nothing: no such file", Problem("/nothing", key));
        Assert.AreEqual($"--tls-key: {folder.Path}: is a directory", Problem(certificate, folder.Path));
        Assert.AreEqual($"--tls-cert: {key}: has no certificate in PEM form", Problem(key, key));
        Assert.AreEqual($"--tls-cert: {damaged}: is no certificate in PEM form", Problem(damaged, key));
        StringAssert.StartsWith(Problem(certificate, otherKey), $"--tls-key: {otherKey}: has no private key", StringComparison.Ordinal);
        StringAssert.StartsWith(Problem(certificate, certificate), $"--tls-key: {certificate}: has no private key",
            StringComparison.Ordinal);
    }

    private static string Problem(string? certificate, string? key) =>
        Assert.ThrowsExactly<StartException>(() => Load(Options(null, certificate, key))).Message;
}
