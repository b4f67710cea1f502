using System.Globalization;

namespace Dftp.FileSystem;

/// <summary>
/// A requested part of a file whose size is known only when it is opened (RFC 9110, section 14.1.1: "range-spec"). The default is
/// the whole file.
/// </summary>
public readonly record struct RangeSpec
{
    /// <summary>The first byte; a negative value: that many bytes at the end.</summary>
    private readonly long _first;

    /// <summary>The number of bytes; null: up to the end.</summary>
    private readonly long? _most;

    private RangeSpec(long first, long? most) => (_first, _most) = (first, most);

    public static RangeSpec Whole => default;

    public bool IsWhole => this == default;

    /// <summary>From an offset to the end; at the end the part is empty.</summary>
    public static RangeSpec From(long first)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        return new RangeSpec(first, null);
    }

    /// <summary>The last bytes, or the whole of a shorter file.</summary>
    /// <param name="count">At least 1.</param>
    public static RangeSpec Last(long count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        return new RangeSpec(-count, null);
    }

    /// <summary>A range, limited to the file's end.</summary>
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

    /// <summary>The value of a Range field for the part. For an empty part it requests one byte. The whole file needs no field.</summary>
    public override string ToString()
    {
        if (_first < 0) return string.Create(CultureInfo.InvariantCulture, $"bytes={_first}");
        return _most is { } most
            ? string.Create(CultureInfo.InvariantCulture, $"bytes={_first}-{_first + Math.Max(most, 1) - 1}")
            : string.Create(CultureInfo.InvariantCulture, $"bytes={_first}-");
    }
}
