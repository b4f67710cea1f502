using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Dftp.FileSystem;

/// <summary>
/// An absolute, normalised path in the tree: <c>/</c>, or <c>/</c> followed by names joined by single slashes.
/// Every path from a client becomes one before it reaches a file.
/// </summary>
/// <remarks>
/// A name is valid Unicode of 1 to <see cref="MaxNameBytes"/> UTF-8 bytes without a control character or a slash, and neither
/// <c>.</c> nor <c>..</c>. The whole path has at most <see cref="MaxPathBytes"/> bytes. Comparison is by UTF-16 code unit and case counts.
/// </remarks>
public readonly struct VirtualPath : IEquatable<VirtualPath>
{
    /// <summary>255 UTF-16 units (the limit of NTFS and APFS) of up to four bytes; Linux allows 255 bytes.</summary>
    public const int MaxNameBytes = 1020;

    /// <summary>Linux' PATH_MAX.</summary>
    public const int MaxPathBytes = 4096;

    private readonly string? _value;

    private VirtualPath(string value) => _value = value;

    public static VirtualPath Root => default;

    /// <summary><c>/</c>, or the names with a leading and without a trailing slash.</summary>
    public string Value => _value ?? "/";

    public bool IsRoot => _value is null;

    /// <summary>The last segment; empty for the root.</summary>
    public string Name => _value is null ? "" : _value[(_value.LastIndexOf('/') + 1)..];

    /// <summary>The directory that holds this path; the root's parent is the root.</summary>
    public VirtualPath Parent
    {
        get
        {
            var slash = _value is null ? 0 : _value.LastIndexOf('/');
            return slash == 0 ? Root : new VirtualPath(_value![..slash]);
        }
    }

    /// <summary>The path without its leading slash: empty for the root.</summary>
    public ReadOnlySpan<char> Relative => _value is null ? default : _value.AsSpan(1);

    /// <summary>Whether this is <paramref name="directory"/> itself or lies below it.</summary>
    public bool IsSameOrUnder(VirtualPath directory) =>
        directory.IsRoot || Equals(directory)
        || (_value is not null && _value.Length > directory._value!.Length
            && _value[directory._value.Length] == '/' && _value.StartsWith(directory._value, StringComparison.Ordinal));

    /// <summary>
    /// Parses a path relative to the root, with or without a leading slash. Empty names and <c>.</c> are dropped; <c>..</c> goes up
    /// and stops at the root.
    /// </summary>
    /// <returns>False when a name violates the rules above.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out VirtualPath path) => Root.TryResolve(text, out path);

    /// <summary><see cref="TryParse"/> for text that is known to be valid.</summary>
    /// <exception cref="FormatException">It is not valid.</exception>
    public static VirtualPath Parse(string text) =>
        TryParse(text, out var path) ? path : throw new FormatException($"not a path: {text}");

    /// <summary>
    /// Parses a path relative to this directory, or to the root if it starts with a slash; otherwise as <see cref="TryParse"/>.
    /// </summary>
    public bool TryResolve(ReadOnlySpan<char> text, out VirtualPath path)
    {
        path = default;
        var names = text.StartsWith('/') ? text[1..] : text;
        if ((names.Length < text.Length || IsRoot) && IsNormalised(names))
        {
            if (Encoding.UTF8.GetByteCount(names) >= MaxPathBytes) return false;
            path = new VirtualPath(string.Concat("/", names));
            return true;
        }

        var builder = new StringBuilder(text.StartsWith('/') ? "" : _value);
        foreach (var range in text.Split('/'))
        {
            var name = text[range];
            if (name.IsEmpty || name is ".") continue;
            if (name is "..")
            {
                builder.Length = LastSlash(builder);
                continue;
            }

            if (!IsValidName(name)) return false;
            builder.Append('/').Append(name);
        }

        var value = builder.ToString();
        if (Encoding.UTF8.GetByteCount(value) > MaxPathBytes) return false;
        path = value.Length == 0 ? Root : new VirtualPath(value);
        return true;
    }

    /// <summary>The entry called <paramref name="name"/> in this directory.</summary>
    /// <exception cref="FormatException">The name violates the rules above.</exception>
    public VirtualPath Child(string name) =>
        IsValidName(name) ? new VirtualPath(_value + "/" + name) : throw new FormatException($"not a name: {name}");

    /// <summary>Whether a name follows the rules above.</summary>
    public static bool IsValidName(ReadOnlySpan<char> name)
    {
        if (name.IsEmpty || name is "." or "..") return false;
        if (name.Length <= MaxNameBytes && !name.ContainsAnyExceptInRange(' ', '~')) return !name.Contains('/');
        var bytes = 0;
        foreach (var rune in name.EnumerateRunes())
        {
            // An unpaired surrogate is enumerated as U+FFFD, which is also a valid character of three bytes: the check below tells
            // them apart.
            if (rune.Value == '/' || Rune.IsControl(rune)) return false;
            bytes += rune.Utf8SequenceLength;
        }

        return bytes <= MaxNameBytes && !HasUnpairedSurrogate(name);
    }

    public bool Equals(VirtualPath other) => string.Equals(_value, other._value, StringComparison.Ordinal);

    public override bool Equals([NotNullWhen(true)] object? obj) => obj is VirtualPath other && Equals(other);

    public override int GetHashCode() => Value.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Value;

    public static bool operator ==(VirtualPath left, VirtualPath right) => left.Equals(right);

    public static bool operator !=(VirtualPath left, VirtualPath right) => !left.Equals(right);

    /// <summary>Whether a text is names joined by single slashes already, as most paths are.</summary>
    private static bool IsNormalised(ReadOnlySpan<char> text)
    {
        foreach (var range in text.Split('/'))
        {
            if (!IsValidName(text[range])) return false;
        }

        return true;
    }

    private static int LastSlash(StringBuilder builder)
    {
        var at = builder.Length - 1;
        while (at > 0 && builder[at] != '/') at--;
        return Math.Max(at, 0);
    }

    private static bool HasUnpairedSurrogate(ReadOnlySpan<char> name)
    {
        for (var at = name.IndexOfAnyInRange('\ud800', '\udfff'); at >= 0 && at < name.Length; at++)
        {
            if (!char.IsSurrogate(name[at])) continue;
            if (at + 1 == name.Length || !char.IsSurrogatePair(name[at], name[at + 1])) return true;
            at++;
        }

        return false;
    }
}
