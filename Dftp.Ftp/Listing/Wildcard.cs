using System.Text;

namespace Dftp.Ftp.Listing;

/// <summary>
/// A shell pattern for one name: <c>*</c> matches any text, <c>?</c> one character, <c>[a-z]</c> and <c>[!a-z]</c> one character in or not
/// in a set; a backslash escapes the next character. An unclosed <c>[</c> matches itself.
/// </summary>
internal sealed class Wildcard
{
    private readonly Rune[] _pattern;

    public Wildcard(string pattern) => _pattern = [.. pattern.EnumerateRunes()];

    public static bool IsIn(ReadOnlySpan<char> text) => text.IndexOfAny('*', '?', '[') >= 0;

    /// <summary>
    /// Backtracks to the last <c>*</c> only, so the time is bounded by the product of both lengths.
    /// </summary>
    public bool Matches(ReadOnlySpan<byte> nameUtf8)
    {
        int at = 0, name = 0, star = -1, starName = 0;
        while (name < nameUtf8.Length)
        {
            Rune.DecodeFromUtf8(nameUtf8[name..], out var rune, out var length);
            if (at < _pattern.Length && _pattern[at].Value == '*')
            {
                star = at++;
                starName = name;
            }
            else if (at < _pattern.Length && MatchOne(rune, at, out var next))
            {
                at = next;
                name += length;
            }
            else if (star >= 0)
            {
                Rune.DecodeFromUtf8(nameUtf8[starName..], out _, out length);
                starName += length;
                name = starName;
                at = star + 1;
            }
            else
            {
                return false;
            }
        }

        while (at < _pattern.Length && _pattern[at].Value == '*') at++;
        return at == _pattern.Length;
    }

    private bool MatchOne(Rune rune, int at, out int next)
    {
        next = at + 1;
        switch (_pattern[at].Value)
        {
            case '?':
                return true;
            case '\\' when next < _pattern.Length:
                return _pattern[next++] == rune;
            case '[' when SetEnd(at) is var end and >= 0:
                next = end + 1;
                return IsInSet(rune, at + 1, end);
            default:
                return _pattern[at] == rune;
        }
    }

    /// <summary>
    /// The index of the closing bracket, which as the first member of a set does not close it; negative if there is none.
    /// </summary>
    private int SetEnd(int open)
    {
        var first = open + 1;
        if (first < _pattern.Length && _pattern[first].Value is '!' or '^') first++;
        return first + 1 >= _pattern.Length ? -1 : Array.IndexOf(_pattern, new Rune(']'), first + 1);
    }

    private bool IsInSet(Rune rune, int at, int end)
    {
        var isNegated = _pattern[at].Value is '!' or '^';
        if (isNegated) at++;
        var isMember = false;
        while (at < end)
        {
            if (at + 2 < end && _pattern[at + 1].Value == '-')
            {
                isMember |= rune >= _pattern[at] && rune <= _pattern[at + 2];
                at += 3;
            }
            else
            {
                isMember |= rune == _pattern[at++];
            }
        }

        return isMember != isNegated;
    }
}
