using System.Buffers;
using Dftp.FileSystem;

namespace Dftp.Http.Text;

/// <summary>
/// Percent-encoding of names (RFC 3986 section 2.1): every byte but the unreserved ones, so that no name reads as a query, a fragment, a
/// scheme or markup.
/// </summary>
internal static class PercentEncoding
{
    private static readonly SearchValues<byte> Unreserved =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"u8);

    /// <summary>A path for a URL, its slashes as they are.</summary>
    public static string Encode(VirtualPath path) =>
        Uri.EscapeDataString(path.Value).Replace("%2F", "/", StringComparison.Ordinal);

    /// <summary>Whether a name stays as it is when it is encoded; then it is ASCII without markup, too.</summary>
    public static bool IsPlain(ReadOnlySpan<byte> utf8) => !utf8.ContainsAnyExcept(Unreserved);

    /// <param name="utf8">What to encode.</param>
    /// <param name="destination">At least three times as long.</param>
    /// <returns>How many bytes were written.</returns>
    public static int Encode(ReadOnlySpan<byte> utf8, Span<byte> destination)
    {
        var plain = utf8.IndexOfAnyExcept(Unreserved);
        if (plain < 0) plain = utf8.Length;
        utf8[..plain].CopyTo(destination);
        var written = plain;
        foreach (var value in utf8[plain..])
        {
            if (Unreserved.Contains(value))
            {
                destination[written++] = value;
                continue;
            }

            destination[written++] = (byte)'%';
            destination[written++] = "0123456789ABCDEF"u8[value >> 4];
            destination[written++] = "0123456789ABCDEF"u8[value & 15];
        }

        return written;
    }
}
