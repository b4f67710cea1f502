using System.Globalization;
using Dftp.Ftp.Control;

namespace Dftp.Ftp.Commands;

/// <summary>TLS for the control connection and the data connections (RFC 2228, as RFC 4217 uses it).</summary>
internal static class Protection
{
    private static readonly Reply OnlyAfterAuth = new(503, "Use AUTH TLS first");

    /// <summary>
    /// The names are those of RFC 4217 and its drafts, in which <c>SSL</c> and <c>TLS-P</c> protect the data connections, too. A client
    /// that logged in without TLS has to log in again.
    /// </summary>
    public static Reply Auth(FtpSession session, string argument)
    {
        var mechanism = argument.Trim(' ').ToUpperInvariant();
        if (session.Context.Options.Tls is null) return new Reply(502, "This server has no TLS");
        if (mechanism is not ("TLS" or "TLS-C" or "TLS-P" or "SSL")) return new Reply(504, "The only mechanism is TLS");
        if (session.IsSecure) return new Reply(503, "TLS is in use already");
        session.DiscardUnread();
        session.Reinitialize();
        session.IsDataSecure = mechanism is "TLS-P" or "SSL";
        return new Reply(234, "TLS begins now") { StartsTls = true };
    }

    /// <summary>RFC 4217, section 9: TLS needs no buffer size, so the only one is 0.</summary>
    public static Reply Pbsz(FtpSession session, string argument)
    {
        if (!session.IsSecure) return OnlyAfterAuth;
        if (!uint.TryParse(argument.Trim(' '), NumberStyles.None, CultureInfo.InvariantCulture, out _))
            return new Reply(501, "PBSZ takes a number");
        session.HasProtectionBuffer = true;
        return new Reply(200, "PBSZ=0");
    }

    public static Reply Prot(FtpSession session, string argument)
    {
        if (!session.IsSecure) return OnlyAfterAuth;
        if (!session.HasProtectionBuffer) return new Reply(503, "Use PBSZ 0 first");
        switch (argument.Trim(' ').ToUpperInvariant())
        {
            case "C":
                session.IsDataSecure = false;
                return new Reply(200, "Data connections are not encrypted");
            case "P":
                session.IsDataSecure = true;
                return new Reply(200, "Data connections use TLS");
            case "S" or "E":
                return new Reply(536, "TLS has no such level, use C or P");
            default:
                return new Reply(504, "The levels are C and P");
        }
    }
}
