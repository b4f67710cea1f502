using System.Numerics;
using System.Runtime.Intrinsics;

namespace Dftp.Cluster.Index;

/// <summary>Finds ASCII text in bytes regardless of case, many bytes at a time.</summary>
internal static class AsciiSearch
{
    private const byte CaseBit = 0x20;

    /// <param name="bytes">The text to search. Only ASCII letters have case.</param>
    /// <param name="lowerText">The text to find: ASCII, lower case, not empty.</param>
    /// <returns>The index of the first match, or -1.</returns>
    public static int IndexOfIgnoreCase(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> lowerText)
    {
        var last = lowerText.Length - 1;
        var starts = bytes.Length - last;
        var at = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            // The rest is compared only where the first and the last character both match.
            var (first, firstCase) = (Vector128.Create(lowerText[0]), Vector128.Create(CaseOf(lowerText[0])));
            var (end, endCase) = (Vector128.Create(lowerText[last]), Vector128.Create(CaseOf(lowerText[last])));
            for (; at + Vector128<byte>.Count <= starts; at += Vector128<byte>.Count)
            {
                var fits = Vector128.Equals(Vector128.Create(bytes[at..]) | firstCase, first)
                    & Vector128.Equals(Vector128.Create(bytes[(at + last)..]) | endCase, end);
                for (var candidates = fits.ExtractMostSignificantBits(); candidates != 0; candidates &= candidates - 1)
                {
                    var candidate = at + BitOperations.TrailingZeroCount(candidates);
                    if (StartsWith(bytes[candidate..], lowerText)) return candidate;
                }
            }
        }

        for (; at < starts; at++)
        {
            if (StartsWith(bytes[at..], lowerText)) return at;
        }

        return -1;
    }

    /// <summary>
    /// Setting this bit makes an ASCII letter lower case. For all other characters the bit distinguishes two characters.
    /// </summary>
    private static byte CaseOf(byte lower) => char.IsAsciiLetterLower((char)lower) ? CaseBit : (byte)0;

    private static bool StartsWith(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> lowerText)
    {
        for (var at = 0; at < lowerText.Length; at++)
        {
            if ((bytes[at] | CaseOf(lowerText[at])) != lowerText[at]) return false;
        }

        return true;
    }
}
