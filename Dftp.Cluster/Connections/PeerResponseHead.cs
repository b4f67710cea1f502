using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Dftp.Cluster.Door;

namespace Dftp.Cluster.Connections;

/// <summary>The parts of a response head that reading a file needs (RFC 9112, sections 4 to 6).</summary>
/// <param name="Status">Three digits.</param>
/// <param name="ContentLength">Null if the head has none.</param>
/// <param name="Facts">What the head says about the copy.</param>
/// <param name="IsChunked">The body comes in chunks; it has no content length.</param>
/// <param name="Closes">The peer closes the connection after the body.</param>
internal readonly record struct PeerResponseHead(int Status, long? ContentLength, PeerFileFacts Facts, bool IsChunked, bool Closes)
{
    /// <summary>The fields of its signature; null if it has none of them.</summary>
    public AnswerFields? Signature { get; init; }

    /// <summary>100 to 199: the final response follows (RFC 9110, section 15.2).</summary>
    public bool IsInterim => Status < 200;

    public const int MaxBytes = 16 * 1024;

    private static readonly SearchValues<byte> NameBytes =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    private const int SwitchingProtocols = 101;

    private static ReadOnlySpan<byte> Version => "HTTP/1."u8;

    /// <summary>Parses the head at the beginning of the arrived bytes.</summary>
    /// <param name="arrived">Everything that has arrived since the request was sent, or since the last interim response.</param>
    /// <param name="head">The head, if the outcome is <see cref="HeadOutcome.Complete"/>.</param>
    /// <param name="length">Its length in bytes, with the empty line.</param>
    public static HeadOutcome Read(ReadOnlySpan<byte> arrived, out PeerResponseHead head, out int length)
    {
        head = default;
        var beginning = Math.Min(arrived.Length, Version.Length);
        length = 0;
        if (!arrived[..beginning].SequenceEqual(Version[..beginning])) return HeadOutcome.Malformed;
        var end = arrived.IndexOf("\r\n\r\n"u8);
        if (end < 0) return arrived.Length < MaxBytes ? HeadOutcome.Incomplete : HeadOutcome.Malformed;
        length = end + 4;
        return length <= MaxBytes && TryParse(arrived[..(end + 2)], out head) ? HeadOutcome.Complete : HeadOutcome.Malformed;
    }

    private static bool TryParse(ReadOnlySpan<byte> lines, out PeerResponseHead head)
    {
        head = default;
        if (!TryTakeLine(ref lines, out var line) || !TryParseStatus(line, out var minor, out var status)) return false;
        long? contentLength = null;
        PeerFileFacts facts = default;
        AnswerFields? signature = null;
        bool isChunked = false, closes = false;
        while (!lines.IsEmpty)
        {
            // A name is a token. This rejects white space before the colon and obsolete line folding.
            if (!TryTakeLine(ref lines, out line)) return false;
            var colon = line.IndexOf((byte)':');
            if (colon < 1 || line[..colon].ContainsAnyExcept(NameBytes)) return false;
            var name = line[..colon];
            var value = line[(colon + 1)..].Trim(" \t"u8);
            if (Is(name, "Content-Length"u8))
            {
                if (!TryParseCount(value, out var told) || contentLength is { } before && before != told) return false;
                contentLength = told;
            }
            else if (Is(name, "Transfer-Encoding"u8))
            {
                // RFC 9112, section 7.4: a server sends no other coding to a client that did not offer it with TE. HTTP/1.0 has none (6.1).
                if (isChunked || minor == 0 || !Is(value, "chunked"u8)) return false;
                isChunked = true;
            }
            else if (Is(name, "Connection"u8)) closes |= HasMember(value, "close"u8);
            else if (AnswerFields.Has(name)) signature = (signature ?? new AnswerFields("", "", "")).With(name, value);
            else facts = facts.With(name, value);
        }

        // RFC 9112, section 6.3: both together may be request smuggling.
        if (isChunked && contentLength is not null) return false;
        // Without either, the end of the connection is the end of the body.
        closes |= minor == 0 || (!isChunked && contentLength is null);
        head = new PeerResponseHead(status, contentLength, facts with { WholeLength = contentLength }, isChunked, closes)
        {
            Signature = signature,
        };
        // RFC 9110, section 7.8: a protocol that was not asked for.
        return status != SwitchingProtocols;
    }

    private static bool TryTakeLine(ref ReadOnlySpan<byte> lines, out ReadOnlySpan<byte> line)
    {
        var end = lines.IndexOf("\r\n"u8);
        line = lines[..end];
        lines = lines[(end + 2)..];
        return !line.ContainsAny((byte)'\r', (byte)'\n', (byte)0);
    }

    private static bool TryParseStatus(ReadOnlySpan<byte> line, out int minor, out int status)
    {
        minor = status = 0;
        if (line.Length < 12 || !line.StartsWith(Version) || line[8] != ' ' || (line.Length > 12 && line[12] != ' ')) return false;
        minor = line[7] - '0';
        return minor is 0 or 1 && !line[9..12].ContainsAnyExceptInRange((byte)'0', (byte)'9')
            && Utf8Parser.TryParse(line[9..12], out status, out _) && status >= 100;
    }

    private static bool TryParseCount(ReadOnlySpan<byte> digits, out long count)
    {
        count = 0;
        return !digits.IsEmpty && !digits.ContainsAnyExceptInRange((byte)'0', (byte)'9')
            && Utf8Parser.TryParse(digits, out count, out var used) && used == digits.Length;
    }

    private static bool HasMember(ReadOnlySpan<byte> list, ReadOnlySpan<byte> member)
    {
        foreach (var part in list.Split((byte)','))
        {
            if (Is(list[part].Trim(" \t"u8), member)) return true;
        }

        return false;
    }

    private static bool Is(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) => Ascii.EqualsIgnoreCase(left, right);
}

internal enum HeadOutcome
{
    Complete,

    /// <summary>More bytes are needed.</summary>
    Incomplete,

    /// <summary>Not HTTP, or longer than <see cref="PeerResponseHead.MaxBytes"/>.</summary>
    Malformed,
}
