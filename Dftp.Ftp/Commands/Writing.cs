using Dftp.Ftp.Control;

namespace Dftp.Ftp.Commands;

/// <summary>The commands that would change the tree, which is read-only.</summary>
internal static class Writing
{
    public static Reply Refuse(FtpSession session, string argument) => new(550, "This server is read-only");

    /// <summary>Also resets REST, which was meant for this upload and not for a later RETR (RFC 3659, section 5.3).</summary>
    public static Reply RefuseUpload(FtpSession session, string argument)
    {
        session.State.TakeRestartOffset();
        return Refuse(session, argument);
    }

    /// <summary>
    /// draft-peterson-streamlined-ftp-command-extensions, section 4: the bytes "available for storing files", which are none on a read-only
    /// server.
    /// </summary>
    public static async ValueTask<Reply> Avbl(FtpSession session, string argument)
    {
        var (path, entry, missing) = await Navigation.FindAsync(session, argument);
        if (missing is not null) return missing;
        return entry.IsDirectory ? new Reply(213, "0") : new Reply(550, $"{path} is not a directory");
    }

    /// <summary>RFC 959: RNTO must follow a successful RNFR, and none succeeds here.</summary>
    public static Reply Rnto(FtpSession session, string argument) => new(503, "Use RNFR first");
}
