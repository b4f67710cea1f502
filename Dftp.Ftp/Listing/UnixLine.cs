using System.Buffers;
using System.Buffers.Text;
using Dftp.FileSystem;
using Dftp.Ftp.Control;

namespace Dftp.Ftp.Listing;

/// <summary>
/// The lines of LIST in the format of <c>/bin/ls -l</c>, which clients can parse (RFC 959 leaves the format open):
/// <code>-rw-r--r--   1 ftp      ftp             1234 Oct 23 12:07 name</code>
/// Times are UTC.
/// </summary>
internal static class UnixLine
{
    /// <summary>Half a year of 365.2425 days, as in GNU ls: older times show the year instead of the time of day.</summary>
    private const long RecentSeconds = 31_556_952 / 2;

    private const int SizeWidth = 12;

    public static void Write(IBufferWriter<byte> output, in Entry entry, DateTimeOffset now) =>
        Write(output, entry, entry.NameUtf8.Span, now);

    /// <param name="output">Receives the line.</param>
    /// <param name="entry">The entry.</param>
    /// <param name="name">Replaces the entry's own name.</param>
    /// <param name="now">Decides the format of the time.</param>
    public static void Write(IBufferWriter<byte> output, in Entry entry, ReadOnlySpan<byte> name, DateTimeOffset now)
    {
        var span = output.GetSpan(96 + name.Length);
        WriteMode(span, entry);
        "   1 ftp      ftp      "u8.CopyTo(span[10..]);
        var at = 33 + WriteSize(span[33..], entry.Size);
        span[at++] = (byte)' ';
        at += WriteTime(span[at..], entry.Modified, now);
        span[at++] = (byte)' ';
        name.CopyTo(span[at..]);
        ControlBytes.Replace(span.Slice(at, name.Length));
        at += name.Length;
        "\r\n"u8.CopyTo(span[at..]);
        output.Advance(at + 2);
    }

    private static void WriteMode(Span<byte> span, in Entry entry)
    {
        var letters = "rwxrwxrwx"u8;
        span[0] = entry.IsDirectory ? (byte)'d' : (byte)'-';
        for (var bit = 0; bit < 9; bit++)
        {
            span[1 + bit] = (entry.Permissions & (0b100_000_000 >> bit)) != 0 ? letters[bit] : (byte)'-';
        }
    }

    private static int WriteSize(Span<byte> span, long size)
    {
        Utf8Formatter.TryFormat(size, span, out var digits);
        var padding = Math.Max(SizeWidth - digits, 0);
        span[..digits].CopyTo(span[padding..]);
        span[..padding].Fill((byte)' ');
        return padding + digits;
    }

    private static int WriteTime(Span<byte> span, UnixTime modified, DateTimeOffset now)
    {
        var time = modified.ToDateTimeOffset();
        "JanFebMarAprMayJunJulAugSepOctNovDec"u8.Slice((time.Month - 1) * 3, 3).CopyTo(span);
        span[3] = (byte)' ';
        span[4] = time.Day < 10 ? (byte)' ' : (byte)('0' + time.Day / 10);
        span[5] = (byte)('0' + time.Day % 10);
        span[6] = (byte)' ';
        var age = now.ToUnixTimeSeconds() - modified.Seconds;
        if (age is >= 0 and < RecentSeconds)
        {
            Digits.Write(span[7..], time.Hour, 2);
            span[9] = (byte)':';
            Digits.Write(span[10..], time.Minute, 2);
        }
        else
        {
            span[7] = (byte)' ';
            Digits.Write(span[8..], time.Year, 4);
        }

        return 12;
    }
}
