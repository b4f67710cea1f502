using System.Buffers.Binary;

namespace Dftp.Http.Archives;

/// <summary>
/// Deflate without compression (RFC 1951, section 3.2.4): the bytes unchanged, in blocks with a length. A streaming reader finds
/// the end by them, although the header before the data does not have the size.
/// </summary>
internal static class StoredBlocks
{
    /// <summary>The maximum of data bytes in a block, whose length has 16 bits.</summary>
    public const int MaxData = ushort.MaxValue;

    /// <summary>The size of a block's header.</summary>
    public const int HeaderBytes = 5;

    /// <summary>The packed size of <paramref name="size"/> bytes: full blocks, a rest, and the empty blocks at the end.</summary>
    public static long PackedSize(long size) => DataSize(size) + EndBytes(size);

    /// <summary>The size of the end: one empty block, or two.</summary>
    /// <remarks>
    /// In the directory a packed size of exactly 2^32 - 1 means "see the 64-bit field" (APPNOTE 4.4.8), but streaming readers treat
    /// it as a 32-bit size. A second empty block avoids that size.
    /// </remarks>
    public static int EndBytes(long size) => DataSize(size) + HeaderBytes == uint.MaxValue ? 2 * HeaderBytes : HeaderBytes;

    /// <summary>Writes the header of a block.</summary>
    /// <param name="space">At least <see cref="HeaderBytes"/>.</param>
    /// <param name="count">The number of data bytes that follow, at most <see cref="MaxData"/>.</param>
    /// <param name="isLast">Whether it is the last block.</param>
    public static void WriteHeader(Span<byte> space, int count, bool isLast)
    {
        // BFINAL, then BTYPE 00, then the rest of the byte.
        space[0] = isLast ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt16LittleEndian(space[1..], (ushort)count);
        BinaryPrimitives.WriteUInt16LittleEndian(space[3..], (ushort)~count);
    }

    private static long DataSize(long size) => size + HeaderBytes * ((size + MaxData - 1) / MaxData);
}
