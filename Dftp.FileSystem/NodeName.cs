using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Dftp.FileSystem;

/// <summary>
/// The name of a node, unique in its cluster: 1 to 255 UTF-8 bytes, no white space, no control character and none of <c>/ , ; =
/// "</c>, so that it is safe in headers, URLs and log lines. Compared by code unit.
/// </summary>
public readonly record struct NodeName : IComparable<NodeName>
{
    public const int MaxBytes = 255;

    private NodeName(string value) => Value = value;

    public string Value { get; }

    public static bool TryParse([NotNullWhen(true)] string? text, out NodeName name)
    {
        name = default;
        if (string.IsNullOrEmpty(text) || Encoding.UTF8.GetByteCount(text) > MaxBytes) return false;
        foreach (var c in text)
        {
            if (char.IsControl(c) || char.IsWhiteSpace(c) || char.IsSurrogate(c) || c is '/' or ',' or ';' or '=' or '"') return false;
        }

        name = new NodeName(text);
        return true;
    }

    /// <exception cref="FormatException">The text breaks the rules above.</exception>
    public static NodeName Parse(string text) =>
        TryParse(text, out var name) ? name : throw new FormatException($"not a node name: {text}");

    public int CompareTo(NodeName other) => string.CompareOrdinal(Value, other.Value);

    public override string ToString() => Value;

    public static bool operator <(NodeName left, NodeName right) => left.CompareTo(right) < 0;

    public static bool operator >(NodeName left, NodeName right) => left.CompareTo(right) > 0;

    public static bool operator <=(NodeName left, NodeName right) => left.CompareTo(right) <= 0;

    public static bool operator >=(NodeName left, NodeName right) => left.CompareTo(right) >= 0;
}
