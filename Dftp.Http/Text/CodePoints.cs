using System.Text;

namespace Dftp.Http.Text;

/// <summary>Counting in valid UTF-8.</summary>
internal static class CodePoints
{
    public static int Count(ReadOnlySpan<byte> utf8)
    {
        if (Ascii.IsValid(utf8)) return utf8.Length;
        var count = 0;
        foreach (var value in utf8)
        {
            if (!IsContinuation(value)) count++;
        }

        return count;
    }

    /// <summary>The first <paramref name="count"/> code points, or all if there are fewer.</summary>
    public static ReadOnlySpan<byte> First(ReadOnlySpan<byte> utf8, int count)
    {
        for (var at = 0; at < utf8.Length; at++)
        {
            if (!IsContinuation(utf8[at]) && count-- == 0) return utf8[..at];
        }

        return utf8;
    }

    private static bool IsContinuation(byte value) => (value & 0b1100_0000) == 0b1000_0000;
}
