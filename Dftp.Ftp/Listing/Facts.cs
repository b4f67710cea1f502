namespace Dftp.Ftp.Listing;

/// <summary>The facts of MLST and MLSD (RFC 3659, section 7.5), in the order of output.</summary>
[Flags]
internal enum Facts
{
    None = 0,
    Type = 1,
    Size = 2,
    Modify = 4,
    Perm = 8,
    Unique = 16,
    UnixMode = 32,
    All = Type | Size | Modify | Perm | Unique | UnixMode,
}

internal static class FactNames
{
    private static readonly (Facts Fact, string Name)[] Names =
    [
        (Facts.Type, "type"), (Facts.Size, "size"), (Facts.Modify, "modify"),
        (Facts.Perm, "perm"), (Facts.Unique, "unique"), (Facts.UnixMode, "UNIX.mode"),
    ];

    /// <summary>Parses <c>name;name;</c>, case-insensitively. Unknown facts are ignored (RFC 3659, section 7.9).</summary>
    public static Facts Parse(string text)
    {
        var facts = Facts.None;
        foreach (var word in text.Split(';', StringSplitOptions.TrimEntries))
        {
            foreach (var (fact, name) in Names)
            {
                if (word.Equals(name, StringComparison.OrdinalIgnoreCase)) facts |= fact;
            }
        }

        return facts;
    }

    /// <summary>Formats facts as <c>name;name;</c>.</summary>
    public static string Join(Facts facts) => string.Concat(Names.Where(name => facts.HasFlag(name.Fact)).Select(name => name.Name + ";"));

    /// <summary>Formats all facts as <c>name*;name;</c>, those in use with an asterisk (RFC 3659, section 7.8).</summary>
    public static string Describe(Facts inUse) =>
        string.Concat(Names.Select(name => name.Name + (inUse.HasFlag(name.Fact) ? "*;" : ";")));
}
