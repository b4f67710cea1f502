using Microsoft.Net.Http.Headers;

namespace Dftp.Http.Text;

/// <summary>The time of a message's origination (RFC 9110 section 6.6.1), written once a second. Safe for use by many at once.</summary>
internal sealed class HttpDate(TimeProvider time)
{
    private Second _last = new(long.MinValue, "");

    public string Now
    {
        get
        {
            var now = time.GetUtcNow();
            var seconds = now.ToUnixTimeSeconds();
            var last = Volatile.Read(ref _last);
            if (last.Number == seconds) return last.Text;
            last = new Second(seconds, HeaderUtilities.FormatDate(now));
            Volatile.Write(ref _last, last);
            return last.Text;
        }
    }

    private sealed record Second(long Number, string Text);
}
