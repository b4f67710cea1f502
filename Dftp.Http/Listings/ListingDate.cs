using Dftp.FileSystem;
using Dftp.Http.Text;

namespace Dftp.Http.Listings;

/// <summary>Writes times as <c>28-Sep-1970 12:00</c>, UTC. Neighbours mostly share a day, which is worked out once.</summary>
internal sealed class ListingDate
{
    private const long SecondsPerDay = 24 * 60 * 60;

    /// <summary><c>dd-Mmm-yyyy</c>: every representable year has four digits.</summary>
    private readonly byte[] _text = new byte[11];

    private long _day;
    private bool _isKnown;

    public void Append(ref Utf8Text text, UnixTime time)
    {
        var seconds = time.Seconds;
        var ofDay = (seconds % SecondsPerDay + SecondsPerDay) % SecondsPerDay;
        var day = (seconds - ofDay) / SecondsPerDay;
        if (!_isKnown || day != _day) WorkOut(day);
        text.Append(_text);
        text.Append((byte)' ');
        AppendTwoDigits(ref text, (int)ofDay / 3600);
        text.Append((byte)':');
        AppendTwoDigits(ref text, (int)ofDay / 60 % 60);
    }

    private void WorkOut(long day)
    {
        var date = DateTime.UnixEpoch.AddDays(day);
        var text = new Utf8Text(_text);
        AppendTwoDigits(ref text, date.Day);
        text.Append((byte)'-');
        text.Append("JanFebMarAprMayJunJulAugSepOctNovDec"u8.Slice((date.Month - 1) * 3, 3));
        text.Append((byte)'-');
        text.AppendNumber(date.Year);
        _day = day;
        _isKnown = true;
    }

    private static void AppendTwoDigits(ref Utf8Text text, int value)
    {
        text.Append((byte)('0' + value / 10));
        text.Append((byte)('0' + value % 10));
    }
}
