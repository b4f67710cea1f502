using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Dftp.FileSystem;
using Dftp.Http.Text;

namespace Dftp.Http.Search;

/// <summary>
/// A case-insensitive pattern as users write it: <c>*</c> matches any characters, <c>?</c> one character, <c>[a-z]</c> one character of a
/// set and <c>[!a-z]</c> one character outside of it; a backslash escapes the next character. A pattern without any of these
/// matches anywhere in the name. Pattern and name are compared in Unicode's form C (<see cref="NormalForm"/>), in which an umlaut
/// is one character.
/// </summary>
internal sealed class GlobPattern : NamePattern
{
    /// <summary>
    /// The length of the longest name with every character escaped. A longer pattern can only be an attempt to cost time.
    /// </summary>
    public const int MaxCharacters = 2 * VirtualPath.MaxNameBytes;

    private static readonly SearchValues<char> Special = SearchValues.Create(@"*?[\");

    private readonly Part[] _parts;

    private readonly byte[] _literal;

    private GlobPattern(string text, Part[] parts)
        : base(text)
    {
        _parts = parts;
        _literal = LongestLiteral(parts);
    }

    public override ReadOnlySpan<byte> Literal => _literal;

    /// <returns>
    /// False for an empty pattern, more than <see cref="MaxCharacters"/> characters, a set that is empty or not closed, or a
    /// trailing backslash.
    /// </returns>
    public static bool TryParse(string text, [NotNullWhen(true)] out GlobPattern? pattern)
    {
        pattern = null;
        if (text.Length is 0 or > MaxCharacters) return false;
        var parts = new List<Part>();
        var runes = NormalForm.Compose(text).EnumerateRunes().ToArray();
        for (var at = 0; at < runes.Length; at++)
        {
            switch (runes[at].Value)
            {
                case '*':
                    if (parts is not [.., { IsAny: true }]) parts.Add(new Part { IsAny = true });
                    break;
                case '?':
                    parts.Add(new Part { IsOne = true });
                    break;
                case '[':
                    if (!TryReadSet(runes, ref at, out var set)) return false;
                    parts.Add(set);
                    break;
                case '\\':
                    if (++at == runes.Length) return false;
                    parts.Add(new Part { Rune = Fold(runes[at]) });
                    break;
                default:
                    parts.Add(new Part { Rune = Fold(runes[at]) });
                    break;
            }
        }

        var any = new Part { IsAny = true };
        pattern = new GlobPattern(text, text.AsSpan().ContainsAny(Special) ? [.. parts] : [any, .. parts, any]);
        return true;
    }

    /// <summary>Takes at worst time in proportion to the product of the two lengths.</summary>
    public override bool Matches(ReadOnlySpan<byte> nameUtf8) =>
        NormalForm.IsComposed(nameUtf8) ? MatchesComposed(nameUtf8) : MatchesComposed(NormalForm.Compose(nameUtf8));

    private bool MatchesComposed(ReadOnlySpan<byte> nameUtf8)
    {
        // On a mismatch the last * takes one more character, and what follows it is tried again. Earlier ones need no retry.
        var (part, at) = (0, 0);
        var (retryPart, retryAt) = (-1, 0);
        while (at < nameUtf8.Length)
        {
            if (part < _parts.Length && _parts[part].IsAny)
            {
                (retryPart, retryAt) = (++part, at);
                continue;
            }

            Rune.DecodeFromUtf8(nameUtf8[at..], out var rune, out var length);
            if (part < _parts.Length && _parts[part].Matches(Fold(rune)))
            {
                part++;
                at += length;
                continue;
            }

            if (retryPart < 0) return false;
            Rune.DecodeFromUtf8(nameUtf8[retryAt..], out _, out var skipped);
            retryAt += skipped;
            (part, at) = (retryPart, retryAt);
        }

        while (part < _parts.Length && _parts[part].IsAny) part++;
        return part == _parts.Length;
    }

    /// <summary>Reads a set. <paramref name="at"/> is at the opening bracket before, and at the closing one after.</summary>
    private static bool TryReadSet(Rune[] runes, ref int at, out Part set)
    {
        var ranges = new List<(Rune First, Rune Last)>();
        var isNegated = at + 1 < runes.Length && runes[at + 1].Value is '!' or '^';
        if (isNegated) at++;
        set = new Part { Set = ranges, IsNegated = isNegated };
        for (at++; at < runes.Length; at++)
        {
            // As in shells, a closing bracket in the first place is a member of the set.
            if (runes[at].Value == ']' && ranges.Count > 0)
            {
                Merge(ranges);
                return true;
            }

            var first = runes[at];
            var last = first;
            if (at + 2 < runes.Length && runes[at + 1].Value == '-' && runes[at + 2].Value != ']')
            {
                last = runes[at + 2];
                at += 2;
            }

            ranges.Add((Fold(first), Fold(last)));
        }

        return false;
    }

    /// <summary>Sorts ranges and merges overlapping ones: a set is scanned for every character of every name.</summary>
    private static void Merge(List<(Rune First, Rune Last)> ranges)
    {
        ranges.Sort();
        var kept = 0;
        foreach (var (first, last) in ranges[1..])
        {
            if (first > ranges[kept].Last) ranges[++kept] = (first, last);
            else if (last > ranges[kept].Last) ranges[kept] = (ranges[kept].First, last);
        }

        ranges.RemoveRange(kept + 1, ranges.Count - kept - 1);
    }

    /// <summary>
    /// A non-ASCII character must stay non-ASCII (the Kelvin sign's lower case is k), or <see cref="Literal"/> would be wrong.
    /// </summary>
    private static Rune Fold(Rune rune)
    {
        if (rune.IsAscii) return char.IsAsciiLetterUpper((char)rune.Value) ? new Rune(rune.Value | 0x20) : rune;
        var lower = Rune.ToLowerInvariant(rune);
        return lower.IsAscii ? rune : lower;
    }

    private static byte[] LongestLiteral(Part[] parts)
    {
        var (longest, run) = (new List<byte>(), new List<byte>());
        foreach (var part in parts)
        {
            if (part.IsLiteral && part.Rune.IsAscii) run.Add((byte)part.Rune.Value);
            else run.Clear();
            if (run.Count > longest.Count) longest = [.. run];
        }

        return [.. longest];
    }

    private readonly struct Part
    {
        public bool IsAny { get; init; }

        public bool IsOne { get; init; }

        public Rune Rune { get; init; }

        public List<(Rune First, Rune Last)>? Set { get; init; }

        public bool IsNegated { get; init; }

        public bool IsLiteral => !IsAny && !IsOne && Set is null;

        public bool Matches(Rune rune)
        {
            if (IsOne) return true;
            if (Set is null) return rune == Rune;
            foreach (var (first, last) in Set)
            {
                if (rune >= first && rune <= last) return !IsNegated;
            }

            return IsNegated;
        }
    }
}
