using System.Buffers.Binary;
using System.Text;

namespace Dftp.Cluster.Persistence;

/// <summary>
/// Writes bytes in blocks, each with its length and a checksum that also covers the block's number. The last block is marked, so that a
/// file that was truncated at the end of a block is detected.
/// </summary>
internal sealed class BlockWriter(Stream output)
{
    public const int BlockSize = 256 * 1024;
    public const int HeaderSize = 8;
    public const int LastBlock = 1 << 30;

    private readonly byte[] _block = new byte[HeaderSize + BlockSize];
    private int _length;
    private int _number;

    public void Write(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            if (_length == BlockSize) Flush(mark: 0);
            var part = Math.Min(bytes.Length, BlockSize - _length);
            bytes[..part].CopyTo(_block.AsSpan(HeaderSize + _length));
            _length += part;
            bytes = bytes[part..];
        }
    }

    /// <summary>Writes a number of 0 or more with variable length (LEB128).</summary>
    public void WriteCount(int count)
    {
        Span<byte> bytes = stackalloc byte[5];
        var length = 0;
        var rest = (uint)count;
        for (; rest >= 0x80; rest >>= 7) bytes[length++] = (byte)(rest | 0x80);
        bytes[length++] = (byte)rest;
        Write(bytes[..length]);
    }

    public void WriteNumber(long number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        Write(bytes);
    }

    public void WriteText(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        WriteCount(bytes.Length);
        Write(bytes);
    }

    public void End() => Flush(LastBlock);

    private void Flush(int mark)
    {
        BinaryPrimitives.WriteInt32LittleEndian(_block, _length | mark);
        BinaryPrimitives.WriteUInt32LittleEndian(
            _block.AsSpan(sizeof(int)),
            Checksum(_number++, _block.AsSpan(0, sizeof(int)), _block.AsSpan(HeaderSize, _length)));
        output.Write(_block, 0, HeaderSize + _length);
        _length = 0;
    }

    internal static uint Checksum(int number, ReadOnlySpan<byte> length, ReadOnlySpan<byte> block)
    {
        Span<byte> numbered = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(numbered, number);
        return Crc32C.Append(Crc32C.Append(Crc32C.Append(Crc32C.Start, numbered), length), block);
    }
}
