using System.Buffers.Binary;

namespace Dftp.Http.Archives;

/// <summary>
/// Deflate without compression (RFC 1951, section 3.2.4): the bytes as they are, in blocks that say their length. A reader sees where they
/// end, which the size in a header that comes too early cannot tell it.
/// </summary>
internal static class StoredBlocks
{
    /// <summary>The most bytes of data in a block: its length has 16 bits.</summary>
    public const int MaxData = ushort.MaxValue;

    /// <summary>Bytes of a block before its data.</summary>
    public const int HeaderBytes = 5;

    /// <summary>Bytes of <paramref name="size"/> bytes in full blocks and a rest, and of the empty blocks that end them.</summary>
    public static long PackedSize(long size) => DataSize(size) + EndBytes(size);

    /// <summary>Bytes of the end: one empty block, or two.</summary>
    /// <remarks>
    /// The packed size that is just 2^32 - 1 stands for «see the 64-bit field» in the directory (APPNOTE 4.4.8), while streaming readers take it
    /// for one of 32 bits. A second empty block avoids it.
    /// </remarks>
    public static int EndBytes(long size) => DataSize(size) + HeaderBytes == uint.MaxValue ? 2 * HeaderBytes : HeaderBytes;

    /// <summary>Writes the header of a block.</summary>
    /// <param name="space">At least <see cref="HeaderBytes"/>.</param>
    /// <param name="count">Bytes of data that follow, at most <see cref="MaxData"/>.</param>
    /// <param name="isLast">No block follows it.</param>
    public static void WriteHeader(Span<byte> space, int count, bool isLast)
    {
        // BFINAL, then BTYPE 00, then the rest of the byte.
        space[0] = isLast ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt16LittleEndian(space[1..], (ushort)count);
        BinaryPrimitives.WriteUInt16LittleEndian(space[3..], (ushort)~count);
    }

    private static long DataSize(long size) => size + HeaderBytes * ((size + MaxData - 1) / MaxData);
}
