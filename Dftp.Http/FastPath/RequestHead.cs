using System.Text;

namespace Dftp.Http.FastPath;

/// <summary>What a request is, as far as that can be told from its head without understanding all of it.</summary>
internal enum RequestKind
{
    /// <summary>Not all of its head has arrived.</summary>
    Incomplete,

    /// <summary>A GET of HTTP/1.1 in which nothing asks for other than the whole of what is at its target.</summary>
    PlainGet,

    /// <summary>Any other GET, HEAD or OPTIONS that certainly ends with its head.</summary>
    WithoutBody,

    /// <summary>All the rest, whatever is wrong with it included.</summary>
    Other,
}

/// <summary>
/// Tells the requests that most programs send from all others. It knows what is plain, not what is not: a field that it has not heard of
/// makes a request one for the server.
/// </summary>
internal static class RequestHead
{
    private const int MaxPlainBytes = 4096;

    private static ReadOnlySpan<byte> Version => " HTTP/1.1"u8;

    /// <param name="arrived">Begins with a request.</param>
    /// <param name="target">As it was written, when the request is plain; it begins with a slash.</param>
    /// <param name="length">Bytes of the head, the empty line included.</param>
    public static RequestKind Read(ReadOnlySpan<byte> arrived, out Range target, out int length)
    {
        target = default;
        var end = arrived.IndexOf("\r\n\r\n"u8);
        length = end + 4;
        if (end < 0) return RequestKind.Incomplete;
        var lines = arrived[..(end + 2)];
        if (!TryTakeLine(ref lines, out var line)) return RequestKind.Other;
        var isPlain = length <= MaxPlainBytes && TryReadGet(line, out target);
        if (!isPlain && !IsBodilessMethod(line)) return RequestKind.Other;
        var hosts = 0;
        while (!lines.IsEmpty)
        {
            if (!TryTakeLine(ref lines, out line)) return RequestKind.Other;
            var colon = line.IndexOf((byte)':');
            if (colon <= 0) return RequestKind.Other;
            var name = line[..colon];
            if (IsOfBody(name) || name.ContainsAny((byte)' ', (byte)'\t')) return RequestKind.Other;
            if (!isPlain) continue;
            var value = line[(colon + 1)..].Trim((byte)' ');
            if (Ascii.EqualsIgnoreCase(name, "Host"u8)) isPlain = ++hosts == 1 && IsPlainHost(value);
            else if (Ascii.EqualsIgnoreCase(name, "Connection"u8)) isPlain = Ascii.EqualsIgnoreCase(value, "keep-alive"u8);
            else isPlain = ChangesNothing(name) && !value.ContainsAnyExceptInRange((byte)' ', (byte)'~');
        }

        return isPlain && hosts == 1 ? RequestKind.PlainGet : RequestKind.WithoutBody;
    }

    /// <summary>A line ends with CR and LF, and has neither in it: what others take for a line's end is not plain.</summary>
    private static bool TryTakeLine(ref ReadOnlySpan<byte> lines, out ReadOnlySpan<byte> line)
    {
        var end = lines.IndexOfAny((byte)'\r', (byte)'\n');
        line = end < 0 ? default : lines[..end];
        if (end < 0 || lines.Length < end + 2 || lines[end] != '\r' || lines[end + 1] != '\n') return false;
        lines = lines[(end + 2)..];
        return true;
    }

    private static bool TryReadGet(ReadOnlySpan<byte> line, out Range target)
    {
        var method = "GET /"u8;
        target = (method.Length - 1)..Math.Max(method.Length - 1, line.Length - Version.Length);
        return line.StartsWith(method) && line.EndsWith(Version) && line.Length >= method.Length + Version.Length
            && !line[target].ContainsAnyExceptInRange((byte)'!', (byte)'~');
    }

    private static bool IsBodilessMethod(ReadOnlySpan<byte> line) =>
        line.EndsWith(Version) && (line.StartsWith("GET "u8) || line.StartsWith("HEAD "u8) || line.StartsWith("OPTIONS "u8));

    /// <summary>Fields by which something may follow the head that belongs to the request, or another protocol.</summary>
    private static bool IsOfBody(ReadOnlySpan<byte> name) => name.Length switch
    {
        6 => Ascii.EqualsIgnoreCase(name, "Expect"u8),
        7 => Ascii.EqualsIgnoreCase(name, "Upgrade"u8),
        14 => Ascii.EqualsIgnoreCase(name, "Content-Length"u8),
        17 => Ascii.EqualsIgnoreCase(name, "Transfer-Encoding"u8),
        _ => false,
    };

    /// <summary>Fields that this server answers in the same way whatever they say.</summary>
    private static bool ChangesNothing(ReadOnlySpan<byte> name) => name.Length switch
    {
        3 => Ascii.EqualsIgnoreCase(name, "DNT"u8),
        6 => Ascii.EqualsIgnoreCase(name, "Accept"u8) || Ascii.EqualsIgnoreCase(name, "Cookie"u8) || Ascii.EqualsIgnoreCase(name, "Pragma"u8),
        7 => Ascii.EqualsIgnoreCase(name, "Referer"u8),
        8 => Ascii.EqualsIgnoreCase(name, "Priority"u8),
        10 => Ascii.EqualsIgnoreCase(name, "User-Agent"u8),
        13 => Ascii.EqualsIgnoreCase(name, "Cache-Control"u8),
        15 => Ascii.EqualsIgnoreCase(name, "Accept-Encoding"u8) || Ascii.EqualsIgnoreCase(name, "Accept-Language"u8),
        25 => Ascii.EqualsIgnoreCase(name, "Upgrade-Insecure-Requests"u8),
        _ => false,
    };

    /// <summary>A name or an IPv4 address, and perhaps a port (RFC 9112 section 3.2).</summary>
    private static bool IsPlainHost(ReadOnlySpan<byte> host)
    {
        var colon = host.IndexOf((byte)':');
        if (colon >= 0)
        {
            var port = host[(colon + 1)..];
            if (port.Length is 0 or > 5 || port.ContainsAnyExceptInRange((byte)'0', (byte)'9')) return false;
            host = host[..colon];
        }

        foreach (var value in host)
        {
            if (!char.IsAsciiLetterOrDigit((char)value) && value is not ((byte)'.' or (byte)'-')) return false;
        }

        return !host.IsEmpty;
    }
}
