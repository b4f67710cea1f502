using System.Buffers;
using System.Globalization;
using System.Text;

namespace Dftp.Node;

/// <summary>Makes text safe to show on one line of a terminal.</summary>
internal static class OneLine
{
    /// <summary>The control characters C0 and C1, and Unicode's line and paragraph separators.</summary>
    private static readonly SearchValues<char> Harmful =
        SearchValues.Create([.. Enumerable.Range(0, 0xa0).Select(c => (char)c).Where(char.IsControl), '\u2028', '\u2029']);

    /// <summary>
    /// Replaces characters that would break a line or control a terminal by the escapes of C (<c>\n</c>, <c>\t</c>, <c>\x1b</c>,
    /// <c>\u2028</c>).
    /// </summary>
    public static string Escape(string text)
    {
        var first = text.AsSpan().IndexOfAny(Harmful);
        return first < 0 ? text : EscapeFrom(text, first);
    }

    private static string EscapeFrom(string text, int first)
    {
        var escaped = new StringBuilder(text, 0, first, text.Length + 16);
        foreach (var c in text.AsSpan(first))
        {
            _ = c switch
            {
                '\n' => escaped.Append("\\n"),
                '\r' => escaped.Append("\\r"),
                '\t' => escaped.Append("\\t"),
                '\u2028' or '\u2029' => escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ when char.IsControl(c) => escaped.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}"),
                _ => escaped.Append(c),
            };
        }

        return escaped.ToString();
    }
}
