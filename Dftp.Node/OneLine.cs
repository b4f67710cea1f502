using System.Globalization;
using System.Text;

namespace Dftp.Node;

/// <summary>Text that is safe to show on a terminal and stays on its line.</summary>
internal static class OneLine
{
    /// <summary>Replaces what would break a line or steer a terminal by the escapes of C (<c>\n</c>, <c>\t</c>, <c>\x1b</c>, <c>\u2028</c>).</summary>
    public static string Escape(string text)
    {
        var first = text.AsSpan().IndexOfAnyInRange('\0', '\u001f') is var low and >= 0 ? low : text.Length;
        first = Math.Min(first, text.AsSpan().IndexOfAnyInRange('\u007f', '\u009f') is var high and >= 0 ? high : text.Length);
        first = Math.Min(first, text.AsSpan().IndexOfAny('\u2028', '\u2029') is var line and >= 0 ? line : text.Length);
        return first == text.Length ? text : EscapeFrom(text, first);
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
