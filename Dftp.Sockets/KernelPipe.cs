using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Dftp.Sockets;

/// <summary>A pipe of the kernel, by which bytes go from one socket to another without a copy in this process (Linux).</summary>
public sealed partial class KernelPipe : IDisposable
{
    /// <summary>Bytes: any user may have this much of one pipe, and of as many as a machine serves at once (<c>pipe(7)</c>).</summary>
    public const int Capacity = 256 * 1024;

    // Linux' include/uapi/asm-generic/fcntl.h and include/uapi/linux/fcntl.h.
    private const int NonBlocking = 0x800, CloseOnExec = 0x80000, SetSize = 1031;

    private KernelPipe(int readEnd, int writeEnd)
    {
        ReadEnd = new SafeFileHandle(readEnd, ownsHandle: true);
        WriteEnd = new SafeFileHandle(writeEnd, ownsHandle: true);
    }

    public SafeFileHandle ReadEnd { get; }

    public SafeFileHandle WriteEnd { get; }

    /// <returns>Null where none can be had.</returns>
    public static KernelPipe? TryCreate()
    {
        if (!LoopSocket.IsAvailable) return null;
        Span<int> ends = stackalloc int[2];
        if (Create(ref MemoryMarshal.GetReference(ends), NonBlocking | CloseOnExec) < 0) return null;
        var pipe = new KernelPipe(ends[0], ends[1]);
        // Where that is refused the pipe is smaller, and works.
        _ = Control(pipe.WriteEnd, SetSize, Capacity);
        return pipe;
    }

    public void Dispose()
    {
        ReadEnd.Dispose();
        WriteEnd.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "pipe2", SetLastError = true)]
    private static partial int Create(ref int ends, int flags);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(SafeHandle pipe, int command, int value);
}
