using System.Buffers;
using System.Text;
using System.Text.Unicode;
using Dftp.FileSystem;

namespace Dftp.Routes;

/// <summary>A request's target, split and still percent-encoded.</summary>
/// <param name="Path">Starts with a slash.</param>
/// <param name="Query">Empty, or with its question mark.</param>
public readonly record struct RequestTarget(string Path, string Query)
{
    public bool EndsWithSlash => Path.EndsWith('/');

    /// <summary>Reads origin-form (<c>/a?b</c>) and absolute-form (<c>http://host/a?b</c>), RFC 9112 section 3.2.</summary>
    public static bool TryParse(string raw, out RequestTarget target)
    {
        target = default;
        var pathAndQuery = raw;
        if (!raw.StartsWith('/'))
        {
            var authority = raw.IndexOf("://", StringComparison.Ordinal);
            if (authority < 0) return false;
            var end = raw.AsSpan(authority + 3).IndexOfAny('/', '?');
            pathAndQuery = end < 0 ? "/" : raw[(authority + 3 + end)..];
            if (pathAndQuery[0] == '?') pathAndQuery = "/" + pathAndQuery;
        }

        var query = pathAndQuery.IndexOf('?', StringComparison.Ordinal);
        target = query < 0
            ? new RequestTarget(pathAndQuery, "")
            : new RequestTarget(pathAndQuery[..query], pathAndQuery[query..]);
        return true;
    }

    /// <summary>Decodes a percent-encoded path. An encoded slash would be part of a name, which cannot contain one.</summary>
    public static PathDecoding DecodePath(ReadOnlySpan<char> encoded, out VirtualPath path)
    {
        path = default;
        if (!Ascii.IsValid(encoded)) return PathDecoding.Malformed;
        if (!encoded.Contains('%')) return Parse(encoded, out path);

        // The server's limit on the request line bounds both buffers.
        var bytes = ArrayPool<byte>.Shared.Rent(encoded.Length);
        var chars = ArrayPool<char>.Shared.Rent(encoded.Length);
        try
        {
            var count = 0;
            for (var at = 0; at < encoded.Length; at++)
            {
                if (encoded[at] != '%')
                {
                    bytes[count++] = (byte)encoded[at];
                    continue;
                }

                if (at + 2 >= encoded.Length) return PathDecoding.Malformed;
                var digits = encoded.Slice(at + 1, 2);
                if (Convert.FromHexString(digits, bytes.AsSpan(count, 1), out _, out _) != OperationStatus.Done)
                {
                    return PathDecoding.Malformed;
                }

                if (bytes[count++] == '/') return PathDecoding.NoName;
                at += 2;
            }

            if (!Utf8.IsValid(bytes.AsSpan(0, count))) return PathDecoding.Malformed;
            return Parse(chars.AsSpan(0, Encoding.UTF8.GetChars(bytes.AsSpan(0, count), chars)), out path);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
            ArrayPool<char>.Shared.Return(chars);
        }
    }

    private static PathDecoding Parse(ReadOnlySpan<char> text, out VirtualPath path) =>
        VirtualPath.TryParse(text, out path) ? PathDecoding.Decoded : PathDecoding.NoName;
}

public enum PathDecoding
{
    Decoded,

    /// <summary>An escape is not two hexadecimal digits, or the bytes are not UTF-8.</summary>
    Malformed,

    /// <summary>A name is correctly encoded, but no file can have it.</summary>
    NoName,
}
