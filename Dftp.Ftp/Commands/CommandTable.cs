using System.Collections.Frozen;
using static Dftp.Ftp.Commands.Access;
using static Dftp.Ftp.Commands.Argument;

namespace Dftp.Ftp.Commands;

/// <summary>All commands: verb, access, and handler.</summary>
internal static class CommandTable
{
    public static IReadOnlyList<Command> All { get; } =
    [
        new("USER <name>", Anyone, Needed, Login.User),
        new("PASS [<password>]", Anyone, Optional, Login.Pass),
        new("ACCT <account>", Anyone, Optional, Login.Acct),
        new("HOST <name>", Anyone, Needed, Login.Host),
        new("CLNT <client>", Anyone, Optional, Login.Clnt),
        new("CSID <client>", Anyone, Optional, Login.Csid),
        new("REIN", Anyone, Optional, Login.Rein),
        new("QUIT", Anyone, Optional, Login.Quit),

        new("AUTH TLS", Anyone, Needed, Protection.Auth),
        new("PBSZ 0", Anyone, Needed, Protection.Pbsz),
        new("PROT C|P", Anyone, Needed, Protection.Prot),

        new("FEAT", Anyone, Optional, Information.Feat),
        new("OPTS <command> [<options>]", Anyone, Needed, Information.Opts),
        new("HELP [<command>]", Anyone, Optional, Information.Help),
        new("SYST", LoggedIn, Optional, Information.Syst),
        new("STAT [<path>]", LoggedIn, Optional, Information.Stat),
        new("NOOP", LoggedIn, Optional, Information.Noop),
        new("SITE HELP", LoggedIn, Needed, Information.Site),

        new("PWD", LoggedIn, Optional, Navigation.Pwd),
        new("XPWD", LoggedIn, Optional, Navigation.Pwd),
        new("CWD <directory>", LoggedIn, Needed, Navigation.Cwd),
        new("XCWD <directory>", LoggedIn, Needed, Navigation.Cwd),
        new("CDUP", LoggedIn, Optional, Navigation.Cdup),
        new("XCUP", LoggedIn, Optional, Navigation.Cdup),
        new("SIZE <file>", LoggedIn, Needed, Navigation.Size),
        new("MDTM <file>", LoggedIn, Needed, Navigation.Mdtm),
        new("MLST [<path>]", LoggedIn, Optional, Navigation.Mlst),

        new("TYPE A|I|L 8", LoggedIn, Needed, TransferParameters.Type),
        new("MODE S", LoggedIn, Needed, TransferParameters.Mode),
        new("STRU F", LoggedIn, Needed, TransferParameters.Stru),
        new("ALLO <bytes>", LoggedIn, Needed, TransferParameters.Allo),
        new("REST <offset>", LoggedIn, Needed, TransferParameters.Rest),
        new("PASV", LoggedIn, Optional, DataEndpoints.Pasv),
        new("EPSV [1|2|ALL]", LoggedIn, Optional, DataEndpoints.Epsv),
        new("PORT <h1,h2,h3,h4,p1,p2>", LoggedIn, Needed, DataEndpoints.Port),
        new("EPRT |<protocol>|<address>|<port>|", LoggedIn, Needed, DataEndpoints.Eprt),

        new("RETR <file>", LoggedIn, Needed, Retrieval.Retr, usesDataConnection: true),
        new("HASH <file>", LoggedIn, Needed, Hashes.Hash),
        new("XSHA256 <file> [<start> [<end>]]", LoggedIn, Needed, Hashes.XSha256),
        new("LIST [-R] [<path>]", LoggedIn, Optional, Listings.List, usesDataConnection: true),
        new("NLST [-R] [<path>]", LoggedIn, Optional, Listings.Nlst, usesDataConnection: true),
        new("MLSD [<directory>]", LoggedIn, Optional, Listings.Mlsd, usesDataConnection: true),
        new("ABOR", LoggedIn, Optional, Retrieval.Abor, usesDataConnection: true),

        new("AVBL [<directory>]", LoggedIn, Optional, Writing.Avbl),
        new("STOR <file>", LoggedIn, Needed, Writing.RefuseUpload, usesDataConnection: true),
        new("APPE <file>", LoggedIn, Needed, Writing.RefuseUpload, usesDataConnection: true),
        new("STOU", LoggedIn, Optional, Writing.RefuseUpload, usesDataConnection: true),
        new("DELE <file>", LoggedIn, Needed, Writing.Refuse),
        new("RMD <directory>", LoggedIn, Needed, Writing.Refuse),
        new("XRMD <directory>", LoggedIn, Needed, Writing.Refuse),
        new("MKD <directory>", LoggedIn, Needed, Writing.Refuse),
        new("XMKD <directory>", LoggedIn, Needed, Writing.Refuse),
        new("RNFR <path>", LoggedIn, Needed, Writing.Refuse),
        new("RNTO <path>", LoggedIn, Needed, Writing.Rnto),
        new("MFMT <time> <path>", LoggedIn, Needed, Writing.Refuse),
    ];

    /// <summary>Commands of RFCs that this server does not implement: 502 instead of 500 (RFC 959, section 4.2.2).</summary>
    private static readonly FrozenSet<string> NotImplemented =
        FrozenSet.Create(StringComparer.Ordinal, "SMNT", "ADAT", "CCC", "CONF", "ENC", "MIC", "LANG", "LPRT", "LPSV", "MFCT", "MFF");

    private static readonly FrozenDictionary<string, Command> ByVerb =
        All.ToFrozenDictionary(command => command.Verb, StringComparer.Ordinal);

    /// <param name="verb">In capitals.</param>
    public static Command? Find(string verb) => ByVerb.GetValueOrDefault(verb);

    /// <param name="verb">In capitals.</param>
    public static bool IsKnown(string verb) => ByVerb.ContainsKey(verb) || NotImplemented.Contains(verb);
}
