using Dftp.FileSystem;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http.Files;

/// <summary>A client's preference for digests.</summary>
internal enum DigestPreference
{
    /// <summary>None: it gets the digest if it is known.</summary>
    IfKnown,

    /// <summary>It wants a digest, even if it must be computed.</summary>
    Computed,

    /// <summary>It wants no digest.</summary>
    None,
}

/// <summary>The fields of RFC 9530. The one algorithm is sha-256.</summary>
internal static class DigestFields
{
    public const string ReprDigest = "Repr-Digest";

    private const string WantReprDigest = "Want-Repr-Digest";

    private const string Algorithm = "sha-256";

    /// <summary>"Preferences are Integers in the range 0 to 10 inclusive".</summary>
    private const int MaxPreference = 10;

    /// <summary>A Dictionary of RFC 9651 with a Byte Sequence.</summary>
    public static string Format(ContentDigest digest) => $"{Algorithm}=:{digest.ToBase64()}:";

    /// <summary>A malformed field is ignored (RFC 9651 section 4.2).</summary>
    public static DigestPreference Read(IHeaderDictionary headers) =>
        !headers.TryGetValue(WantReprDigest, out var field)
        || !TryReadPreference(string.Join(',', field.AsEnumerable()), out var preference)
            ? DigestPreference.IfKnown
            : preference switch { null => DigestPreference.IfKnown, 0 => DigestPreference.None, _ => DigestPreference.Computed };

    /// <summary>Parses a Dictionary of Integers with optional parameters. The last of several members of one name counts.</summary>
    private static bool TryReadPreference(ReadOnlySpan<char> rest, out int? preference)
    {
        preference = null;
        rest = rest.Trim(' ');
        while (!rest.IsEmpty)
        {
            var key = Take(ref rest, IsKey);
            if (key.IsEmpty || !(char.IsAsciiLetterLower(key[0]) || key[0] == '*')) return false;
            if (!rest.StartsWith('=')) return false;
            rest = rest[1..];
            if (!int.TryParse(Take(ref rest, char.IsAsciiDigit), out var number) || number > MaxPreference) return false;
            if (!SkipParameters(ref rest)) return false;
            if (key.SequenceEqual(Algorithm)) preference = number;

            rest = rest.TrimStart(" \t");
            if (rest.IsEmpty) break;
            if (rest[0] != ',') return false;
            rest = rest[1..].TrimStart(" \t");
            if (rest.IsEmpty) return false;
        }

        return true;
    }

    /// <summary>No parameters are defined for it, so they are skipped; their values are tokens or numbers.</summary>
    private static bool SkipParameters(ref ReadOnlySpan<char> rest)
    {
        while (rest.StartsWith(';'))
        {
            rest = rest[1..].TrimStart(' ');
            if (Take(ref rest, IsKey).IsEmpty) return false;
            if (!rest.StartsWith('=')) continue;
            rest = rest[1..];
            if (Take(ref rest, c => IsKey(c) || char.IsAsciiLetterUpper(c) || c is '?').IsEmpty) return false;
        }

        return true;
    }

    private static ReadOnlySpan<char> Take(ref ReadOnlySpan<char> rest, Func<char, bool> belongs)
    {
        var length = 0;
        while (length < rest.Length && belongs(rest[length])) length++;
        var taken = rest[..length];
        rest = rest[length..];
        return taken;
    }

    private static bool IsKey(char c) => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '_' or '-' or '.' or '*';
}
