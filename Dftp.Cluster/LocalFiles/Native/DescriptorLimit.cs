using System.Runtime.InteropServices;

namespace Dftp.Cluster.LocalFiles.Native;

/// <summary>
/// getrlimit(2): how many descriptors this process may have. The runtime raises the soft limit to the hard limit when it starts.
/// </summary>
internal static partial class DescriptorLimit
{
    private const int Descriptors = 7;

    /// <summary>The minimum that POSIX guarantees, for systems without the call.</summary>
    private const long Least = 256;

    /// <summary>The current limit.</summary>
    public static long Current =>
        OperatingSystem.IsLinux() && Get(Descriptors, out var limit) == 0 ? (long)Math.Min(limit.Soft, long.MaxValue) : Least;

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int Get(int resource, out Limit limit);

    private struct Limit
    {
        public nuint Soft;
        public nuint Hard;
    }
}
