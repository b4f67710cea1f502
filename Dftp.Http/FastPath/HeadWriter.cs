using System.Buffers.Text;
using System.Text;

namespace Dftp.Http.FastPath;

/// <summary>Writes the head of an answer. What does not fit is left out, and told at the end.</summary>
internal ref struct HeadWriter(Span<byte> destination)
{
    private readonly Span<byte> _destination = destination;
    private bool _isOver;

    public int Written { get; private set; }

    /// <summary>Whether all of it is there.</summary>
    public readonly bool IsWhole => !_isOver;

    private readonly Span<byte> Rest => _destination[Written..];

    public void Add(scoped ReadOnlySpan<byte> text) => Moved(text.TryCopyTo(Rest), text.Length);

    public void Add(string ascii) => Moved(Encoding.ASCII.TryGetBytes(ascii, Rest, out var count), count);

    public void Add(long value) => Moved(Utf8Formatter.TryFormat(value, Rest, out var count), count);

    /// <summary>As an HTTP-date (RFC 9110 section 5.6.7).</summary>
    public void Add(DateTimeOffset time) => Moved(Utf8Formatter.TryFormat(time, Rest, out var count, 'R'), count);

    private void Moved(bool fitted, int count)
    {
        if (fitted) Written += count;
        else _isOver = true;
    }
}
