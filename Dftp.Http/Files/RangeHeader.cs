using Dftp.FileSystem;
using Microsoft.Extensions.Primitives;

namespace Dftp.Http.Files;

internal enum RangeKind
{
    /// <summary>Not sent, malformed, of another unit, or with too many ranges: the answer is the whole file.</summary>
    Ignored,
    Unsatisfiable,
    Satisfiable,
}

/// <summary>A Range header applied to a file (RFC 9110 section 14.2).</summary>
/// <param name="Kind">How to answer.</param>
/// <param name="Ranges">If satisfiable: one or more, not empty, not overlapping, in the requested order.</param>
/// <param name="First">If satisfiable: the first range as requested, independent of the size.</param>
internal readonly record struct RangeHeader(RangeKind Kind, ByteRange[] Ranges, RangeSpec First = default)
{
    /// <summary>"A server MAY ignore a Range header field with many small ranges": only an attacker sends more.</summary>
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
        RangeSpec firstSpec = default;
        var set = text.AsSpan(Unit.Length);
        foreach (var part in set.Split(','))
        {
            var spec = set[part].Trim(" \t");
            if (spec.IsEmpty) continue; // "A recipient MUST parse and ignore a reasonable number of empty list elements"
            isEmpty = false;
            if (!TryReadSpec(spec, out var asked)) return Ignored;
            if (asked is not { } wanted || !wanted.TryResolve(size, out var satisfiable)) continue;
            if (satisfiable.Length == 0 && spec[0] != '-') continue;

            // The last bytes of an empty file are the whole file, which Content-Range cannot express.
            if (satisfiable.Length == 0 || ranges.Count == MaxRanges) return Ignored;
            foreach (var earlier in ranges)
            {
                if (earlier.Offset < satisfiable.End && satisfiable.Offset < earlier.End) return Ignored;
            }

            if (ranges.Count == 0) firstSpec = wanted;
            ranges.Add(satisfiable);
        }

        if (isEmpty) return Ignored;
        return ranges.Count == 0 ? Unsatisfiable : new RangeHeader(RangeKind.Satisfiable, [.. ranges], firstSpec);
    }

    /// <summary>Reads <c>first-last</c>, <c>first-</c> or <c>-length</c>.</summary>
    /// <returns>False if it is none of these; no part if it cannot match a byte of any file.</returns>
    private static bool TryReadSpec(ReadOnlySpan<char> spec, out RangeSpec? asked)
    {
        asked = null;
        var dash = spec.IndexOf('-');
        if (dash < 0) return false;
        var before = spec[..dash];
        var after = spec[(dash + 1)..];
        if (before.IsEmpty)
        {
            if (!TryReadPosition(after, out var suffix)) return false;
            if (suffix > 0) asked = RangeSpec.Last(suffix);
            return true;
        }

        if (!TryReadPosition(before, out var first)) return false;
        if (after.IsEmpty)
        {
            asked = RangeSpec.From(first);
            return true;
        }

        if (!TryReadPosition(after, out var last) || last < first) return false;
        asked = RangeSpec.Of(new ByteRange(first, Math.Min(last - first, long.MaxValue - first - 1) + 1));
        return true;
    }

    /// <summary>Parses digits. A number larger than any file becomes the maximum.</summary>
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
