namespace Dftp.Sockets;

/// <summary>
/// Exceptions that escape from work without a caller: callbacks of an event loop, and work items of the thread pool. Each is a
/// defect of this program. It ends one connection; unhandled it would end the process.
/// </summary>
public static class BackgroundFailures
{
    private static long s_count;

    /// <summary>Raised once for each exception, on the thread that caught it. Handlers must not throw.</summary>
    public static event Action<Exception>? Occurred;

    /// <summary>The number of exceptions since the process started.</summary>
    public static long Count => Volatile.Read(ref s_count);

    public static void Report(Exception failure)
    {
        Interlocked.Increment(ref s_count);
        Occurred?.Invoke(failure);
    }
}
