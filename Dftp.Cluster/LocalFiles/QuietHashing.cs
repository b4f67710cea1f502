using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles;

/// <summary>
/// Hashes files of this machine on threads of the lowest priority. On Linux it holds for the disk too: without a priority of its own for I/O a
/// thread has that of its nice value (ioprio_set(2)). Those who read files are then served first.
/// </summary>
internal static partial class QuietHashing
{
    private const int BlockBytes = 256 * 1024;

    /// <summary>What is smaller is read before a thread has started.</summary>
    private const long MinBytes = 1 << 20;

    private const int PriorityOfProcess = 0;
    private const int LowestPriority = 19;

    /// <summary>Reads all of a content, which stays the caller's.</summary>
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
            // By getpriority(2) a priority is a thread's where the system's threads are NPTL's; 0 is the calling one.
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
            var count = RandomAccess.Read(region.Handle, block.AsSpan(0, (int)Math.Min(BlockBytes, region.Length - at)), region.Offset + at);
            if (count == 0) throw new IOException("the file became shorter while it was read");
            sha.AppendData(block, 0, count);
            at += count;
        }

        return new ContentDigest(sha.GetHashAndReset());
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, uint who, int priority);
}
