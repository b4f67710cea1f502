namespace Dftp.Ftp.Listing;

/// <summary>The facts that MLST and MLSD can tell (RFC 3659, section 7.5), in the order in which they are written.</summary>
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

    /// <summary>Reads <c>name;name;</c>. Unknown facts are passed over, as RFC 3659, section 7.9, wants; names ignore case.</summary>
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

    /// <summary><c>name;name;</c> of the facts in use.</summary>
    public static string Join(Facts facts) => string.Concat(Names.Where(name => facts.HasFlag(name.Fact)).Select(name => name.Name + ";"));

    /// <summary>All facts, those in use with an asterisk: <c>name*;name;</c> (RFC 3659, section 7.8).</summary>
    public static string Describe(Facts inUse) =>
        string.Concat(Names.Select(name => name.Name + (inUse.HasFlag(name.Fact) ? "*;" : ";")));
}
