using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Dftp.FileSystem;

namespace Dftp.Cluster.PeerReads;

/// <summary>What a peer's answer says of its copy.</summary>
/// <param name="WholeLength">The bytes of the body, which are the file's where the status is 200.</param>
/// <param name="From">The first byte of the range; null when none is told.</param>
/// <param name="To">The last.</param>
/// <param name="RangeOf">The size of the file of which it is a range.</param>
/// <param name="ExactModified">By <see cref="ModifiedHeader"/>.</param>
/// <param name="LastModified">In whole seconds.</param>
/// <param name="Digest">Of the whole file; null when it does not say.</param>
internal readonly record struct PeerFileFacts(
    long? WholeLength, long? From, long? To, long? RangeOf, UnixTime? ExactModified, UnixTime? LastModified, ContentDigest? Digest)
{
    /// <summary>The modification time in nanoseconds, which Last-Modified rounds to seconds. Original nodes do not send it.</summary>
    public const string ModifiedHeader = "X-Dftp-Modified";

    public UnixTime? Modified => ExactModified ?? LastModified;

    public bool HasOtherTimeThan(UnixTime expected) =>
        ExactModified is { } exact ? exact != expected : LastModified is { } time && time.Seconds != expected.Seconds;

    public static PeerFileFacts Of(HttpResponseMessage response)
    {
        var headers = response.Content.Headers;
        var range = headers.ContentRange;
        UnixTime? exact =
            response.Headers.TryGetValues(ModifiedHeader, out var values) && long.TryParse(values.First(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var nanoseconds)
                ? new UnixTime(nanoseconds) : null;
        return new PeerFileFacts(
            headers.ContentLength, range?.From, range?.To, range?.Length, exact,
            headers.LastModified is { } time ? UnixTime.From(time) : null, DigestField.Read(response));
    }

    /// <summary>Takes in one more header. What cannot be read is as if it were not there; of the two that say the time of change the first counts.</summary>
    public PeerFileFacts With(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (Ascii.EqualsIgnoreCase(name, "Content-Range"u8)) return WithRange(value);
        if (ExactModified is null && Ascii.EqualsIgnoreCase(name, ModifiedHeader))
            return Utf8Parser.TryParse(value, out long exact, out var used) && used == value.Length ? this with { ExactModified = new UnixTime(exact) } : this;
        if (LastModified is null && Ascii.EqualsIgnoreCase(name, "Last-Modified"u8))
            return Utf8Parser.TryParse(value, out DateTimeOffset time, out var end, 'R') && end == value.Length ? this with { LastModified = UnixTime.From(time) } : this;
        if (Ascii.EqualsIgnoreCase(name, DigestField.Name)) return this with { Digest = Digest ?? DigestField.Read(Encoding.ASCII.GetString(value)) };
        return this;
    }

    private PeerFileFacts WithRange(ReadOnlySpan<byte> value)
    {
        if (!value.StartsWith("bytes "u8)) return this;
        value = value["bytes ".Length..];
        var slash = value.IndexOf((byte)'/');
        if (slash < 0) return this;
        var range = value[..slash];
        var whole = value[(slash + 1)..];
        var dash = range.IndexOf((byte)'-');
        long? size = null, from = null, to = null;
        if (TryParse(whole, out var count)) size = count;
        else if (!whole.SequenceEqual("*"u8)) return this;
        if (dash > 0 && TryParse(range[..dash], out var first) && TryParse(range[(dash + 1)..], out var last)) (from, to) = (first, last);
        else if (!range.SequenceEqual("*"u8)) return this;
        return this with { From = from, To = to, RangeOf = size };
    }

    private static bool TryParse(ReadOnlySpan<byte> digits, out long count) =>
        Utf8Parser.TryParse(digits, out count, out var used) && used == digits.Length && count >= 0;
}
