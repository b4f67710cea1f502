using System.Globalization;
using Dftp.Ftp.Control;
using Dftp.Ftp.Listing;

namespace Dftp.Ftp.Commands;

/// <summary>The server's features, options and status.</summary>
internal static class Information
{
    /// <summary>RFC 2389, section 3.2. MLST implies MLSD (RFC 3659, section 7.8).</summary>
    public static Reply Feat(FtpSession session, string argument) => Reply.Multiline(
        211,
        "Features:",
        [
            .. WithTls(session, "AUTH TLS"),
            "AVBL",
            "CLNT",
            "CSID",
            "EPRT",
            "EPSV",
            "HASH SHA-256*",
            "HOST",
            "MDTM",
            "MLST " + FactNames.Describe(session.State.Facts),
            "PASV",
            .. WithTls(session, "PBSZ", "PROT"),
            "REST STREAM",
            "SIZE",
            "TVFS",
            "UTF8",
            "XSHA256",
        ],
        "End");

    public static Reply Opts(FtpSession session, string argument)
    {
        var words = argument.Trim(' ').Split(' ', 2, StringSplitOptions.TrimEntries);
        switch (words[0].ToUpperInvariant(), words.Length > 1 ? words[1] : "")
        {
            case ("UTF8" or "UTF-8", var state) when state.Length == 0 || state.Equals("ON", StringComparison.OrdinalIgnoreCase):
                return new Reply(200, "Names are UTF-8");
            case ("HASH", var algorithm) when algorithm.Length == 0 || algorithm.Equals("SHA-256", StringComparison.OrdinalIgnoreCase):
                return new Reply(200, "SHA-256");
            case ("HASH", _):
                return new Reply(504, "The only algorithm is SHA-256");
            case ("MLST", var facts):
                session.State.Facts = FactNames.Parse(facts);
                return new Reply(200, $"MLST OPTS {FactNames.Join(session.State.Facts)}".TrimEnd(' '));
            default:
                return new Reply(501, "Unknown option");
        }
    }

    public static Reply Help(FtpSession session, string argument)
    {
        var verb = argument.Trim(' ').ToUpperInvariant();
        if (verb.Length == 0) return Reply.Multiline(214, "Commands:", Verbs(), "End");
        return CommandTable.Find(verb) is { } command
            ? new Reply(214, $"Syntax: {command.Syntax}")
            : new Reply(502, "That command is not implemented");
    }

    public static Reply Syst(FtpSession session, string argument) => new(215, "UNIX Type: L8");

    public static Reply Noop(FtpSession session, string argument) => new(200, "OK");

    public static Reply Site(FtpSession session, string argument) => argument.Trim(' ').Split(' ')[0].ToUpperInvariant() switch
    {
        "HELP" => Reply.Multiline(214, "SITE commands:", ["HELP"], "End"),
        "CHMOD" or "UTIME" => Writing.Refuse(session, argument),
        _ => new Reply(504, "That SITE command is not implemented"),
    };

    /// <summary>RFC 959: without an argument the server's status, with a path a listing over the control connection.</summary>
    public static async ValueTask<Reply> Stat(FtpSession session, string argument)
    {
        if (argument.AsSpan().Trim(' ').IsEmpty) return Status(session);
        var tree = session.Tree.Snapshot;
        var found = await ListingRequest.FindAsync(tree, session.State.Directory, argument);
        if (await Look.AtRequestAsync(session, found) is not { } request) return Listings.NothingThere;
        var code = request.IsEntryItself ? 213 : 212;
        var now = session.Context.Time.GetUtcNow();
        await session.Writer.WriteBodyAsync(
            code, $"Status of {request.Path}:", output => UnixListing.WriteAsync(output, tree, request, now));
        return new Reply(code, "End");
    }

    public static Reply Status(FtpSession session)
    {
        var state = session.State;
        return Reply.Multiline(
            211,
            "dftp status:",
            [
                $"Connected to {session.Remote.Address}",
                state.IsLoggedIn ? $"Logged in as {state.User}" : "Not logged in",
                $"TYPE: {state.Type}, STRU: File, MODE: Stream",
                session.CurrentTransfer is { } transfer
                    ? string.Create(CultureInfo.InvariantCulture, $"A transfer is running: {transfer.Bytes} bytes so far")
                    : "No transfer is running",
            ],
            "End");
    }

    private static string[] WithTls(FtpSession session, params string[] features) => session.Context.Options.Tls is null ? [] : features;

    private static List<string> Verbs() =>
        [.. CommandTable.All.Select(command => command.Verb).Chunk(10).Select(verbs => string.Join(' ', verbs))];
}
