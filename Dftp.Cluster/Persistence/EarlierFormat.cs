using System.Buffers.Binary;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.Persistence;

/// <summary>
/// The format of saved trees in which stamps were seconds: it is read once, and the next save has the current one. It differs in the facts
/// of directories, where the stamp had four bytes, and in the columns.
/// </summary>
internal static class EarlierFormat
{
    public const int Version = 1 << 8 | 1;

    /// <summary>The size of modification time, permissions, stamp, and the digest of the part. The digest is valid still.</summary>
    public const int FactsSize = sizeof(long) + sizeof(ushort) + sizeof(uint) + sizeof(ulong);

    private const int HeaderSize = 24, SmallestFile = 14;
    private const int WideSizes = 1, ManyStamps = 2, WideNames = 4, AllFlags = 15;

    /// <summary>
    /// Converts columns. Header: count (4), flags (4), sum of the sizes (8), the first stamp (4), the first permissions (4). Columns:
    /// modification times, sizes, stamps (4), ends of the names, permissions, names.
    /// </summary>
    /// <returns>Columns for <see cref="FileColumns.TryFromData"/>; null if the data is damaged.</returns>
    public static byte[]? Convert(ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty) return [];
        if (data.Length < HeaderSize) return null;
        var (count, flags) = (BinaryPrimitives.ReadInt32LittleEndian(data), BinaryPrimitives.ReadInt32LittleEndian(data[4..]));
        if (count <= 0 || (flags & ~AllFlags) != 0 || count > (data.Length - HeaderSize) / SmallestFile) return null;
        var sizes = HeaderSize + count * sizeof(long);
        var stamps = sizes + count * ((flags & WideSizes) != 0 ? sizeof(long) : sizeof(uint));
        var rest = stamps + ((flags & ManyStamps) != 0 ? count * sizeof(uint) : 0);
        if (rest + (long)count * ((flags & WideNames) != 0 ? sizeof(uint) : sizeof(ushort)) > data.Length) return null;

        using var output = new MemoryStream(data.Length + rest - stamps);
        Span<byte> number = stackalloc byte[sizeof(long)];
        output.Write(data[..4]);
        output.Write(data[4..6]);
        output.Write(data[20..22]);
        output.Write(data[8..16]);
        WriteStamp(data[16..], number, output);
        output.Write(data[HeaderSize..sizes]);
        for (var at = stamps; at < rest; at += sizeof(uint)) WriteStamp(data[at..], number, output);
        output.Write(data[sizes..stamps]);
        output.Write(data[rest..]);
        return output.ToArray();
    }

    private static void WriteStamp(ReadOnlySpan<byte> seconds, Span<byte> number, MemoryStream output)
    {
        BinaryPrimitives.WriteInt64LittleEndian(number, Stamp.FromSeconds(BinaryPrimitives.ReadUInt32LittleEndian(seconds)).Value);
        output.Write(number);
    }
}
