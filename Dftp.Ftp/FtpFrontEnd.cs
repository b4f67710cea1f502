using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Dftp.Ftp;

/// <summary>How the composition root puts FTP on a port of Kestrel's.</summary>
public static class FtpFrontEnd
{
    /// <summary>
    /// Serves FTP on this endpoint. Several endpoints can share one <paramref name="handler"/>; its limits then count over all of
    /// them.
    /// </summary>
    /// <param name="isImplicitTls">Whether clients begin with TLS instead of asking for it; the options must have a certificate.</param>
    public static void UseFtp(this ListenOptions listen, FtpConnectionHandler handler, bool isImplicitTls = false)
    {
        // The connection never gets as far as HTTP; without this Kestrel would speak of HTTP/2 without TLS.
        listen.Protocols = HttpProtocols.Http1;
        listen.Run(isImplicitTls ? handler.OnConnectedByTlsAsync : handler.OnConnectedAsync);
    }
}
