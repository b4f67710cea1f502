namespace Dftp.Cluster.Index;

/// <summary>Names as UTF-8 bytes: equality, and the 64-bit hash for digests.</summary>
internal static class NameBytes
{
    public static IEqualityComparer<byte[]> Comparer { get; } = new Equality();

    /// <summary>A hash that is the same in every process and on every machine; not cryptographic.</summary>
    public static ulong Hash(ulong seed, ReadOnlySpan<byte> bytes)
    {
        var hash = Mix(seed ^ (ulong)bytes.Length, 0x9E3779B97F4A7C15);
        while (bytes.Length >= sizeof(ulong))
        {
            hash = Mix(hash ^ System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(bytes), 0xA0761D6478BD642F);
            bytes = bytes[sizeof(ulong)..];
        }

        ulong rest = 0;
        foreach (var b in bytes) rest = rest << 8 | b;
        return Mix(hash ^ rest, 0xE7037ED1A0B428DB);
    }

    public static ulong Hash(ulong seed, long value) => Mix(seed ^ (ulong)value, 0x8EBC6AF09C88C6E3);

    private static ulong Mix(ulong value, ulong multiplier)
    {
        var high = Math.BigMul(value ^ multiplier, multiplier | 1, out var low);
        return high ^ low ^ value >> 32;
    }

    private sealed class Equality : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] obj) => GetHashCode(obj.AsSpan());

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<byte> alternate) => (int)Hash(0, alternate);

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
