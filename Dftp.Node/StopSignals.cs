using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Dftp.Node;

/// <summary>
/// The first SIGTERM or SIGINT (Ctrl-C) requests a stop. A second Ctrl-C ends the process at once. A second SIGTERM is ignored,
/// because supervisors and scripts may send several to a process that is already stopping.
/// </summary>
/// <remarks>It handles signals until the process exits: an unhandled late SIGTERM would change the exit code 0 to 143.</remarks>
[SuppressMessage("Reliability", "CA1001", Justification = "It lives as long as the process.")]
internal sealed class StopSignals
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource<PosixSignal> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Referenced here, because a collected registration is removed.
    private readonly PosixSignalRegistration[] _registrations;

    private StopSignals()
    {
        PosixSignal[] signals = [PosixSignal.SIGTERM, PosixSignal.SIGINT];
        _registrations = [.. signals.Select(signal => PosixSignalRegistration.Create(signal, OnSignal))];
    }

    /// <summary>The process-wide instance, created on first use.</summary>
    public static StopSignals OfThisProcess { get; } = new();

    /// <summary>Fires with the first signal.</summary>
    public CancellationToken Stop => _stop.Token;

    /// <summary>Completes with the first signal.</summary>
    public Task<PosixSignal> First => _first.Task;

    private void OnSignal(PosixSignalContext context)
    {
        var isFirst = _first.TrySetResult(context.Signal);
        context.Cancel = isFirst || context.Signal == PosixSignal.SIGTERM;
        if (isFirst) _stop.Cancel();
    }
}
