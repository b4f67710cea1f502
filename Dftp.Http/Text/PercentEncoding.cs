using System.Buffers;
using Dftp.FileSystem;

namespace Dftp.Http.Text;

/// <summary>
/// Percent-encoding of names (RFC 3986 section 2.1): encodes every byte except the unreserved ones, so that no name is read as a
/// query, a fragment, a scheme or markup.
/// </summary>
internal static class PercentEncoding
{
    private static readonly SearchValues<byte> Unreserved =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"u8);

    /// <summary>Encodes a path for a URL and keeps its slashes.</summary>
    public static string Encode(VirtualPath path) =>
        Uri.EscapeDataString(path.Value).Replace("%2F", "/", StringComparison.Ordinal);

    /// <summary>Whether encoding leaves a name unchanged; the name is then also ASCII without markup.</summary>
    public static bool IsPlain(ReadOnlySpan<byte> utf8) => !utf8.ContainsAnyExcept(Unreserved);

    /// <param name="utf8">The bytes to encode.</param>
    /// <param name="destination">At least three times as long.</param>
    /// <returns>The number of bytes written.</returns>
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
