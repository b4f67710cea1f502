using System.Runtime.InteropServices;

namespace Dftp.Tests.Cluster.LocalFiles;

/// <summary>Until it is disposed of, this process cannot open any file. Load everything that the test needs before.</summary>
internal sealed partial class DescriptorShortage : IDisposable
{
    private const int Descriptors = 7;

    private readonly Limit _before;

    public DescriptorShortage()
    {
        Check(getrlimit(Descriptors, out _before));
        Check(setrlimit(Descriptors, _before with { Soft = 0 }));
    }

    public void Dispose() => Check(setrlimit(Descriptors, _before));

    private static void Check(int result)
    {
        if (result != 0) throw new IOException(Marshal.GetLastPInvokeErrorMessage());
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getrlimit(int resource, out Limit limit);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setrlimit(int resource, in Limit limit);

    private record struct Limit(nuint Soft, nuint Hard);
}
