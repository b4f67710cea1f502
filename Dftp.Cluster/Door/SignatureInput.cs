using System.Buffers;
using System.Buffers.Text;
using System.Runtime.CompilerServices;

namespace Dftp.Cluster.Door;

/// <summary>
/// A parsed Signature-Input field of our profile. The parser accepts what structured fields (RFC 9651) allow in it, white space and any
/// order of the parameters, and nothing else: one member, known components, each once, known parameters, each once.
/// </summary>
internal ref struct SignatureInput
{
    /// <summary>The maximum length of a field that is looked at: a tag of 255 bytes, each percent-encoded, and the rest.</summary>
    public const int MaxBytes = 2048;

    private Cursor _text;
    private Output _output;
    private ComponentList _components;
    private int _count;

    private SignatureInput(ReadOnlySpan<byte> field, Span<byte> canonical)
    {
        _text = new Cursor(field.Trim(" \t"u8));
        _output = new Output(canonical);
    }

    /// <summary>The covered components in order.</summary>
    [System.Diagnostics.CodeAnalysis.UnscopedRef]
    public readonly ReadOnlySpan<Component> Components => ((ReadOnlySpan<Component>)_components)[.._count];

    /// <summary>The member's value, serialized strictly: the value of @signature-params.</summary>
    public readonly ReadOnlySpan<byte> Canonical => _output.Written;

    /// <summary>Unix seconds; null if absent.</summary>
    public long? Created { get; private set; }

    /// <summary>The content of the string; empty if absent.</summary>
    public ReadOnlySpan<byte> Nonce { get; private set; }

    /// <inheritdoc cref="Nonce"/>
    public ReadOnlySpan<byte> KeyId { get; private set; }

    /// <inheritdoc cref="Nonce"/>
    public ReadOnlySpan<byte> Tag { get; private set; }

    /// <inheritdoc cref="Nonce"/>
    public ReadOnlySpan<byte> Algorithm { get; private set; }

    /// <summary>Whether it covers exactly these components, in any order.</summary>
    public readonly bool Covers(ReadOnlySpan<Component> required)
    {
        if (required.Length != _count) return false;
        foreach (var component in required)
        {
            if (!Components.Contains(component)) return false;
        }

        return true;
    }

    /// <param name="field">The value of the field.</param>
    /// <param name="canonical">A buffer as long as the field.</param>
    /// <param name="input">The parsed field.</param>
    public static bool TryParse(ReadOnlySpan<byte> field, Span<byte> canonical, out SignatureInput input)
    {
        input = new SignatureInput(field, canonical);
        return field.Length <= MaxBytes && input._text.TryTake("dftp="u8) && input.TryTakeComponents() && input.TryTakeParameters()
            && input._text.IsAtEnd;
    }

    private bool TryTakeComponents()
    {
        if (!_text.TryTake("("u8)) return false;
        _output.Append("("u8);
        while (true)
        {
            _text.SkipSpaces();
            if (_text.TryTake(")"u8)) break;
            if (_count > 0) _output.Append(" "u8);
            var start = _output.Length;
            if (!TryTakeIdentifier()
                || !ComponentIdentifiers.TryFind(_output.Written[start..], out var component)
                || Components.Contains(component) || !_text.IsAtEndOfItem) return false;
            _components[_count++] = component;
        }

        _output.Append(")"u8);
        return _count > 0;
    }

    private bool TryTakeIdentifier()
    {
        if (!_text.TryTakeString(out var name)) return false;
        _output.AppendString(name);
        while (_text.TryTake(";"u8))
        {
            _text.SkipSpaces();
            if (!_text.TryTakeKey(out var key)) return false;
            _output.Append(";"u8);
            _output.Append(key);
            if (!_text.TryTake("="u8)) continue;
            if (!_text.TryTakeString(out var value)) return false;
            _output.Append("="u8);
            _output.AppendString(value);
        }

        return true;
    }

    private bool TryTakeParameters()
    {
        while (_text.TryTake(";"u8))
        {
            _text.SkipSpaces();
            if (!_text.TryTakeKey(out var key) || !_text.TryTake("="u8)) return false;
            _output.Append(";"u8);
            _output.Append(key);
            _output.Append("="u8);
            if (key.SequenceEqual("created"u8))
            {
                if (Created is not null || !_text.TryTakeInteger(out var created)) return false;
                Created = created;
                _output.Append(created);
                continue;
            }

            if (!_text.TryTakeString(out var value)) return false;
            _output.AppendString(value);
            if (key.SequenceEqual("nonce"u8) && Nonce.IsEmpty) Nonce = value;
            else if (key.SequenceEqual("keyid"u8) && KeyId.IsEmpty) KeyId = value;
            else if (key.SequenceEqual("tag"u8) && Tag.IsEmpty) Tag = value;
            else if (key.SequenceEqual("alg"u8) && Algorithm.IsEmpty) Algorithm = value;
            else return false;
        }

        return true;
    }

    [InlineArray(7)]
    private struct ComponentList
    {
        private Component _first;
    }

    /// <summary>The canonical text, never longer than what was parsed.</summary>
    private ref struct Output(Span<byte> buffer)
    {
        private readonly Span<byte> _buffer = buffer;

        public int Length { get; private set; }

        public readonly ReadOnlySpan<byte> Written => _buffer[..Length];

        public void Append(ReadOnlySpan<byte> text)
        {
            text.CopyTo(_buffer[Length..]);
            Length += text.Length;
        }

        public void Append(long number)
        {
            Utf8Formatter.TryFormat(number, _buffer[Length..], out var written);
            Length += written;
        }

        /// <param name="content">With its escapes.</param>
        public void AppendString(ReadOnlySpan<byte> content)
        {
            Append("\""u8);
            Append(content);
            Append("\""u8);
        }
    }

    /// <summary>Reads the items of structured fields (RFC 9651 section 4.2).</summary>
    private ref struct Cursor(ReadOnlySpan<byte> text)
    {
        private static readonly SearchValues<byte> KeyBytes = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789_-.*"u8);

        private ReadOnlySpan<byte> _text = text;

        public readonly bool IsAtEnd => _text.IsEmpty;

        public readonly bool IsAtEndOfItem => _text is [(byte)' ' or (byte)')', ..];

        public bool TryTake(scoped ReadOnlySpan<byte> token)
        {
            if (!_text.StartsWith(token)) return false;
            _text = _text[token.Length..];
            return true;
        }

        public void SkipSpaces() => _text = _text.TrimStart((byte)' ');

        public bool TryTakeKey(out ReadOnlySpan<byte> key)
        {
            var end = _text.IndexOfAnyExcept(KeyBytes);
            key = _text[..(end < 0 ? _text.Length : end)];
            _text = _text[key.Length..];
            return key is [>= (byte)'a' and <= (byte)'z' or (byte)'*', ..];
        }

        /// <param name="content">Between the quotes, with its escapes.</param>
        public bool TryTakeString(out ReadOnlySpan<byte> content)
        {
            content = default;
            if (_text is not [(byte)'"', ..]) return false;
            for (var at = 1; at < _text.Length; at++)
            {
                switch (_text[at])
                {
                    case (byte)'"':
                        content = _text[1..at];
                        _text = _text[(at + 1)..];
                        return true;
                    case (byte)'\\' when at + 1 < _text.Length && _text[at + 1] is (byte)'"' or (byte)'\\':
                        at++;
                        break;
                    case < 0x20 or >= 0x7f or (byte)'\\':
                        return false;
                }
            }

            return false;
        }

        /// <summary>RFC 9651 section 3.3.1: at most 15 digits.</summary>
        public bool TryTakeInteger(out long value)
        {
            var end = _text.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
            var digits = _text[..(end < 0 ? _text.Length : end)];
            _text = _text[digits.Length..];
            value = 0;
            return digits.Length is > 0 and <= 15 && Utf8Parser.TryParse(digits, out value, out _);
        }
    }
}
