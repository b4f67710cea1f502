using System.Buffers.Text;
using System.Text;
using Dftp.Http.Files;

namespace Dftp.Http.FastPath;

/// <summary>Writes the head of an HTTP/1.1 answer. If a field does not fit, the head is incomplete.</summary>
internal ref struct HeadWriter(Span<byte> destination) : IHeaderWriter
{
    private readonly Span<byte> _destination = destination;
    private bool _isOver;

    public int Written { get; private set; }

    /// <summary>Whether everything has fitted.</summary>
    public readonly bool IsWhole => !_isOver;

    private readonly Span<byte> Rest => _destination[Written..];

    public void AddStatusLine(scoped ReadOnlySpan<byte> line)
    {
        Append(line);
        Append("\r\n"u8);
    }

    public void Add(string name, string value)
    {
        AppendName(name);
        Moved(Encoding.ASCII.TryGetBytes(value, Rest, out var count), count);
        Append("\r\n"u8);
    }

    public void Add(string name, scoped ReadOnlySpan<byte> value)
    {
        AppendName(name);
        Append(value);
        Append("\r\n"u8);
    }

    public void Add(string name, long value)
    {
        AppendName(name);
        Moved(Utf8Formatter.TryFormat(value, Rest, out var count), count);
        Append("\r\n"u8);
    }

    public void Add(string name, DateTimeOffset value)
    {
        AppendName(name);
        Moved(Utf8Formatter.TryFormat(value, Rest, out var count, 'R'), count);
        Append("\r\n"u8);
    }

    /// <summary>Writes the empty line.</summary>
    public void End() => Append("\r\n"u8);

    private void AppendName(string name)
    {
        Moved(Encoding.ASCII.TryGetBytes(name, Rest, out var count), count);
        Append(": "u8);
    }

    private void Append(scoped ReadOnlySpan<byte> text) => Moved(text.TryCopyTo(Rest), text.Length);

    private void Moved(bool fitted, int count)
    {
        if (fitted) Written += count;
        else _isOver = true;
    }
}
