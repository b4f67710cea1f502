using System.Buffers.Binary;
using System.Text;
using Dftp.FileSystem;

namespace Dftp.Http.Archives;

/// <summary>The facts of a member in the archive's directory.</summary>
internal readonly record struct ZipMember(long Size, UnixTime Modified, int Permissions, bool IsDirectory, long Position, uint Crc)
{
    public ZipMember(in Entry facts, long position, uint crc)
        : this(facts.IsDirectory ? 0 : facts.Size, facts.Modified, facts.Permissions, facts.IsDirectory, position, crc)
    {
    }

    /// <summary>The packed size: bytes of the member's data in the archive.</summary>
    public long PackedSize => IsDirectory ? 0 : StoredBlocks.PackedSize(Size);
}

/// <summary>The records of a ZIP archive (PKWARE's APPNOTE 6.3), with 64-bit fields for values beyond 32 bits.</summary>
internal ref struct ZipRecord(Span<byte> space, ZipMember member)
{
    /// <summary>The longest record: a name with every byte escaped, plus the fixed fields.</summary>
    public const int MaxBytes = 3 * (VirtualPath.MaxPathBytes + 2 * VirtualPath.MaxNameBytes) + 256;

    // 4.4.4: bit 3, sizes and sum come after the data; bit 11, names are UTF-8.
    private const ushort SumComesLater = 1 << 3, NameIsUtf8 = 1 << 11;

    // 4.4.3: 2.0 knows directories, 4.5 knows the 64-bit fields. 4.4.2: 3 is Unix, for the permissions.
    private const ushort Version20 = 20, Version45 = 45, MadeByUnix = 3 << 8;

    private const ushort TimeExtra = 0x5455, Zip64Extra = 0x0001;

    private readonly Span<byte> _space = space;
    private int _length;

    // Streaming readers expect a descriptor with 64-bit fields exactly when one of the two sizes does not fit 32 bits.
    private readonly bool IsLarge => member.PackedSize >= uint.MaxValue;

    // 4.4.5: 0 is stored, 8 is deflated.
    private readonly ushort Method => member.IsDirectory ? (ushort)0 : (ushort)8;

    private readonly ushort Flags => member.IsDirectory ? NameIsUtf8 : (ushort)(NameIsUtf8 | SumComesLater);

    /// <summary>4.3.7. The sizes follow in the descriptor; the 64-bit field here only shows that those are 64 bits wide.</summary>
    public int LocalHeader(string name)
    {
        Put32(0x04034b50);
        Put16(IsLarge ? Version45 : Version20);
        Put16(Flags);
        Put16(Method);
        PutDosTime();
        Put32(0);
        Put32(IsLarge ? uint.MaxValue : 0);
        Put32(IsLarge ? uint.MaxValue : 0);
        var extra = 9 + (IsLarge ? 20 : 0);
        PutName(name, extra, isCentral: false);
        PutTimeExtra();
        if (!IsLarge) return _length;
        Put16(Zip64Extra);
        Put16(16);
        Put64(0);
        Put64(0);
        return _length;
    }

    /// <summary>4.3.9</summary>
    public int Descriptor()
    {
        Put32(0x08074b50);
        Put32(member.Crc);
        PutSize(member.PackedSize);
        PutSize(member.Size);
        return _length;
    }

    /// <summary>4.3.12</summary>
    public int CentralHeader(string name)
    {
        var isFar = member.Position >= uint.MaxValue;
        var numbers = (IsLarge ? 16 : 0) + (isFar ? 8 : 0);
        Put32(0x02014b50);
        Put16((ushort)(MadeByUnix | Version45));
        Put16(numbers > 0 ? Version45 : Version20);
        Put16(Flags);
        Put16(Method);
        PutDosTime();
        Put32(member.Crc);
        Put32(IsLarge ? uint.MaxValue : (uint)member.PackedSize);
        Put32(IsLarge ? uint.MaxValue : (uint)member.Size);
        PutName(name, 9 + (numbers > 0 ? 4 + numbers : 0), isCentral: true);
        PutTimeExtra();
        if (numbers == 0) return _length;
        Put16(Zip64Extra);
        Put16((ushort)numbers);
        if (IsLarge)
        {
            Put64(member.Size);
            Put64(member.PackedSize);
        }

        if (isFar) Put64(member.Position);
        return _length;
    }

    /// <summary>4.3.14, 4.3.15 and 4.3.16: the end record with 64-bit fields, its locator, and the classic end record.</summary>
    public static int End(Span<byte> space, long count, long directoryAt, long directoryBytes, long position)
    {
        var record = new ZipRecord(space, default);
        if (count >= ushort.MaxValue || directoryAt >= uint.MaxValue || directoryBytes >= uint.MaxValue)
        {
            record.Put32(0x06064b50);
            record.Put64(44);
            record.Put16(MadeByUnix | Version45);
            record.Put16(Version45);
            record.Put32(0);
            record.Put32(0);
            record.Put64(count);
            record.Put64(count);
            record.Put64(directoryBytes);
            record.Put64(directoryAt);
            record.Put32(0x07064b50);
            record.Put32(0);
            record.Put64(position);
            record.Put32(1);
        }

        record.Put32(0x06054b50);
        record.Put32(0);
        record.Put16((ushort)Math.Min(count, ushort.MaxValue));
        record.Put16((ushort)Math.Min(count, ushort.MaxValue));
        record.Put32((uint)Math.Min(directoryBytes, uint.MaxValue));
        record.Put32((uint)Math.Min(directoryAt, uint.MaxValue));
        record.Put16(0);
        return record._length;
    }

    private void PutName(string name, int extraBytes, bool isCentral)
    {
        var utf8 = Encoding.UTF8.GetBytes(name);
        Put16((ushort)utf8.Length);
        Put16((ushort)extraBytes);
        if (isCentral)
        {
            Put16(0); // comment
            Put16(0); // disk
            Put16(0); // internal attributes
            var type = member.IsDirectory ? 0x4000u : 0x8000u;
            Put32((type | (uint)(member.Permissions & 0xFFF)) << 16 | (member.IsDirectory ? 0x10u : 0));
            Put32((uint)Math.Min(member.Position, uint.MaxValue));
        }

        utf8.CopyTo(_space[_length..]);
        _length += utf8.Length;
    }

    /// <summary>Seconds since 1970, unlike MS-DOS' time, which has no time zone.</summary>
    private void PutTimeExtra()
    {
        Put16(TimeExtra);
        Put16(5);
        _space[_length++] = 1;
        Put32((uint)(int)Math.Clamp(member.Modified.Seconds, int.MinValue, int.MaxValue));
    }

    private void PutDosTime()
    {
        var time = member.Modified.ToDateTimeOffset().UtcDateTime;
        if (time.Year < 1980) time = new DateTime(1980, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        if (time.Year > 2107) time = new DateTime(2107, 12, 31, 23, 59, 58, DateTimeKind.Utc);
        Put16((ushort)(time.Hour << 11 | time.Minute << 5 | time.Second / 2));
        Put16((ushort)((time.Year - 1980) << 9 | time.Month << 5 | time.Day));
    }

    private void PutSize(long size)
    {
        if (IsLarge) Put64(size);
        else Put32((uint)size);
    }

    private void Put16(ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(_space[_length..], value);
        _length += 2;
    }

    private void Put32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_space[_length..], value);
        _length += 4;
    }

    private void Put64(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_space[_length..], value);
        _length += 8;
    }
}
