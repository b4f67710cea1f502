using Dftp.FileSystem;
using Dftp.Http.Text;

namespace Dftp.Http.Listings;

/// <summary>Writes times as <c>28-Sep-1970 12:00</c>, UTC. The last day is cached, because neighbouring entries often share it.</summary>
internal sealed class ListingDate
{
    private const long SecondsPerDay = 24 * 60 * 60;

    private const int DateLength = 11, Length = DateLength + 6;

    /// <summary><c>dd-Mmm-yyyy hh:mm</c>: every representable year has four digits.</summary>
    private readonly byte[] _text = new byte[Length];

    private long _day;
    private bool _isKnown;

    public void Append(ref Utf8Text text, UnixTime time)
    {
        var seconds = time.Seconds;
        var ofDay = (seconds % SecondsPerDay + SecondsPerDay) % SecondsPerDay;
        var day = (seconds - ofDay) / SecondsPerDay;
        if (!_isKnown || day != _day) WorkOut(day);
        var minutes = (uint)ofDay / 60;
        WriteTwoDigits(_text.AsSpan(DateLength + 1), minutes / 60);
        WriteTwoDigits(_text.AsSpan(DateLength + 4), minutes % 60);
        text.Append(_text);
    }

    private void WorkOut(long day)
    {
        var date = DateTime.UnixEpoch.AddDays(day);
        var text = _text.AsSpan();
        WriteTwoDigits(text, (uint)date.Day);
        text[2] = text[6] = (byte)'-';
        "JanFebMarAprMayJunJulAugSepOctNovDec"u8.Slice((date.Month - 1) * 3, 3).CopyTo(text[3..]);
        WriteTwoDigits(text[7..], (uint)date.Year / 100);
        WriteTwoDigits(text[9..], (uint)date.Year % 100);
        text[DateLength] = (byte)' ';
        text[DateLength + 3] = (byte)':';
        _day = day;
        _isKnown = true;
    }

    private static void WriteTwoDigits(Span<byte> text, uint value)
    {
        text[1] = (byte)('0' + value % 10);
        text[0] = (byte)('0' + value / 10);
    }
}
