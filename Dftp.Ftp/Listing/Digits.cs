using System.Globalization;
using Dftp.FileSystem;

namespace Dftp.Ftp.Listing;

/// <summary>Formats numbers and times with a fixed width.</summary>
internal static class Digits
{
    public static void Write(Span<byte> span, int value, int width)
    {
        for (var at = width - 1; at >= 0; at--)
        {
            span[at] = (byte)('0' + value % 10);
            value /= 10;
        }
    }

    /// <summary>YYYYMMDDHHMMSS in UTC, the <c>time-val</c> of RFC 3659, section 2.3, without its fraction.</summary>
    public static int WriteTimeVal(Span<byte> span, UnixTime time)
    {
        var utc = time.ToDateTimeOffset();
        Write(span, utc.Year, 4);
        Write(span[4..], utc.Month, 2);
        Write(span[6..], utc.Day, 2);
        Write(span[8..], utc.Hour, 2);
        Write(span[10..], utc.Minute, 2);
        Write(span[12..], utc.Second, 2);
        return 14;
    }

    public static string TimeVal(UnixTime time) => time.ToDateTimeOffset().ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture);
}
