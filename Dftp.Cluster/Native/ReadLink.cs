using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Dftp.Cluster.Native;

/// <summary>readlink(2) on /proc/self/fd: where an open file lies now, in bytes.</summary>
internal static unsafe partial class ReadLink
{
    /// <returns>The absolute path; null where the kernel cannot tell (no /proc, or a path that is too long).</returns>
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

    [LibraryImport("libc", EntryPoint = "readlink", SetLastError = true)]
    private static partial nint Call(byte* path, byte* target, nuint size);
}
