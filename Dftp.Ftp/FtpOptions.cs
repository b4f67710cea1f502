using System.Net.Security;
using Dftp.FileSystem;

namespace Dftp.Ftp;

/// <summary>The settings of the FTP front end.</summary>
public sealed record FtpOptions
{
    /// <summary>Concurrent sessions; further ones get 421. The default is vsftpd's <c>max_clients</c>.</summary>
    public int MaxSessions { get; init; } = 2000;

    /// <summary>
    /// Concurrent sessions of one address; further ones get 421. The default allows for many users behind one address, but not for one
    /// address to take all of <see cref="MaxSessions"/>.
    /// </summary>
    public int MaxSessionsPerAddress { get; init; } = 256;

    /// <summary>Failed logins before the session is closed with 421. The default is vsftpd's <c>max_login_fails</c>.</summary>
    public int MaxFailedLogins { get; init; } = 3;

    /// <summary>From the greeting to a successful login. The default gives a human time to type.</summary>
    public TimeSpan LoginTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Between two commands; paused during a transfer. The default is pure-ftpd's <c>MaxIdleTime</c>; RFC 1123, section 4.1.3.2, requires
    /// at least five minutes.
    /// </summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>From the reply 150 to an open data connection, after which the reply is 425. The default is pyftpdlib's.</summary>
    public TimeSpan DataConnectionTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// A transfer without progress for this long, or up to twice as long, ends with 426. The default is vsftpd's
    /// <c>data_connection_timeout</c>.
    /// </summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How long running transfers may continue when the node stops. The default is well below the 30 seconds after which the host aborts
    /// all connections.
    /// </summary>
    public TimeSpan ShutdownGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a client may take to receive the last reply of a session, or to close the data connection of a refused transfer, before the
    /// node closes that connection.
    /// </summary>
    public TimeSpan ClosingTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The ports of passive data connections; null for any free port.</summary>
    public PortRange? PassivePorts { get; init; }

    /// <summary>
    /// The address in PASV's reply, for a node behind NAT or in a container; null for the address that the client reached.
    /// </summary>
    public PublicAddress? PublicAddress { get; init; }

    /// <summary>
    /// TLS of the control and data connections; null disables TLS. Clients can resume TLS sessions only if it holds its certificate as
    /// <see cref="SslServerAuthenticationOptions.ServerCertificateContext"/>.
    /// </summary>
    public SslServerAuthenticationOptions? Tls { get; init; }

    /// <summary>
    /// Logs a user in: the principal of a name and a password; null refuses the login. Called concurrently. The default admits anonymous
    /// users only (RFC 1635: <c>anonymous</c>, or by convention <c>ftp</c>, with any password).
    /// </summary>
    public Func<string, string, Principal?> LogIn { get; init; } = static (user, _) =>
        user.Equals("anonymous", StringComparison.OrdinalIgnoreCase) || user.Equals("ftp", StringComparison.OrdinalIgnoreCase)
            ? Principal.Anonymous
            : null;

    /// <summary>For a TLS handshake on a control or data connection. The default is Kestrel's for HTTPS.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
