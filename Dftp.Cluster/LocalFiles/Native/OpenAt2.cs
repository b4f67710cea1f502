using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Dftp.Cluster.LocalFiles.Native;

/// <summary>
/// openat2(2), Linux 5.6: opens relative to a directory, with rules that the kernel applies to the whole path without races.
/// </summary>
internal static unsafe partial class OpenAt2
{
    public const int PathMax = 4096;

    public const ulong O_NOCTTY = 0x100;
    public const ulong O_NONBLOCK = 0x800;
    public const ulong O_CLOEXEC = 0x80000;
    public const ulong O_PATH = 0x200000;

    /// <summary>A magic link (/proc/self/fd/… and the like) on the path is ELOOP.</summary>
    public const ulong ResolveNoMagicLinks = 0x02;

    /// <summary>Any symlink is ELOOP, except a final one opened by O_PATH | O_NOFOLLOW.</summary>
    public const ulong ResolveNoSymlinks = 0x04;

    /// <summary>Absolute symlinks and <c>..</c> above the directory are EXDEV.</summary>
    public const ulong ResolveBeneath = 0x08;

    // The system call has this number on every architecture; many C libraries in use do not have the function yet.
    private const nint SystemCall = 437;

    private const int AtCurrentDirectory = -100;

    private const int InterruptedLimit = 100;

    private static readonly bool IsArm = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm;

    public static readonly ulong O_DIRECTORY = IsArm ? 0x4000u : 0x10000u;

    public static readonly ulong O_NOFOLLOW = IsArm ? 0x8000u : 0x20000u;

    /// <param name="directory">An open directory to which the path is relative; null for the current one.</param>
    /// <param name="path">Bytes without a NUL; empty means the directory itself.</param>
    /// <param name="flags">O_ flags; O_CLOEXEC is added.</param>
    /// <param name="resolve">Resolve flags.</param>
    /// <param name="errno">0, or the error number if the result is null.</param>
    public static SafeFileHandle? Open(SafeFileHandle? directory, ReadOnlySpan<byte> path, ulong flags, ulong resolve, out int errno)
    {
        errno = Errno.ENAMETOOLONG;
        if (path.Length >= PathMax) return null;
        if (path.IsEmpty) path = "."u8;

        var terminated = stackalloc byte[path.Length + 1];
        path.CopyTo(new Span<byte>(terminated, path.Length));
        terminated[path.Length] = 0;
        var how = new OpenHow { Flags = flags | O_CLOEXEC, Resolve = resolve };

        var held = false;
        try
        {
            directory?.DangerousAddRef(ref held);
            var at = directory is null ? AtCurrentDirectory : directory.DangerousGetHandle();
            for (var attempt = 0; ; attempt++)
            {
                var fd = Call(SystemCall, at, terminated, &how, (nuint)sizeof(OpenHow));
                errno = fd < 0 ? Marshal.GetLastPInvokeError() : 0;
                if (fd >= 0) return new SafeFileHandle(fd, ownsHandle: true);
                if (errno != Errno.EINTR || attempt == InterruptedLimit) return null;
            }
        }
        finally
        {
            if (held) directory!.DangerousRelease();
        }
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Call(nint number, nint directory, byte* path, OpenHow* how, nuint size);

    [StructLayout(LayoutKind.Sequential)]
    private struct OpenHow
    {
        public ulong Flags;
        public ulong Mode;
        public ulong Resolve;
    }
}
