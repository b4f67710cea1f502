using Dftp.Ftp.Control;

namespace Dftp.Ftp.Commands;

/// <summary>Login, client identification, and the end of the session.</summary>
internal static class Login
{
    /// <summary>The reply is the same for every name, so that it does not reveal which users exist.</summary>
    public static Reply User(FtpSession session, string argument)
    {
        session.State.User = argument.Trim(' ');
        session.State.Tree = null;
        return new Reply(331, "Password required; anonymous users give any");
    }

    public static Reply Pass(FtpSession session, string argument)
    {
        if (session.State.IsLoggedIn) return new Reply(503, "Already logged in");
        if (session.State.User is not { } user) return new Reply(503, "Log in with USER first");
        if (session.Context.Options.LogIn(user, argument) is { } principal)
        {
            session.State.Tree = session.Context.Tree.For(principal);
            return new Reply(230, "Logged in, read-only");
        }

        FtpLog.LoginRefused(session.Context.Log, session.Remote, ForLog(user));
        session.State.User = null;
        return ++session.FailedLogins < session.Context.Options.MaxFailedLogins
            ? new Reply(530, "Login incorrect")
            : new Reply(421, "Too many failed logins") { IsLast = true };
    }

    /// <summary>RFC 959: 202 is for a server that needs no account.</summary>
    public static Reply Acct(FtpSession session, string argument) => new(202, "No account is needed");

    /// <summary>RFC 7151, section 3.2: only before USER, otherwise 503. All names denote the same server.</summary>
    public static Reply Host(FtpSession session, string argument) => session.State.User is null
        ? new Reply(220, "Host accepted")
        : new Reply(503, "HOST must precede USER");

    public static Reply Clnt(FtpSession session, string argument) => new(200, "Noted");

    public static Reply Csid(FtpSession session, string argument) => new(200, "Name=dftp;");

    public static Reply Rein(FtpSession session, string argument)
    {
        // RFC 4217, section 13, would end TLS here. No client does that; a new connection serves as well.
        if (session.IsSecure) return new Reply(502, "REIN is not implemented over TLS, reconnect instead");
        session.Reinitialize();
        return new Reply(220, "Ready for a new user");
    }

    public static Reply Quit(FtpSession session, string argument) => new(221, "Goodbye") { IsLast = true };

    /// <summary>Limits the length of a text from the client, and replaces control characters, which could act on a terminal.</summary>
    private static string ForLog(string user) => string.Concat(user.Take(64).Select(letter => char.IsControl(letter) ? '?' : letter));
}
