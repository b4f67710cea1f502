using System.Buffers.Binary;

namespace Dftp.Http.Archives;

/// <summary>The CRC-32 of ZIP (APPNOTE 4.4.7), eight bytes at a step.</summary>
internal struct Crc32
{
    private const uint Polynomial = 0xEDB88320;

    /// <summary>[256 * k + b]: what byte b does to the sum when k more bytes come after it.</summary>
    private static readonly uint[] Table = MakeTable();

    private uint _inverted;

    public readonly uint Value => _inverted;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        var table = Table;
        var sum = ~_inverted;
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            var low = BinaryPrimitives.ReadUInt32LittleEndian(bytes) ^ sum;
            var high = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            sum = table[1792 + (low & 255)] ^ table[1536 + (low >> 8 & 255)] ^ table[1280 + (low >> 16 & 255)] ^ table[1024 + (low >> 24)]
                ^ table[768 + (high & 255)] ^ table[512 + (high >> 8 & 255)] ^ table[256 + (high >> 16 & 255)] ^ table[high >> 24];
        }

        foreach (var value in bytes) sum = table[(sum ^ value) & 255] ^ sum >> 8;
        _inverted = ~sum;
    }

    private static uint[] MakeTable()
    {
        var table = new uint[8 * 256];
        for (var value = 0u; value < 256; value++)
        {
            var sum = value;
            for (var bit = 0; bit < 8; bit++) sum = (sum & 1) != 0 ? sum >> 1 ^ Polynomial : sum >> 1;
            table[value] = sum;
        }

        for (var i = 256; i < table.Length; i++) table[i] = table[table[i - 256] & 255] ^ table[i - 256] >> 8;
        return table;
    }
}
