using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Dftp.Sockets;

/// <summary>A pipe through which the kernel moves bytes between sockets without a copy in this process (Linux).</summary>
public sealed partial class KernelPipe : IDisposable
{
    /// <summary>
    /// Bytes. A user may have this much in one pipe and 64 MiB in all (<c>pipe(7)</c>); beyond that a new pipe gets two pages. So only the
    /// first few pipes are large.
    /// </summary>
    private const int Large = 1024 * 1024, Small = 128 * 1024, MaxLarge = 32;

    // Linux' include/uapi/asm-generic/fcntl.h and include/uapi/linux/fcntl.h.
    private const int NonBlocking = 0x800, CloseOnExec = 0x80000, SetSize = 1031, GetSize = 1032;

    private static int s_open;

    private int _isDisposed;

    private KernelPipe(int readEnd, int writeEnd)
    {
        ReadEnd = new SafeFileHandle(readEnd, ownsHandle: true);
        WriteEnd = new SafeFileHandle(writeEnd, ownsHandle: true);
        // If the size is refused, the pipe keeps its initial size.
        var size = Interlocked.Increment(ref s_open) <= MaxLarge ? Large : Small;
        if (Control(WriteEnd, SetSize, size) < 0) _ = Control(WriteEnd, SetSize, Small);
        Capacity = Control(WriteEnd, GetSize, 0);
    }

    /// <summary>Bytes, at least a page.</summary>
    public int Capacity { get; }

    public SafeFileHandle ReadEnd { get; }

    public SafeFileHandle WriteEnd { get; }

    /// <returns>Null if the system has no free pipe, or no splice.</returns>
    public static KernelPipe? TryCreate()
    {
        if (!LoopSocket.IsAvailable) return null;
        Span<int> ends = stackalloc int[2];
        if (Create(ref MemoryMarshal.GetReference(ends), NonBlocking | CloseOnExec) < 0) return null;
        return new KernelPipe(ends[0], ends[1]);
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        Interlocked.Decrement(ref s_open);
        ReadEnd.Dispose();
        WriteEnd.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "pipe2", SetLastError = true)]
    private static partial int Create(ref int ends, int flags);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(SafeHandle pipe, int command, int value);
}
