using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Dftp.Node;

/// <summary>
/// The first SIGTERM or SIGINT (Ctrl-C) asks for a stop. A second Ctrl-C ends the process at once, as if nobody listened; a second SIGTERM
/// changes nothing, for supervisors and scripts send more than one to a process that is stopping in order already.
/// </summary>
/// <remarks>It listens as long as the process lives: a SIGTERM that nobody heard any more would end it with 143 where it has ended well.</remarks>
[SuppressMessage("Reliability", "CA1001", Justification = "It lives as long as the process.")]
internal sealed class StopSignals
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource<PosixSignal> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Held: the collector gives a registration back.
    private readonly PosixSignalRegistration[] _registrations;

    private StopSignals() =>
        _registrations = [.. new[] { PosixSignal.SIGTERM, PosixSignal.SIGINT }.Select(signal => PosixSignalRegistration.Create(signal, OnSignal))];

    /// <summary>The process's own, from the first use on.</summary>
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
