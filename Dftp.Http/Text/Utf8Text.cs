using System.Buffers;
using System.Buffers.Text;
using System.Runtime.CompilerServices;
using System.Text;

namespace Dftp.Http.Text;

/// <summary>Builds UTF-8 text in a buffer of the caller, which must be large enough.</summary>
internal ref struct Utf8Text(Span<byte> space)
{
    private static readonly SearchValues<byte> Markup = SearchValues.Create("&<>\""u8);

    private readonly Span<byte> _space = space;

    public int Length { get; private set; }

    public readonly ReadOnlySpan<byte> Written => _space[..Length];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Append(scoped ReadOnlySpan<byte> utf8)
    {
        utf8.CopyTo(_space[Length..]);
        Length += utf8.Length;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Append(byte value) => _space[Length++] = value;

    /// <summary>Escapes text for HTML, also for a double-quoted attribute: at most six times as long.</summary>
    public void AppendHtml(scoped ReadOnlySpan<byte> utf8)
    {
        for (var at = utf8.IndexOfAny(Markup); at >= 0; at = utf8.IndexOfAny(Markup))
        {
            Append(utf8[..at]);
            Append(utf8[at] switch
            {
                (byte)'&' => "&amp;"u8,
                (byte)'<' => "&lt;"u8,
                (byte)'>' => "&gt;"u8,
                _ => "&quot;"u8,
            });
            utf8 = utf8[(at + 1)..];
        }

        Append(utf8);
    }

    public void AppendHtml(string text) => AppendHtml(Encoding.UTF8.GetBytes(text));

    /// <summary>Escapes text without control characters for a JSON string: at most twice as long.</summary>
    public void AppendJson(scoped ReadOnlySpan<byte> utf8)
    {
        for (var at = utf8.IndexOfAny((byte)'"', (byte)'\\'); at >= 0; at = utf8.IndexOfAny((byte)'"', (byte)'\\'))
        {
            Append(utf8[..at]);
            Append((byte)'\\');
            Append(utf8[at]);
            utf8 = utf8[(at + 1)..];
        }

        Append(utf8);
    }

    /// <summary>Encodes a name for a URL: at most three times as long.</summary>
    public void AppendPercentEncoded(scoped ReadOnlySpan<byte> utf8) => Length += PercentEncoding.Encode(utf8, _space[Length..]);

    public void AppendSpaces(int count)
    {
        _space.Slice(Length, count).Fill((byte)' ');
        Length += count;
    }

    /// <summary>A decimal number, right-aligned in at least <paramref name="width"/> columns.</summary>
    [SkipLocalsInit]
    public void AppendNumber(long value, int width = 0)
    {
        Span<byte> digits = stackalloc byte[20];
        Utf8Formatter.TryFormat(value, digits, out var count);
        if (count < width) AppendSpaces(width - count);
        Append(digits[..count]);
    }
}
