using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Dftp.Cluster.LocalFiles.Native;

/// <summary>
/// readlink(2) and readlinkat(2), in bytes: the text of a symlink and, by /proc/self/fd, the current path of an open file.
/// </summary>
internal static unsafe partial class ReadLink
{
    /// <returns>The absolute path; null where the kernel does not give it (no /proc, or the path is too long).</returns>
    public static byte[]? PathOf(SafeFileHandle file)
    {
        var held = false;
        var buffer = ArrayPool<byte>.Shared.Rent(OpenAt2.PathMax + 1);
        try
        {
            file.DangerousAddRef(ref held);
            var link = Encoding.ASCII.GetBytes($"/proc/self/fd/{file.DangerousGetHandle()}\0");
            fixed (byte* path = link, target = buffer)
            {
                var length = Call(path, target, (nuint)buffer.Length);
                return length > 0 && length < buffer.Length && buffer[0] == '/' ? buffer.AsSpan(0, (int)length).ToArray() : null;
            }
        }
        finally
        {
            if (held) file.DangerousRelease();
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The text of the symlink at a path.</summary>
    /// <returns>Null with an error number: EINVAL if the entry is not a symlink.</returns>
    public static byte[]? TextOf(SafeFileHandle directory, ReadOnlySpan<byte> path, out int errno)
    {
        errno = Errno.ENAMETOOLONG;
        if (path.Length >= OpenAt2.PathMax) return null;
        var terminated = stackalloc byte[path.Length + 1];
        path.CopyTo(new Span<byte>(terminated, path.Length));
        terminated[path.Length] = 0;
        var target = stackalloc byte[OpenAt2.PathMax];
        var length = (int)CallAt(directory, terminated, target, OpenAt2.PathMax);
        errno = length < 0 ? Marshal.GetLastPInvokeError() : 0;
        return length < 0 ? null : new ReadOnlySpan<byte>(target, length).ToArray();
    }

    [LibraryImport("libc", EntryPoint = "readlinkat", SetLastError = true)]
    private static partial nint CallAt(SafeFileHandle directory, byte* path, byte* target, nuint size);

    [LibraryImport("libc", EntryPoint = "readlink", SetLastError = true)]
    private static partial nint Call(byte* path, byte* target, nuint size);
}
