using System.Buffers.Binary;
using System.Text;

namespace Dftp.Cluster.Persistence;

/// <summary>Reads the format of <see cref="BlockWriter"/>. No byte is returned before the checksum of its block was verified.</summary>
/// <param name="input">A stream with a known length.</param>
internal sealed class BlockReader(Stream input)
{
    // Cached, because each access to a file's length is a system call.
    private readonly long _inputLength = input.Length;
    private readonly byte[] _block = new byte[BlockWriter.BlockSize];
    private readonly byte[] _header = new byte[BlockWriter.HeaderSize];
    private int _at;
    private int _length;
    private int _number;
    private bool _isLast;

    /// <exception cref="InvalidDataException">The file is damaged or truncated; the same for the other methods.</exception>
    public void Read(Span<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            if (_at == _length) Next();
            var part = Math.Min(bytes.Length, _length - _at);
            _block.AsSpan(_at, part).CopyTo(bytes);
            _at += part;
            bytes = bytes[part..];
        }
    }

    public byte[] ReadBytes(int length)
    {
        // Check the rest of the file before allocating.
        if (length > _length - _at + _inputLength - input.Position) throw new InvalidDataException("it is truncated");
        if (length == 0) return [];
        var bytes = GC.AllocateUninitializedArray<byte>(length);
        Read(bytes);
        return bytes;
    }

    public byte ReadByte()
    {
        if (_at == _length) Next();
        return _block[_at++];
    }

    /// <returns>0 or more, and at most the number of bytes left: whatever is counted takes at least one.</returns>
    public int ReadCount()
    {
        var count = ReadIndex();
        if (count > _length - _at + _inputLength - input.Position) throw new InvalidDataException("it is truncated");
        return count;
    }

    /// <returns>0 or more.</returns>
    public int ReadIndex()
    {
        uint count = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = ReadByte();
            count |= (uint)(next & 0x7f) << shift;
            if ((next & 0x80) == 0) break;
            if (shift == 28) throw new InvalidDataException("it holds a number that is none");
        }

        if (count > int.MaxValue) throw new InvalidDataException("it holds a number that is none");
        return (int)count;
    }

    public long ReadNumber()
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        Read(bytes);
        return BinaryPrimitives.ReadInt64LittleEndian(bytes);
    }

    public string ReadText() => Encoding.UTF8.GetString(ReadBytes(ReadCount()));

    /// <summary>Verifies that nothing follows.</summary>
    public void End()
    {
        while (_at == _length && !_isLast) Next();
        if (_at != _length || input.Position != _inputLength) throw new InvalidDataException("something follows its end");
    }

    private void Next()
    {
        if (_isLast) throw new InvalidDataException("it is truncated");
        if (input.ReadAtLeast(_header, _header.Length, throwOnEndOfStream: false) < _header.Length)
            throw new InvalidDataException("it is truncated");
        var marked = BinaryPrimitives.ReadInt32LittleEndian(_header);
        _isLast = (marked & BlockWriter.LastBlock) != 0;
        _length = marked & ~BlockWriter.LastBlock;
        _at = 0;
        if (_length is < 0 or > BlockWriter.BlockSize || (_length == 0 && !_isLast))
            throw new InvalidDataException($"block {_number} is damaged");
        var block = _block.AsSpan(0, _length);
        if (input.ReadAtLeast(block, _length, throwOnEndOfStream: false) < _length) throw new InvalidDataException("it is truncated");
        if (BlockWriter.Checksum(_number, _header.AsSpan(0, sizeof(int)), block)
            != BinaryPrimitives.ReadUInt32LittleEndian(_header.AsSpan(sizeof(int))))
            throw new InvalidDataException($"block {_number} is damaged");
        _number++;
        if (_length == 0) throw new InvalidDataException("it is truncated");
    }
}
