using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Dftp.Cluster.Index;

/// <summary>
/// Collects the files of one directory in any order and packs them. Of two files with one name the later wins. Its buffers are reused for
/// the next directory, so that reading a million files leaves only the columns. Not thread-safe.
/// </summary>
internal sealed class FileColumnsBuilder
{
    private const int FirstFiles = 16;
    private const int FirstNameBytes = 512;
    private const int MostFilesKept = 16 * 1024;

    private byte[] _names = new byte[FirstNameBytes];
    private GatheredFile[] _files = new GatheredFile[FirstFiles];
    private GatheredFile[] _sorted = [];
    private SortKey[] _order = [];
    private int _nameBytes;
    private bool _isSorted = true;

    public int Count { get; private set; }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(ReadOnlySpan<byte> nameUtf8, in FileFacts facts)
    {
        if (Count == _files.Length) Array.Resize(ref _files, 2 * Count);
        if (_names.Length - _nameBytes < nameUtf8.Length) Array.Resize(ref _names, 2 * _names.Length + nameUtf8.Length);
        nameUtf8.CopyTo(_names.AsSpan(_nameBytes));
        if (_isSorted && Count > 0) _isSorted = NameOf(_files[Count - 1]).SequenceCompareTo(nameUtf8) < 0;
        _files[Count++] = new GatheredFile(_nameBytes, nameUtf8.Length, facts);
        _nameBytes += nameUtf8.Length;
    }

    /// <summary>Adds the files of columns.</summary>
    public void Add(FileColumns columns)
    {
        for (var index = 0; index < columns.Count; index++) Add(columns.NameSpan(index), columns[index]);
    }

    /// <summary>Packs the added files and resets the builder.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public FileColumns Build()
    {
        if (!_isSorted) Sort();
        var columns = FileColumns.Pack(_names, _files.AsSpan(0, Count));
        if (Count > MostFilesKept) GiveBack();
        Clear();
        return columns;
    }

    public void Clear()
    {
        Count = 0;
        _nameBytes = 0;
        _isSorted = true;
    }

    /// <summary>Releases the buffers of a huge directory.</summary>
    private void GiveBack()
    {
        _names = new byte[FirstNameBytes];
        _files = new GatheredFile[FirstFiles];
        _sorted = [];
        _order = [];
    }

    private ReadOnlySpan<byte> NameOf(in GatheredFile file) => _names.AsSpan(file.NameStart, file.NameLength);

    private void Sort()
    {
        if (_order.Length < Count) (_order, _sorted) = (new SortKey[_files.Length], new GatheredFile[_files.Length]);
        for (var index = 0; index < Count; index++) _order[index] = new SortKey(PrefixOf(NameOf(_files[index])), index);
        _order.AsSpan(0, Count).Sort(new ByName(this));

        var kept = 0;
        for (var at = 0; at < Count; at++)
        {
            ref readonly var file = ref _files[_order[at].Index];
            // Of equal names the last added sorts last.
            if (at + 1 < Count && NameOf(file).SequenceEqual(NameOf(_files[_order[at + 1].Index]))) continue;
            _sorted[kept++] = file;
        }

        (_files, _sorted) = (_sorted, _files);
        Count = kept;
    }

    /// <summary>The first bytes as a number with the same order: it decides most comparisons.</summary>
    private static ulong PrefixOf(ReadOnlySpan<byte> name)
    {
        if (name.Length >= sizeof(ulong)) return BinaryPrimitives.ReadUInt64BigEndian(name);
        Span<byte> padded = stackalloc byte[sizeof(ulong)];
        padded.Clear();
        name.CopyTo(padded);
        return BinaryPrimitives.ReadUInt64BigEndian(padded);
    }

    private readonly record struct SortKey(ulong Prefix, int Index);

    private readonly struct ByName(FileColumnsBuilder builder) : IComparer<SortKey>
    {
        public int Compare(SortKey x, SortKey y)
        {
            if (x.Prefix != y.Prefix) return x.Prefix < y.Prefix ? -1 : 1;
            var order = builder.NameOf(builder._files[x.Index]).SequenceCompareTo(builder.NameOf(builder._files[y.Index]));
            return order != 0 ? order : x.Index.CompareTo(y.Index);
        }
    }
}

/// <summary>A collected file: the place of its name in the buffer, and its facts.</summary>
internal readonly record struct GatheredFile(int NameStart, int NameLength, FileFacts Facts);
