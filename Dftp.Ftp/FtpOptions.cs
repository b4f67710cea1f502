using System.Net.Security;

namespace Dftp.Ftp;

/// <summary>What a user can set about the FTP front end.</summary>
public sealed record FtpOptions
{
    /// <summary>Sessions at once; further ones get 421. The default is vsftpd's <c>max_clients</c>.</summary>
    public int MaxSessions { get; init; } = 2000;

    /// <summary>
    /// Sessions at once from one address; further ones get 421. Roomy, because many users can stand behind one address, yet low
    /// enough that one address cannot take all of <see cref="MaxSessions"/>.
    /// </summary>
    public int MaxSessionsPerAddress { get; init; } = 256;

    /// <summary>Failed logins before the session is closed by 421. The default is vsftpd's <c>max_login_fails</c>.</summary>
    public int MaxFailedLogins { get; init; } = 3;

    /// <summary>From the greeting to a successful login. The default is long enough for a human who types.</summary>
    public TimeSpan LoginTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Between two commands; the clock does not run during a transfer. The default is pure-ftpd's <c>MaxIdleTime</c>; RFC 1123,
    /// section 4.1.3.2, wants at least five minutes.
    /// </summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>From the reply 150 to an open data connection, after which the reply is 425. The default is pyftpdlib's.</summary>
    public TimeSpan DataConnectionTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// A transfer that moved no byte for this long (or up to twice as long) ends by 426. The default is vsftpd's
    /// <c>data_connection_timeout</c>.
    /// </summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// What running transfers get when the node stops, before they are cut. The default stays well under the 30 seconds after
    /// which the host aborts every connection.
    /// </summary>
    public TimeSpan ShutdownGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// What a client gets to take the last reply of a session, or the end of a refused transfer's data connection, before that connection
    /// is cut.
    /// </summary>
    public TimeSpan ClosingTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The ports of passive data connections; null lets the operating system choose.</summary>
    public PortRange? PassivePorts { get; init; }

    /// <summary>What PASV names, for a node behind NAT or in a container; null names the address that the client reached.</summary>
    public PublicAddress? PublicAddress { get; init; }

    /// <summary>
    /// The server's side of TLS, for the control connection and the data connections; null: there is no TLS. It should hold its
    /// certificate as a context, which is what lets clients resume their sessions.
    /// </summary>
    public SslServerAuthenticationOptions? Tls { get; init; }

    /// <summary>For a TLS handshake on either connection. The default is Kestrel's for HTTPS.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
