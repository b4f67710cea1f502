namespace Dftp.FileSystem;

/// <summary>The bytes [<see cref="Offset"/>, <see cref="Offset"/> + <see cref="Length"/>) of a file.</summary>
public readonly record struct ByteRange
{
    /// <param name="offset">At least 0.</param>
    /// <param name="length">At least 0; the end must not pass <see cref="long.MaxValue"/>.</param>
    public ByteRange(long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, long.MaxValue - offset);
        Offset = offset;
        Length = length;
    }

    public long Offset { get; }

    public long Length { get; }

    /// <summary>The first byte after the range.</summary>
    public long End => Offset + Length;

    public static ByteRange Whole(in Entry file) => new(0, file.Size);

    /// <summary>The range from an offset to the end of the file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="offset">0 to the file's size.</param>
    public static ByteRange From(in Entry file, long offset) => new(offset, file.Size - offset);
}
