using Microsoft.Net.Http.Headers;

namespace Dftp.Http.Text;

/// <summary>The time of a message's origination (RFC 9110 section 6.6.1).</summary>
/// <param name="UnixSeconds">The Unix time.</param>
/// <param name="Text">The value of the Date field.</param>
internal sealed record HttpDate(long UnixSeconds, string Text);

/// <summary>The current time as a Date field, formatted once a second. Thread-safe.</summary>
internal sealed class HttpClock(TimeProvider time)
{
    private HttpDate _last = new(long.MinValue, "");

    public HttpDate Now
    {
        get
        {
            var now = time.GetUtcNow();
            var seconds = now.ToUnixTimeSeconds();
            var last = Volatile.Read(ref _last);
            if (last.UnixSeconds == seconds) return last;
            last = new HttpDate(seconds, HeaderUtilities.FormatDate(now));
            Volatile.Write(ref _last, last);
            return last;
        }
    }
}
