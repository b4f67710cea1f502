using System.Globalization;

namespace Dftp.FileSystem;

/// <summary>
/// Which part of a file is asked for, whatever its size turns out to be when it is opened (RFC 9110, section 14.1.1: "range-spec"). The default
/// is the whole file.
/// </summary>
public readonly record struct RangeSpec
{
    /// <summary>The first byte; below 0: that many bytes at the end.</summary>
    private readonly long _first;

    /// <summary>The bytes from the first one on; null for all.</summary>
    private readonly long? _most;

    private RangeSpec(long first, long? most) => (_first, _most) = (first, most);

    public static RangeSpec Whole => default;

    public bool IsWhole => this == default;

    /// <summary>From a byte to the end; the end itself is an empty part.</summary>
    public static RangeSpec From(long first)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        return new RangeSpec(first, null);
    }

    /// <summary>The last bytes, all of a file that has fewer.</summary>
    /// <param name="count">At least 1.</param>
    public static RangeSpec Last(long count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        return new RangeSpec(-count, null);
    }

    /// <summary>A range, as far as the file goes.</summary>
    public static RangeSpec Of(ByteRange range) => new(range.Offset, range.Length);

    /// <summary>The bytes of a file that is so long.</summary>
    /// <returns>False where the part lies behind the file's end.</returns>
    public bool TryResolve(long size, out ByteRange range)
    {
        range = default;
        if (_first < 0)
        {
            var count = Math.Min(size, -_first);
            range = new ByteRange(size - count, count);
            return true;
        }

        if (_first > size || (_first == size && _most > 0)) return false;
        range = new ByteRange(_first, Math.Min(size - _first, _most ?? long.MaxValue));
        return true;
    }

    /// <summary>The value of a Range field that asks for it; of an empty part, for one byte. The whole needs no field.</summary>
    public override string ToString()
    {
        if (_first < 0) return string.Create(CultureInfo.InvariantCulture, $"bytes={_first}");
        return _most is { } most
            ? string.Create(CultureInfo.InvariantCulture, $"bytes={_first}-{_first + Math.Max(most, 1) - 1}")
            : string.Create(CultureInfo.InvariantCulture, $"bytes={_first}-");
    }
}
