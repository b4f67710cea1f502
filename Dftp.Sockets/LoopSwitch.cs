using System.Runtime.CompilerServices;

namespace Dftp.Sockets;

/// <summary>The awaitable of <see cref="LoopSocket.SwitchToLoop"/>.</summary>
public readonly struct LoopSwitch(LoopSocket socket) : ICriticalNotifyCompletion
{
    public bool IsCompleted => !LoopSocket.IsAvailable || socket.IsOnCurrentLoop;

    public LoopSwitch GetAwaiter() => this;

    public void OnCompleted(Action continuation) => socket.ContinueOnLoop(continuation);

    public void UnsafeOnCompleted(Action continuation) => socket.ContinueOnLoop(continuation);

    public void GetResult()
    {
        // There is no result, and nothing that could fail.
    }
}
