using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Dftp.Cluster.LocalFiles.Native;

/// <summary>fstatfs(2): the kind of file system of an open file.</summary>
internal static unsafe partial class StatFs
{
    /// <summary>The structure has 120 bytes where longs have 64 bits; no architecture needs more than this size.</summary>
    private const int MostBytes = 256;

    /// <returns>A magic number of statfs(2); 0 where the system does not give one.</returns>
    public static uint TypeOf(SafeFileHandle file)
    {
        var buffer = stackalloc byte[MostBytes];
        // f_type is the first field and has the machine's word size; the numbers have 32 bits.
        return Call(file, buffer) == 0 ? *(uint*)buffer : 0;
    }

    [LibraryImport("libc", EntryPoint = "fstatfs", SetLastError = true)]
    private static partial int Call(SafeFileHandle file, byte* buffer);
}
