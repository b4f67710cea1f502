using System.Text;

namespace Dftp.Http.FastPath;

/// <summary>The kinds of request that the fast path distinguishes.</summary>
internal enum RequestKind
{
    /// <summary>The head is plain so far and incomplete.</summary>
    Incomplete,

    /// <summary>A GET of HTTP/1.1 without a body, for the whole content of its target.</summary>
    Plain,

    /// <summary>Everything else, malformed heads included.</summary>
    Other,
}

/// <summary>
/// Recognizes the plain requests that most programs send. It is an allow list: a request with any other field goes to the server.
/// </summary>
internal static class RequestHead
{
    private const int MaxPlainBytes = 4096;

    private enum LineEnd
    {
        Missing,
        Present,
        Malformed,
    }

    private static ReadOnlySpan<byte> Method => "GET /"u8;

    private static ReadOnlySpan<byte> Version => " HTTP/1.1"u8;

    /// <param name="arrived">Begins with a request.</param>
    /// <param name="cookiesCount">Whether a request with a cookie is not plain.</param>
    /// <param name="target">The target of a plain request as the client sent it; it begins with a slash.</param>
    /// <param name="length">The size of a plain request's head, including the empty line.</param>
    public static RequestKind Read(ReadOnlySpan<byte> arrived, bool cookiesCount, out Range target, out int length)
    {
        (target, length) = (default, 0);
        var all = arrived.Length > MaxPlainBytes ? arrived[..MaxPlainBytes] : arrived;
        // Only a head that can still become plain is held back.
        var unfinished = arrived.Length < MaxPlainBytes ? RequestKind.Incomplete : RequestKind.Other;
        var rest = all;
        switch (TakeLine(ref rest, out var line))
        {
            case LineEnd.Missing:
                return line.StartsWith(Method) || Method.StartsWith(line) ? unfinished : RequestKind.Other;
            case LineEnd.Malformed:
                return RequestKind.Other;
        }

        if (!TryReadGet(line, out target)) return RequestKind.Other;
        for (var hosts = 0; ;)
        {
            var end = TakeLine(ref rest, out line);
            if (end == LineEnd.Missing) return unfinished;
            if (end == LineEnd.Malformed) return RequestKind.Other;
            if (line.IsEmpty)
            {
                length = all.Length - rest.Length;
                return hosts == 1 ? RequestKind.Plain : RequestKind.Other;
            }

            if (!IsPlainField(line, cookiesCount, ref hosts)) return RequestKind.Other;
        }
    }

    /// <summary>A line ends with CR LF and contains neither. Other line ends are not plain.</summary>
    private static LineEnd TakeLine(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> line)
    {
        var end = rest.IndexOfAny((byte)'\r', (byte)'\n');
        line = end < 0 ? rest : rest[..end];
        if (end < 0) return LineEnd.Missing;
        if (rest[end] != '\r') return LineEnd.Malformed;
        if (rest.Length == end + 1) return LineEnd.Missing;
        if (rest[end + 1] != '\n') return LineEnd.Malformed;
        rest = rest[(end + 2)..];
        return LineEnd.Present;
    }

    private static bool TryReadGet(ReadOnlySpan<byte> line, out Range target)
    {
        target = (Method.Length - 1)..Math.Max(Method.Length - 1, line.Length - Version.Length);
        return line.StartsWith(Method) && line.EndsWith(Version) && line.Length >= Method.Length + Version.Length
            && !line[target].ContainsAnyExceptInRange((byte)'!', (byte)'~');
    }

    private static bool IsPlainField(ReadOnlySpan<byte> line, bool cookiesCount, ref int hosts)
    {
        var colon = line.IndexOf((byte)':');
        if (colon <= 0) return false;
        var name = line[..colon];
        var value = line[(colon + 1)..].Trim((byte)' ');
        if (Ascii.EqualsIgnoreCase(name, "Host"u8)) return ++hosts == 1 && IsPlainHost(value);
        if (Ascii.EqualsIgnoreCase(name, "Connection"u8)) return Ascii.EqualsIgnoreCase(value, "keep-alive"u8);
        if (cookiesCount && Ascii.EqualsIgnoreCase(name, "Cookie"u8)) return false;
        return ChangesNothing(name) && !value.ContainsAnyExceptInRange((byte)' ', (byte)'~');
    }

    /// <summary>Fields that never change the answer of this server.</summary>
    private static bool ChangesNothing(ReadOnlySpan<byte> name) => name.Length switch
    {
        3 => Ascii.EqualsIgnoreCase(name, "DNT"u8),
        6 => Ascii.EqualsIgnoreCase(name, "Accept"u8) || Ascii.EqualsIgnoreCase(name, "Cookie"u8)
            || Ascii.EqualsIgnoreCase(name, "Pragma"u8),
        7 => Ascii.EqualsIgnoreCase(name, "Referer"u8),
        8 => Ascii.EqualsIgnoreCase(name, "Priority"u8),
        10 => Ascii.EqualsIgnoreCase(name, "User-Agent"u8),
        13 => Ascii.EqualsIgnoreCase(name, "Cache-Control"u8),
        15 => Ascii.EqualsIgnoreCase(name, "Accept-Encoding"u8) || Ascii.EqualsIgnoreCase(name, "Accept-Language"u8),
        25 => Ascii.EqualsIgnoreCase(name, "Upgrade-Insecure-Requests"u8),
        _ => false,
    };

    /// <summary>A name or an IPv4 address, optionally with a port (RFC 9112 section 3.2).</summary>
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
