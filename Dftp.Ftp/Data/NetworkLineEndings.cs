namespace Dftp.Ftp.Data;

/// <summary>TYPE A: every line ends with CRLF on the wire (RFC 959, section 3.1.1.1). An existing CR is not doubled.</summary>
internal sealed class NetworkLineEndings
{
    private bool _endedWithCr;

    /// <summary>Converts the next bytes of a file.</summary>
    /// <param name="source">Bytes of the file.</param>
    /// <param name="target">At least twice as long as <paramref name="source"/>.</param>
    /// <returns>The number of bytes written.</returns>
    public int Convert(ReadOnlySpan<byte> source, Span<byte> target)
    {
        var written = 0;
        while (!source.IsEmpty)
        {
            var lf = source.IndexOf((byte)'\n');
            var text = lf < 0 ? source : source[..lf];
            text.CopyTo(target[written..]);
            written += text.Length;
            if (!text.IsEmpty) _endedWithCr = text[^1] == '\r';
            if (lf < 0) return written;

            if (!_endedWithCr) target[written++] = (byte)'\r';
            target[written++] = (byte)'\n';
            _endedWithCr = false;
            source = source[(lf + 1)..];
        }

        return written;
    }
}
