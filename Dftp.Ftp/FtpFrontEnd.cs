using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Dftp.Ftp;

/// <summary>Attaches FTP to an endpoint of Kestrel.</summary>
public static class FtpFrontEnd
{
    /// <summary>
    /// Serves FTP on this endpoint. Endpoints that share a <paramref name="handler"/> share its limits.
    /// </summary>
    /// <param name="isImplicitTls">Whether sessions start with a TLS handshake; requires <see cref="FtpOptions.Tls"/>.</param>
    public static void UseFtp(this ListenOptions listen, FtpConnectionHandler handler, bool isImplicitTls = false)
    {
        // HTTP never runs here; this only avoids Kestrel's warning about HTTP/2 without TLS.
        listen.Protocols = HttpProtocols.Http1;
        listen.Run(isImplicitTls ? handler.OnConnectedByTlsAsync : handler.OnConnectedAsync);
    }
}
