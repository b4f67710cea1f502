using System.Text;

namespace Dftp.Http.Transport;

/// <summary>
/// The first line of a request (RFC 9112, section 3) in forms that some programs send and the server rejects: with bytes beyond
/// ASCII in the target, which should be percent-encoded (busybox wget, scripts, cameras), and with capitals in the scheme of an
/// absolute target, which RFC 3986 section 3.1 allows.
/// </summary>
internal static class RequestLine
{
    private static readonly byte[][] Schemes = ["http://"u8.ToArray(), "https://"u8.ToArray()];

    /// <summary>The maximum size of a repaired line.</summary>
    public static int MaxRepaired(int length) => 3 * length;

    /// <param name="line">Whole, with or without its end.</param>
    public static bool NeedsRepair(ReadOnlySpan<byte> line)
    {
        var target = line[TargetOf(line)];
        return target.ContainsAnyInRange((byte)0x80, (byte)0xFF)
            || (!target.StartsWith((byte)'/') && SchemeLength(target) is var scheme
                && target[..scheme].ContainsAnyInRange((byte)'A', (byte)'Z'));
    }

    /// <summary>Percent-encodes non-ASCII bytes, and converts the scheme to lower case.</summary>
    /// <param name="line">As for <see cref="NeedsRepair"/>.</param>
    /// <param name="repaired">Room for <see cref="MaxRepaired"/> bytes.</param>
    /// <returns>Bytes that were written.</returns>
    public static int Repair(ReadOnlySpan<byte> line, Span<byte> repaired)
    {
        var place = TargetOf(line);
        var target = line[place];
        var scheme = SchemeLength(target);
        line[..place.Start.Value].CopyTo(repaired);
        var length = place.Start.Value;
        for (var at = 0; at < target.Length; at++)
        {
            var value = target[at];
            if (value < 0x80)
            {
                repaired[length++] = at < scheme ? (byte)char.ToLowerInvariant((char)value) : value;
                continue;
            }

            repaired[length++] = (byte)'%';
            repaired[length++] = HexDigit(value >> 4);
            repaired[length++] = HexDigit(value & 15);
        }

        var rest = line[place.End.Value..];
        rest.CopyTo(repaired[length..]);
        return length + rest.Length;
    }

    /// <summary>The range between the first and the last space; empty without two spaces.</summary>
    private static Range TargetOf(ReadOnlySpan<byte> line)
    {
        var begin = line.IndexOf((byte)' ') + 1;
        return begin..Math.Max(begin, line.LastIndexOf((byte)' '));
    }

    private static int SchemeLength(ReadOnlySpan<byte> target)
    {
        foreach (var scheme in Schemes)
        {
            if (target.Length >= scheme.Length && Ascii.EqualsIgnoreCase(target[..scheme.Length], scheme)) return scheme.Length;
        }

        return 0;
    }

    private static byte HexDigit(int value) => "0123456789ABCDEF"u8[value];
}
