using System.Runtime.InteropServices;

namespace Dftp.Node;

/// <summary>
/// The first SIGTERM or SIGINT (Ctrl-C) asks for a stop. A second Ctrl-C ends the process at once, as if nobody listened; a second SIGTERM
/// changes nothing, for supervisors and scripts send more than one to a process that is stopping in order already.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    // Never disposed of: it holds no timer, and a signal may come while the process tidies up.
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource<PosixSignal> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PosixSignalRegistration[] _registrations;

    public StopSignals() =>
        _registrations = [.. new[] { PosixSignal.SIGTERM, PosixSignal.SIGINT }.Select(signal => PosixSignalRegistration.Create(signal, OnSignal))];

    /// <summary>Fires with the first signal.</summary>
    public CancellationToken Stop => _stop.Token;

    /// <summary>Completes with the first signal.</summary>
    public Task<PosixSignal> First => _first.Task;

    public void Dispose()
    {
        foreach (var registration in _registrations) registration.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        var isFirst = _first.TrySetResult(context.Signal);
        context.Cancel = isFirst || context.Signal == PosixSignal.SIGTERM;
        if (isFirst) _stop.Cancel();
    }
}
