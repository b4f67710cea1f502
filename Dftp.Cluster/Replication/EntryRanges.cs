using System.Globalization;
using System.Text;

namespace Dftp.Cluster.Replication;

/// <summary>
/// Ranges of entries: those whose path hashes begin with one of some prefixes of the same length. Hashes spread a flat directory as evenly as
/// a deep tree. Immutable.
/// </summary>
/// <remarks>As a text: the prefixes' length in bits, a colon, and the prefixes in hexadecimal, ascending, with commas between them.</remarks>
internal sealed class EntryRanges
{
    /// <summary>The maximum length of a prefix: ten entries share one in the largest supported tree of ten million files.</summary>
    public const int MaxBits = 20;

    /// <summary>The maximum number of ranges: their text has 100 KB. More differences cost about as much as a full update.</summary>
    public const int MaxCount = 16 * 1024;

    private readonly uint[] _prefixes;

    /// <summary>One bit for each possible prefix, because nearly all entries are in none of the ranges.</summary>
    private readonly ulong[] _isIn;

    /// <param name="bits">The length of the prefixes, up to <see cref="MaxBits"/>.</param>
    /// <param name="prefixes">Different prefixes, ascending.</param>
    public EntryRanges(int bits, uint[] prefixes)
    {
        Bits = bits;
        _prefixes = prefixes;
        _isIn = new ulong[((1 << bits) + 63) / 64];
        foreach (var prefix in prefixes) _isIn[prefix / 64] |= 1UL << (int)(prefix % 64);
    }

    /// <summary>The range of all entries.</summary>
    public static EntryRanges All { get; } = new(0, [0]);

    public int Bits { get; }

    public int Count => _prefixes.Length;

    public uint this[int index] => _prefixes[index];

    /// <summary>The index of the range of an entry; negative if it is in none.</summary>
    /// <param name="pathHash">The hash of the entry's path.</param>
    public int IndexOf(ulong pathHash)
    {
        // A shift by 64 would be one by 0.
        var prefix = Bits == 0 ? 0 : (uint)(pathHash >> (64 - Bits));
        return (_isIn[prefix / 64] >> (int)(prefix % 64) & 1) == 0 ? -1 : Array.BinarySearch(_prefixes, prefix);
    }

    /// <returns>Null and the reason if it is not the text of ranges.</returns>
    public static EntryRanges? Parse(string text, out string problem)
    {
        problem = "Ranges is not BITS:PREFIX,PREFIX…";
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0 || !int.TryParse(text.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture, out var bits)) return null;
        if (bits > MaxBits)
        {
            problem = $"Ranges has prefixes of {bits} bits; {MaxBits} are allowed";
            return null;
        }

        var names = text.AsSpan(colon + 1);
        if (names.IsEmpty) return new EntryRanges(bits, []);
        var count = names.Count(',') + 1;
        if (count > MaxCount)
        {
            problem = $"Ranges has {count} ranges; {MaxCount} are allowed";
            return null;
        }

        var prefixes = new List<uint>(count);
        foreach (var range in names.Split(','))
        {
            if (!uint.TryParse(names[range], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var prefix)) return null;
            if (prefix >= 1u << bits || (prefixes.Count > 0 && prefix <= prefixes[^1]))
            {
                problem = $"Ranges has prefixes that are not ascending or longer than {bits} bits";
                return null;
            }

            prefixes.Add(prefix);
        }

        return new EntryRanges(bits, [.. prefixes]);
    }

    public override string ToString()
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{Bits}:");
        for (var index = 0; index < Count; index++)
        {
            if (index > 0) text.Append(',');
            text.Append(CultureInfo.InvariantCulture, $"{_prefixes[index]:x}");
        }

        return text.ToString();
    }
}
