using System.Runtime.InteropServices;

namespace Dftp.Node;

/// <summary>The first SIGTERM or SIGINT (Ctrl-C) asks for a stop. The second ends the process at once, as if nobody listened.</summary>
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
        if (!_first.TrySetResult(context.Signal)) return;
        context.Cancel = true;
        _stop.Cancel();
    }
}
