using System.Security.Cryptography;

namespace Dftp.Cluster.Door;

/// <summary>One key of the cluster secret. Its bytes never leave this class; logs, answers and status show <see cref="Id"/>.</summary>
internal sealed class SecretKey
{
    public const int MacBytes = HMACSHA256.HashSizeInBytes;

    /// <summary>The minimum length of a key: that of the MAC (RFC 2104 section 3).</summary>
    public const int MinBytes = MacBytes;

    private const int IdBytes = 8;

    private readonly byte[] _bytes;

    /// <param name="bytes">At least <see cref="MinBytes"/>.</param>
    public SecretKey(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes.Length, MinBytes, nameof(bytes));
        _bytes = bytes.ToArray();
        Span<byte> mac = stackalloc byte[MacBytes];
        Mac("dftp key id"u8, mac);
        Id = Convert.ToHexStringLower(mac[..IdBytes]);
    }

    /// <summary>The fingerprint that names the key: 16 hexadecimal digits, the same on every node.</summary>
    public string Id { get; }

    /// <summary>The requests and announcements that were accepted with this key.</summary>
    public NonceMemory Seen { get; } = new();

    /// <summary>Computes the HMAC-SHA-256.</summary>
    /// <param name="data">The authenticated bytes.</param>
    /// <param name="mac">Receives <see cref="MacBytes"/> bytes.</param>
    public void Mac(ReadOnlySpan<byte> data, Span<byte> mac) => HMACSHA256.HashData(_bytes, data, mac);

    /// <summary>Compares in constant time.</summary>
    public bool IsMacOf(ReadOnlySpan<byte> data, ReadOnlySpan<byte> mac)
    {
        Span<byte> right = stackalloc byte[MacBytes];
        Mac(data, right);
        return CryptographicOperations.FixedTimeEquals(right, mac);
    }

    public override string ToString() => $"key {Id}";
}
