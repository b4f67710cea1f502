using System.Buffers;
using System.Security.Cryptography;
using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles;

/// <summary>Computes the digest of a content, wherever its bytes come from.</summary>
internal static class ContentHashing
{
    public const int BlockBytes = 256 * 1024;

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

        return new ContentDigest(sha.GetHashAndReset());
    }
}
