using System.Buffers;
using System.Text;
using System.Text.Unicode;
using Dftp.Cluster.Door;
using Dftp.FileSystem;

namespace Dftp.Cluster.Connections;

/// <summary>A request for a peer's own copy of a file. A mark says so, so that nodes cannot proxy in a circle.</summary>
/// <param name="Address">The interface at which the peer serves files.</param>
/// <param name="Path">The file.</param>
/// <param name="Part">The requested bytes.</param>
/// <param name="IsLook">Requests the facts of the copy, by HEAD.</param>
/// <param name="WantsDigest">Requests the digest of the whole copy as well.</param>
internal readonly record struct FileRequest(
    HostPort Address, VirtualPath Path, RangeSpec Part, bool IsLook = false, bool WantsDigest = false)
{
    /// <summary>A legacy node counts proxied requests by it and gives up at 2; ours serve what bears it from their own root.</summary>
    private static ReadOnlySpan<byte> OwnCopyOnly => "?redirN=1"u8;

    private static readonly SearchValues<char> Unescaped =
        SearchValues.Create("/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <summary>
    /// The maximum length: each byte of the path and of one more name is escaped; a host name has 255 characters; and the signature.
    /// </summary>
    public const int MaxBytes = 3 * (VirtualPath.MaxPathBytes + VirtualPath.MaxNameBytes) + 1024 + RequestSigner.MaxFieldBytes;

    /// <summary>Writes the request.</summary>
    /// <param name="buffer">At least <see cref="MaxBytes"/>.</param>
    /// <param name="signer">Signs the request; null: it is not signed.</param>
    /// <param name="nonce">The connection's next nonce.</param>
    /// <returns>The length of the request in bytes.</returns>
    public int Write(Span<byte> buffer, RequestSigner? signer, Nonce nonce)
    {
        var method = IsLook ? "HEAD"u8 : "GET"u8;
        var at = Copy(method, buffer);
        buffer[at++] = (byte)' ';
        var start = at;
        at += Copy("/fs"u8, buffer[at..]);
        at += WriteEscaped(Path.Value, buffer[at..]);
        at += Copy(OwnCopyOnly, buffer[at..]);
        var target = buffer[start..at];
        Utf8.TryWrite(buffer[at..], $" HTTP/1.1\r\nHost: {Address}\r\n", out var written);
        at += written;
        if (signer is not null) at += signer.WriteFields(new() { Method = method, Target = target }, nonce, buffer[at..]);
        if (!Part.IsWhole)
        {
            Utf8.TryWrite(buffer[at..], $"Range: {Part}\r\n", out written);
            at += written;
        }

        if (WantsDigest)
        {
            Utf8.TryWrite(buffer[at..], $"{DigestField.WantName}: {DigestField.Wanted}\r\n", out written);
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
