using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles;

/// <summary>
/// Hashes local files on threads of the lowest priority. On Linux this covers the disk too: a thread without an I/O priority of its own has
/// that of its nice value (ioprio_set(2)). Reads for clients are then served first.
/// </summary>
internal static partial class QuietHashing
{
    private const int BlockBytes = 256 * 1024;

    /// <summary>Smaller contents are read in less time than a thread needs to start.</summary>
    private const long MinBytes = 1 << 20;

    private const int PriorityOfProcess = 0;
    private const int LowestPriority = 19;

    /// <summary>Hashes a whole content, which the caller keeps.</summary>
    /// <inheritdoc cref="ContentDigest.OfAsync"/>
    public static async ValueTask<ContentDigest> OfAsync(FileContent content, CancellationToken cancellationToken)
    {
        if (content.Region is not { } region || region.Length < MinBytes) return await ContentDigest.OfAsync(content, cancellationToken);
        var result = new TaskCompletionSource<ContentDigest>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() => Run(region, result, cancellationToken)) { IsBackground = true, Name = "hashing" };
        thread.Start();
        return await result.Task;
    }

    private static void Run(FileRegion region, TaskCompletionSource<ContentDigest> result, CancellationToken cancellationToken)
    {
        try
        {
            // getpriority(2): with NPTL, a priority belongs to a single thread; 0 is the calling one.
            if (OperatingSystem.IsLinux()) _ = SetPriority(PriorityOfProcess, 0, LowestPriority);
            result.SetResult(Hash(region, cancellationToken));
        }
        catch (OperationCanceledException canceled)
        {
            result.SetCanceled(canceled.CancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            result.SetException(new FileContentException(new FileError(FileErrorKind.Failed, $"reading failed: {e.Message}"), e));
        }
        catch (Exception e)
        {
            // A defect: the caller gets the exception.
            result.SetException(e);
        }
    }

    private static ContentDigest Hash(FileRegion region, CancellationToken cancellationToken)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var block = GC.AllocateUninitializedArray<byte>(BlockBytes);
        for (var at = 0L; at < region.Length;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var part = block.AsSpan(0, (int)Math.Min(BlockBytes, region.Length - at));
            var count = RandomAccess.Read(region.Handle, part, region.Offset + at);
            if (count == 0) throw new IOException("the file became shorter while it was read");
            sha.AppendData(block, 0, count);
            at += count;
        }

        return new ContentDigest(sha.GetHashAndReset());
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, uint who, int priority);
}
