using System.Buffers;

namespace Dftp.Cluster.Door;

/// <summary>The bytes that a signature authenticates (RFC 9421 section 2.5). Dispose of it.</summary>
internal ref struct SignatureBase : IDisposable
{
    /// <summary>More than the identifiers, separators and the line of the parameters have besides their values.</summary>
    private const int Overhead = 256;

    private readonly byte[] _buffer;
    private int _length;

    /// <param name="valueBytes">The length of all values and of the parameters.</param>
    public SignatureBase(int valueBytes) => _buffer = ArrayPool<byte>.Shared.Rent(valueBytes + Overhead);

    public readonly ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);

    /// <summary>Builds the base of a message.</summary>
    /// <param name="message">The values.</param>
    /// <param name="components">The covered components in the order of the parameters.</param>
    /// <param name="parameters">The signature's parameters, serialized: the list of components and what follows it.</param>
    public static SignatureBase Of(
        scoped in MessageComponents message, scoped ReadOnlySpan<Component> components, scoped ReadOnlySpan<byte> parameters)
    {
        var made = new SignatureBase(message.Length + parameters.Length);
        foreach (var component in components) made.Add(ComponentIdentifiers.Of(component), message.Of(component));
        made.End(parameters);
        return made;
    }

    public void Add(scoped ReadOnlySpan<byte> identifier, scoped ReadOnlySpan<byte> value)
    {
        Append(identifier);
        Append(": "u8);
        Append(value);
        Append("\n"u8);
    }

    public void End(scoped ReadOnlySpan<byte> parameters)
    {
        Append("\"@signature-params\": "u8);
        Append(parameters);
    }

    public readonly void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);

    private void Append(scoped ReadOnlySpan<byte> text)
    {
        text.CopyTo(_buffer.AsSpan(_length));
        _length += text.Length;
    }
}
