using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;

namespace Dftp.Cluster.Door;

/// <summary>
/// A nonce of our signatures, for example <c>9c0f5d2f1b7a4c33-1a</c>: a random sequence and a number within it, both hexadecimal. Numbers
/// start at 1 and grow.
/// </summary>
internal readonly record struct Nonce(ulong Sequence, ulong Number)
{
    public const int MaxLength = 33;

    private const int SequenceDigits = 16;

    public static Nonce First()
    {
        Span<byte> random = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(random);
        return new Nonce(BitConverter.ToUInt64(random), 1);
    }

    public Nonce Next() => this with { Number = Number + 1 };

    public static bool TryParse(ReadOnlySpan<byte> text, out Nonce nonce)
    {
        nonce = default;
        if (text.Length is <= SequenceDigits or > MaxLength || text[SequenceDigits] != '-') return false;
        if (!Utf8Parser.TryParse(text[..SequenceDigits], out ulong sequence, out var used, 'x') || used != SequenceDigits) return false;
        var rest = text[(SequenceDigits + 1)..];
        if (!Utf8Parser.TryParse(rest, out ulong number, out used, 'x') || used != rest.Length || number == 0) return false;
        nonce = new Nonce(sequence, number);
        return true;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Sequence:x16}-{Number:x}");
}
