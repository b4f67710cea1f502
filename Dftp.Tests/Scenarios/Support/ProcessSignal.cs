using System.Runtime.InteropServices;

namespace Dftp.Tests.Scenarios.Support;

/// <summary>Signals by their numbers on Linux.</summary>
internal enum ProcessSignal
{
    Interrupt = 2,
    Kill = 9,
    Terminate = 15,
    Continue = 18,
    Stop = 19,
}

internal static partial class ProcessSignals
{
    /// <summary>Sends a signal; a process that has exited already is not an error.</summary>
    public static void Send(int processId, ProcessSignal signal)
    {
        const int NoSuchProcess = 3;
        if (Kill(processId, (int)signal) != 0 && Marshal.GetLastPInvokeError() is not NoSuchProcess and var error)
        {
            throw new InvalidOperationException($"kill -{(int)signal} {processId}: {Marshal.GetPInvokeErrorMessage(error)}");
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int processId, int signal);
}
