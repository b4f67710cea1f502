using Dftp.Ftp.Control;

namespace Dftp.Ftp.Commands;

/// <summary>The commands that change something. The tree is read-only.</summary>
internal static class Writing
{
    public static Reply Refuse(FtpSession session, string argument) => new(550, "This server is read-only");

    /// <summary>RFC 959: it must follow RNFR, and none has succeeded.</summary>
    public static Reply Rnto(FtpSession session, string argument) => new(503, "RNFR comes first");
}
