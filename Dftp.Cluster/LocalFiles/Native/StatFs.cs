using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Dftp.Cluster.LocalFiles.Native;

/// <summary>fstatfs(2): which kind of file system an open file lies on.</summary>
internal static unsafe partial class StatFs
{
    /// <summary>The structure has 120 bytes where longs have 64 bits; no architecture needs more than this.</summary>
    private const int MostBytes = 256;

    /// <returns>A magic number of statfs(2); 0 where the system does not tell.</returns>
    public static uint TypeOf(SafeFileHandle file)
    {
        var buffer = stackalloc byte[MostBytes];
        // f_type stands first, as a word of the machine's size; the numbers have 32 bits.
        return Call(file, buffer) == 0 ? *(uint*)buffer : 0;
    }

    [LibraryImport("libc", EntryPoint = "fstatfs", SetLastError = true)]
    private static partial int Call(SafeFileHandle file, byte* buffer);
}
