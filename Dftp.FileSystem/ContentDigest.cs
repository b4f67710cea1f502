using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Dftp.FileSystem;

/// <summary>The SHA-256 of a file's whole content.</summary>
public readonly record struct ContentDigest
{
    public const int Bytes = SHA256.HashSizeInBytes;

    private const int BlockBytes = 256 * 1024;

    // The 32 bytes in order, stored inline without an array: the index keeps many digests.
    private readonly UInt128 _first, _second;

    /// <param name="sha256">32 bytes.</param>
    public ContentDigest(ReadOnlySpan<byte> sha256)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(sha256.Length, Bytes, nameof(sha256));
        _first = MemoryMarshal.Read<UInt128>(sha256);
        _second = MemoryMarshal.Read<UInt128>(sha256[(Bytes / 2)..]);
    }

    /// <summary>The digest of an empty file.</summary>
    public static ContentDigest OfNothing { get; } = new(SHA256.HashData([]));

    /// <summary>64 lower-case hexadecimal digits, as sha256sum prints them.</summary>
    public string ToHex() => Convert.ToHexStringLower(ToArray());

    public string ToBase64() => Convert.ToBase64String(ToArray());

    public static bool TryFromBase64(string text, out ContentDigest digest)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        var isOne = Convert.TryFromBase64String(text, bytes, out var count) && count == Bytes;
        digest = isOne ? new ContentDigest(bytes) : default;
        return isOne;
    }

    /// <summary>Reads a whole content and computes its digest. The caller keeps ownership of the content.</summary>
    /// <exception cref="FileContentException">The rest of the content cannot be read.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> fired.</exception>
    public static async ValueTask<ContentDigest> OfAsync(FileContent content, CancellationToken cancellationToken)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var block = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(content.Length, 1, BlockBytes));
        try
        {
            for (var left = content.Length; left > 0;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var count = await content.ReadAsync(block, cancellationToken);
                if (count == 0)
                {
                    throw new FileContentException(new FileError(FileErrorKind.Failed, "the file became shorter while it was read"));
                }
                sha.AppendData(block, 0, count);
                left -= count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }

        return Current(sha);
    }

    public override string ToString() => ToHex();

    private static ContentDigest Current(IncrementalHash sha)
    {
        Span<byte> hash = stackalloc byte[Bytes];
        sha.GetHashAndReset(hash);
        return new ContentDigest(hash);
    }

    private byte[] ToArray()
    {
        var bytes = new byte[Bytes];
        MemoryMarshal.Write(bytes, _first);
        MemoryMarshal.Write(bytes.AsSpan(Bytes / 2), _second);
        return bytes;
    }
}

/// <summary>The result of a digest request: exactly one of the digest, newer facts, or an error.</summary>
/// <param name="Digest">
/// The digest of the requested copy. The copy had the facts of the passed entry before and after it was read.
/// </param>
/// <param name="Now">The copy differs from the passed entry (it may have changed): these are its current facts.</param>
/// <param name="Error">Why there is no digest.</param>
public readonly record struct DigestResult(ContentDigest? Digest, Entry? Now, FileError? Error)
{
    public static DigestResult Of(ContentDigest digest) => new(digest, null, null);

    public static DigestResult Changed(Entry now) => new(null, now, null);

    public static DigestResult Failed(FileError error) => new(null, null, error);

    public static DigestResult Failed(FileErrorKind kind, string message) => Failed(new FileError(kind, message));
}
