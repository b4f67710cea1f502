using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dftp.FileSystem;

namespace Dftp.Cluster.Index;

/// <summary>The files of one node in one directory, sorted by the bytes of their names, as columns in a single array. Immutable.</summary>
/// <remarks>
/// A file takes the bytes of its name and some 14 more. A million small objects would cost as much again in headers and references, and the
/// collector would have to visit each. The columns follow the header in the order of their width, which aligns them: modification times
/// (8), stamps (8, absent if all are equal), sizes (8, or 4 if all fit), ends of the names (4, or 2 if all fit), permissions (2, absent if
/// all are equal), names.
/// </remarks>
internal readonly struct FileColumns : IEquatable<FileColumns>
{
    private const int HeaderSize = 24;
    private const int CountAt = 0, FlagsAt = 4, PermissionsAt = 6, BytesAt = 8, StampAt = 16;
    private const int WideSizes = 1, ManyStamps = 2, WideNames = 4, ManyPermissions = 8, AllFlags = 15;

    /// <summary>
    /// Unused bits of the permissions' column, for <see cref="FileFacts.IsRevised"/> and <see cref="FileFacts.IsCopy"/>.
    /// </summary>
    private const int Revised = 0x8000, Copy = 0x4000;

    /// <summary>The minimum and maximum bytes for a file without its name.</summary>
    private const int SmallestFile = 14, LargestFile = 30;

    /// <summary>The version of the layout of <see cref="Data"/>. Saved columns of another version are not read.</summary>
    public const int LayoutVersion = 2;

    private readonly byte[]? _data;

    private FileColumns(byte[] data) => _data = data;

    public int Count => _data is null ? 0 : BinaryPrimitives.ReadInt32LittleEndian(_data.AsSpan(CountAt));

    /// <summary>The sum of the sizes.</summary>
    public long Bytes => _data is null ? 0 : BinaryPrimitives.ReadInt64LittleEndian(_data.AsSpan(BytesAt));

    private int Flags => BinaryPrimitives.ReadUInt16LittleEndian(_data.AsSpan(FlagsAt));

    public FileFacts this[int index] => FactsAt(new Layout(Count, Flags), index);

    /// <summary>The raw columns for <see cref="TryFromData"/>; empty if there are no files.</summary>
    public ReadOnlySpan<byte> Data => _data;

    /// <summary>The UTF-8 name of a file, a slice of the array.</summary>
    public ReadOnlyMemory<byte> Name(int index)
    {
        var (start, end) = NameBounds(index);
        return _data.AsMemory(start, end - start);
    }

    /// <summary><see cref="Name"/> and facts of a file by one look at the layout, for listings.</summary>
    public (ReadOnlyMemory<byte> Name, FileFacts Facts) File(int index)
    {
        var layout = new Layout(Count, Flags);
        var (start, end) = NameBounds(layout, index);
        return (_data.AsMemory(start, end - start), FactsAt(layout, index));
    }

    public ReadOnlySpan<byte> NameSpan(int index)
    {
        var (start, end) = NameBounds(index);
        return _data.AsSpan(start, end - start);
    }

    /// <returns>The index of the name, or the complement of its insertion point.</returns>
    public int Find(ReadOnlySpan<byte> name)
    {
        int low = 0, high = Count - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var order = NameSpan(middle).SequenceCompareTo(name);
            if (order == 0) return middle;
            if (order < 0) low = middle + 1;
            else high = middle - 1;
        }

        return ~low;
    }

    /// <summary>The next file whose name may match a pattern, judged by the pattern's literal.</summary>
    /// <returns>The count if there is none.</returns>
    public int NextCandidate(NamePattern? pattern, int from)
    {
        var count = Count;
        if (from >= count || pattern is null || pattern.Literal.IsEmpty) return from;
        // The names are contiguous: a hit that spans two names is a false candidate, which the match rejects.
        var layout = new Layout(count, Flags);
        var start = NameBounds(from).Start;
        var hit = AsciiSearch.IndexOfIgnoreCase(_data.AsSpan(start), pattern.Literal);
        return hit < 0 ? count : IndexOfNameAt(start + hit - layout.Names, from);
    }

    public bool Equals(FileColumns other) => _data.AsSpan().SequenceEqual(other._data);

    public override bool Equals(object? obj) => obj is FileColumns other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(Count, Bytes);

    /// <summary>Packs files that are sorted by name and have different names.</summary>
    /// <param name="names">The buffer with the names.</param>
    /// <param name="files">The files.</param>
    public static FileColumns Pack(ReadOnlySpan<byte> names, ReadOnlySpan<GatheredFile> files)
    {
        if (files.IsEmpty) return default;
        var flags = 0;
        long nameBytes = 0, bytes = 0;
        var first = files[0].Facts;
        foreach (ref readonly var file in files)
        {
            nameBytes += file.NameLength;
            bytes += file.Facts.Size;
            if ((ulong)file.Facts.Size > uint.MaxValue) flags |= WideSizes;
            if (file.Facts.Stamp != first.Stamp) flags |= ManyStamps;
            if (ModeOf(file.Facts) != ModeOf(first)) flags |= ManyPermissions;
        }

        if (nameBytes > ushort.MaxValue) flags |= WideNames;
        var layout = new Layout(files.Length, flags);
        // Pinned, because columns live long. Otherwise the collector would copy those of a whole update out of its youngest generation
        // while readers wait.
        var data = GC.AllocateUninitializedArray<byte>(checked((int)(layout.Names + nameBytes)), pinned: true);
        var span = data.AsSpan();
        BinaryPrimitives.WriteInt32LittleEndian(span[CountAt..], files.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(span[FlagsAt..], (ushort)flags);
        BinaryPrimitives.WriteUInt16LittleEndian(span[PermissionsAt..], ModeOf(first));
        BinaryPrimitives.WriteInt64LittleEndian(span[BytesAt..], bytes);
        BinaryPrimitives.WriteInt64LittleEndian(span[StampAt..], first.Stamp.Value);

        var nameEnd = 0;
        for (var index = 0; index < files.Length; index++)
        {
            ref readonly var file = ref files[index];
            WriteAt(span, HeaderSize, index, file.Facts.Modified.Nanoseconds);
            if ((flags & ManyStamps) != 0) WriteAt(span, layout.Stamps, index, file.Facts.Stamp);
            if ((flags & WideSizes) != 0) WriteAt(span, layout.Sizes, index, file.Facts.Size);
            else WriteAt(span, layout.Sizes, index, (uint)file.Facts.Size);
            if ((flags & ManyPermissions) != 0) WriteAt(span, layout.Permissions, index, ModeOf(file.Facts));
            names.Slice(file.NameStart, file.NameLength).CopyTo(span[(layout.Names + nameEnd)..]);
            nameEnd += file.NameLength;
            if ((flags & WideNames) != 0) WriteAt(span, layout.NameEnds, index, (uint)nameEnd);
            else WriteAt(span, layout.NameEnds, index, (ushort)nameEnd);
        }

        return new FileColumns(data);
    }

    /// <summary>Adopts saved columns. The order and the validity of the names are not checked.</summary>
    /// <returns>False if reading them would leave the array.</returns>
    public static bool TryFromData(byte[] data, out FileColumns columns)
    {
        columns = default;
        if (data.Length == 0) return true;
        if (data.Length < HeaderSize) return false;
        var read = new FileColumns(data);
        var (count, flags) = (read.Count, read.Flags);
        if (count <= 0 || (flags & ~AllFlags) != 0 || count > (data.Length - HeaderSize) / SmallestFile
            || count > (int.MaxValue - HeaderSize) / LargestFile) return false;
        var layout = new Layout(count, flags);
        if (layout.Names > data.Length) return false;
        var isWide = (flags & WideNames) != 0;
        ReadOnlySpan<byte> span = data;
        uint end = 0;
        for (var index = 0; index < count; index++)
        {
            var next = isWide ? ReadAt<uint>(span, layout.NameEnds, index) : ReadAt<ushort>(span, layout.NameEnds, index);
            if (next <= end) return false;
            end = next;
        }

        if (end != data.Length - layout.Names) return false;
        columns = read;
        return true;
    }

    /// <summary>Sets one stamp for all files. Only for new columns of a scan that are not shared yet.</summary>
    public void SetStamp(Stamp stamp)
    {
        if (_data is null) return;
        if ((Flags & ManyStamps) != 0) throw new InvalidOperationException("the files have stamps of their own");
        BinaryPrimitives.WriteInt64LittleEndian(_data.AsSpan(StampAt), stamp.Value);
    }

    /// <summary>Whether a file has a later stamp.</summary>
    public bool HasStampAfter(Stamp stamp)
    {
        if (_data is null || stamp == Stamp.Max) return false;
        foreach (var value in Stamps)
        {
            if (value > stamp.Value) return true;
        }

        return false;
    }

    /// <summary>The greatest stamp that is not after the given one; default if there is none.</summary>
    public Stamp LatestStamp(Stamp atMost)
    {
        var latest = 0L;
        foreach (var value in Stamps)
        {
            if (value > latest && value <= atMost.Value) latest = value;
        }

        return new Stamp(latest);
    }

    /// <summary>The different stamps, one or one for each file.</summary>
    private ReadOnlySpan<long> Stamps
    {
        get
        {
            if (_data is null) return [];
            var layout = new Layout(Count, Flags);
            var section = (Flags & ManyStamps) == 0 ? Section(StampAt, HeaderSize) : Section(layout.Stamps, layout.Sizes);
            return MemoryMarshal.Cast<byte, long>(section);
        }
    }

    /// <summary>Whether both have the same files with the same facts, regardless of the stamps.</summary>
    public bool HasSameContent(FileColumns other)
    {
        if (_data is null || other._data is null) return _data is null && other._data is null;
        if (Count != other.Count || Bytes != other.Bytes || ((Flags ^ other.Flags) & ~ManyStamps) != 0) return false;
        var mine = new Layout(Count, Flags);
        var its = new Layout(Count, other.Flags);
        return Section(PermissionsAt, BytesAt).SequenceEqual(other.Section(PermissionsAt, BytesAt))
            && Section(HeaderSize, mine.Stamps).SequenceEqual(other.Section(HeaderSize, its.Stamps))
            && Section(mine.Sizes, _data.Length).SequenceEqual(other.Section(its.Sizes, other._data.Length));
    }

    private static ushort ModeOf(in FileFacts facts) =>
        (ushort)(facts.Permissions | (facts.IsRevised ? Revised : 0) | (facts.IsCopy ? Copy : 0));

    private ReadOnlySpan<byte> Section(int start, int end) => _data.AsSpan(start, end - start);

    /// <summary>The file whose name contains an offset of the names.</summary>
    private int IndexOfNameAt(int offset, int low)
    {
        var high = Count - 1;
        var layout = new Layout(Count, Flags);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (NameBounds(middle).End - layout.Names > offset) high = middle;
            else low = middle + 1;
        }

        return low;
    }

    private FileFacts FactsAt(in Layout layout, int index)
    {
        var data = _data.AsSpan();
        var mode = (layout.Flags & ManyPermissions) != 0
            ? ReadAt<ushort>(data, layout.Permissions, index)
            : BinaryPrimitives.ReadUInt16LittleEndian(data[PermissionsAt..]);
        return new FileFacts(
            (layout.Flags & WideSizes) != 0 ? ReadAt<long>(data, layout.Sizes, index) : ReadAt<uint>(data, layout.Sizes, index),
            new UnixTime(ReadAt<long>(data, HeaderSize, index)),
            mode & ~(Revised | Copy),
            new Stamp((layout.Flags & ManyStamps) != 0
                ? ReadAt<long>(data, layout.Stamps, index)
                : BinaryPrimitives.ReadInt64LittleEndian(data[StampAt..])),
            (mode & Revised) != 0,
            (mode & Copy) != 0);
    }

    private (int Start, int End) NameBounds(int index) => NameBounds(new Layout(Count, Flags), index);

    private (int Start, int End) NameBounds(in Layout layout, int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count);
        var data = _data.AsSpan();
        int start, end;
        if ((layout.Flags & WideNames) != 0)
        {
            start = index == 0 ? 0 : (int)ReadAt<uint>(data, layout.NameEnds, index - 1);
            end = (int)ReadAt<uint>(data, layout.NameEnds, index);
        }
        else
        {
            start = index == 0 ? 0 : ReadAt<ushort>(data, layout.NameEnds, index - 1);
            end = ReadAt<ushort>(data, layout.NameEnds, index);
        }

        return (layout.Names + start, layout.Names + end);
    }

    private static unsafe T ReadAt<T>(ReadOnlySpan<byte> data, int column, int index) where T : unmanaged =>
        MemoryMarshal.Read<T>(data[(column + index * sizeof(T))..]);

    private static unsafe void WriteAt<T>(Span<byte> data, int column, int index, T value) where T : unmanaged =>
        MemoryMarshal.Write(data[(column + index * sizeof(T))..], value);

    /// <summary>The offset of each column.</summary>
    private readonly ref struct Layout
    {
        public readonly int Flags, Stamps, Sizes, NameEnds, Permissions, Names;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Layout(int count, int flags)
        {
            Flags = flags;
            Stamps = HeaderSize + count * sizeof(long);
            Sizes = Stamps + ((flags & ManyStamps) != 0 ? count * sizeof(long) : 0);
            NameEnds = Sizes + count * ((flags & WideSizes) != 0 ? sizeof(long) : sizeof(uint));
            Permissions = NameEnds + count * ((flags & WideNames) != 0 ? sizeof(uint) : sizeof(ushort));
            Names = Permissions + ((flags & ManyPermissions) != 0 ? count * sizeof(ushort) : 0);
        }
    }
}
