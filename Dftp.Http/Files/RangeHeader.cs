using Dftp.FileSystem;
using Microsoft.Extensions.Primitives;

namespace Dftp.Http.Files;

internal enum RangeKind
{
    /// <summary>Not sent, malformed, of another unit, or more than is sensible: the whole file is the answer.</summary>
    Ignored,
    Unsatisfiable,
    Satisfiable,
}

/// <summary>What a Range header asks of a file (RFC 9110 section 14.2).</summary>
/// <param name="Kind">How to take it.</param>
/// <param name="Ranges">Where satisfiable: one or more, none empty, none overlapping, in the order that was asked.</param>
internal readonly record struct RangeHeader(RangeKind Kind, ByteRange[] Ranges)
{
    /// <summary>"A server MAY ignore a Range header field with many small ranges": nobody but an attacker wants more.</summary>
    public const int MaxRanges = 16;

    private const string Unit = "bytes=";

    private static readonly RangeHeader Ignored = new(RangeKind.Ignored, []);
    private static readonly RangeHeader Unsatisfiable = new(RangeKind.Unsatisfiable, []);

    public static RangeHeader Read(StringValues header, long size)
    {
        if (header.Count != 1 || header[0] is not { } text) return Ignored;
        if (!text.StartsWith(Unit, StringComparison.OrdinalIgnoreCase)) return Ignored;

        var ranges = new List<ByteRange>(1);
        var isEmpty = true;
        var set = text.AsSpan(Unit.Length);
        foreach (var part in set.Split(','))
        {
            var spec = set[part].Trim(" \t");
            if (spec.IsEmpty) continue; // "A recipient MUST parse and ignore a reasonable number of empty list elements"
            isEmpty = false;
            if (!TryReadSpec(spec, size, out var range)) return Ignored;
            if (range is not { } satisfiable) continue;

            // The last bytes of an empty file are the whole of it, which Content-Range cannot say.
            if (satisfiable.Length == 0 || ranges.Count == MaxRanges) return Ignored;
            foreach (var earlier in ranges)
            {
                if (earlier.Offset < satisfiable.End && satisfiable.Offset < earlier.End) return Ignored;
            }

            ranges.Add(satisfiable);
        }

        if (isEmpty) return Ignored;
        return ranges.Count == 0 ? Unsatisfiable : new RangeHeader(RangeKind.Satisfiable, [.. ranges]);
    }

    /// <summary>Reads <c>first-last</c>, <c>first-</c> or <c>-length</c>.</summary>
    /// <returns>False where it is none of them; a null range where it lies outside the file.</returns>
    private static bool TryReadSpec(ReadOnlySpan<char> spec, long size, out ByteRange? range)
    {
        range = null;
        var dash = spec.IndexOf('-');
        if (dash < 0) return false;
        var before = spec[..dash];
        var after = spec[(dash + 1)..];
        if (before.IsEmpty)
        {
            if (!TryReadPosition(after, out var suffix)) return false;
            if (suffix > 0) range = new ByteRange(Math.Max(0, size - suffix), Math.Min(size, suffix));
            return true;
        }

        if (!TryReadPosition(before, out var first)) return false;
        var last = long.MaxValue;
        if (!after.IsEmpty && !TryReadPosition(after, out last)) return false;
        if (last < first) return false;
        if (first < size) range = new ByteRange(first, Math.Min(last, size - 1) - first + 1);
        return true;
    }

    /// <summary>Digits; what is greater than any file becomes the greatest number.</summary>
    private static bool TryReadPosition(ReadOnlySpan<char> text, out long position)
    {
        position = 0;
        if (text.IsEmpty) return false;
        foreach (var digit in text)
        {
            if (!char.IsAsciiDigit(digit)) return false;
            var value = digit - '0';
            position = position > (long.MaxValue - value) / 10 ? long.MaxValue : position * 10 + value;
        }

        return true;
    }
}
