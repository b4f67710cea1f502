namespace Dftp.Sockets;

/// <summary>
/// Bounds the number of a loop's threads that are blocked, by a dead disk for example, so that threads remain for requests that need no
/// disk.
/// </summary>
public static class BlockingWork
{
    /// <summary>
    /// Call it before work that may block the thread: opening a file, reading it. Normally it completes at once. On an event loop of which
    /// many threads are blocked it waits, in order of arrival, until one of them is free; what follows then runs on that thread.
    /// </summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> fired during the wait.</exception>
    public static ValueTask WaitForTurnAsync(CancellationToken cancellationToken) =>
        EventLoop.Current is { } loop ? loop.WaitForTurnAsync(cancellationToken) : default;
}
