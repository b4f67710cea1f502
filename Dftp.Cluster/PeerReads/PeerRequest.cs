using System.Buffers;
using System.Text;
using System.Text.Unicode;
using Dftp.FileSystem;

namespace Dftp.Cluster.PeerReads;

/// <summary>A request for a peer's own copy of a file.</summary>
/// <param name="Address">Of its public interface.</param>
/// <param name="Path">The file.</param>
/// <param name="Part">Which bytes.</param>
/// <param name="IsLook">What the peer says of the copy is asked for, and none of its bytes.</param>
internal readonly record struct PeerRequest(HostPort Address, VirtualPath Path, RangeSpec Part, bool IsLook = false)
{
    private static readonly SearchValues<char> Unescaped =
        SearchValues.Create("/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <summary>The most that the text around the path takes, a host name of the longest kind included.</summary>
    private const int MaxAround = 512;

    /// <summary>Whether it certainly fits into a connection's buffer: three bytes of UTF-8 for a char at most, three of an escape for each.</summary>
    public bool IsShort => MaxAround + 9 * Path.Value.Length <= PeerResponseHead.MaxBytes;

    /// <returns>How many bytes it takes.</returns>
    public int Write(Span<byte> buffer)
    {
        var at = Copy(IsLook ? "HEAD /fs"u8 : "GET /fs"u8, buffer);
        at += WriteEscaped(Path.Value, buffer[at..]);
        Utf8.TryWrite(buffer[at..], $"{PeerFiles.OwnCopyOnly} HTTP/1.1\r\nHost: {Address}\r\n", out var written);
        at += written;
        if (!Part.IsWhole)
        {
            Utf8.TryWrite(buffer[at..], $"Range: {Part}\r\n", out written);
            at += written;
        }

        return at + Copy("\r\n"u8, buffer[at..]);
    }

    private static int WriteEscaped(ReadOnlySpan<char> path, Span<byte> buffer)
    {
        var at = 0;
        Span<byte> bytes = stackalloc byte[4];
        while (!path.IsEmpty)
        {
            var plain = path.IndexOfAnyExcept(Unescaped);
            if (plain < 0) plain = path.Length;
            at += Encoding.ASCII.GetBytes(path[..plain], buffer[at..]);
            path = path[plain..];
            if (path.IsEmpty) break;
            Rune.DecodeFromUtf16(path, out var rune, out var used);
            foreach (var octet in bytes[..rune.EncodeToUtf8(bytes)])
            {
                buffer[at++] = (byte)'%';
                buffer[at++] = Digit(octet >> 4);
                buffer[at++] = Digit(octet & 15);
            }

            path = path[used..];
        }

        return at;
    }

    private static byte Digit(int value) => (byte)(value < 10 ? '0' + value : 'A' + value - 10);

    private static int Copy(ReadOnlySpan<byte> text, Span<byte> buffer)
    {
        text.CopyTo(buffer);
        return text.Length;
    }
}
