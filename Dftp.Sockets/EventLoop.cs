using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Dftp.Sockets;

/// <summary>
/// Dispatches readiness events to sockets. Continuations run inline on the thread that received the event: a request is read, answered and
/// sent without a change of threads. There is one loop per processor and one thread per loop. When a disk or a long answer stalls that
/// thread, a new one replaces it and takes over the events that it received and has not dispatched, so that no socket waits for another.
/// </summary>
[SuppressMessage("Reliability", "CA1001", Justification = "It lives as long as the process.")]
internal sealed class EventLoop
{
    /// <summary>Threads of a loop that may wait for disks at once; further requests that need one wait for one of these threads.</summary>
    internal const int MaxBlocked = 256;

    /// <summary>The maximum of threads per loop: each costs memory.</summary>
    private const int MaxThreads = 1000;

    /// <summary>A thread that is busy with the same event at two successive checks is stalled.</summary>
    private static readonly TimeSpan StallCheckInterval = TimeSpan.FromMilliseconds(5);

    private static readonly Lazy<EventLoop[]> Loops =
        new(() => [.. Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new EventLoop())]);

    [ThreadStatic]
    private static Worker? t_worker;

    private static int s_dealt;

    private readonly Epoll _epoll = new();
    private readonly SocketTable _sockets = new();
    private readonly Lock _lock = new();

    /// <summary>Guarded by <see cref="_lock"/>: one that takes events, and those that were replaced and are still blocked.</summary>
    private readonly List<Worker> _workers = [];

    /// <summary>Guarded by <see cref="_lock"/>: work that waits for a thread of those that are blocked.</summary>
    private readonly Queue<TaskCompletionSource> _waiting = new();

    private readonly AutoResetEvent _wake = new(false);
    private int _isWatcherAsleep;

    /// <summary>Replaced workers that are still alive. Written under <see cref="_lock"/>.</summary>
    private volatile int _blocked;

    private EventLoop()
    {
        lock (_lock) StartWorker(stalled: null);
        Start("dftp loop watch", WatchWorkers);
    }

    public static bool IsAvailable => Epoll.IsAvailable;

    /// <summary>The loop of the current thread; null on any other thread.</summary>
    public static EventLoop? Current => t_worker?.Loop;

    /// <summary>The loop for a new socket: the current thread's loop, otherwise the loops in turn.</summary>
    public static EventLoop ForAnother() => Current ?? Loops.Value[(uint)Interlocked.Increment(ref s_dealt) % (uint)Loops.Value.Length];

    /// <summary>Dispatches every change of the socket to it until it is removed.</summary>
    public void Add(LoopSocket socket)
    {
        _sockets.Add(socket);
        try
        {
            _epoll.Watch(socket.Handle, socket.Key);
        }
        catch
        {
            _sockets.Remove(socket.Key);
            throw;
        }
    }

    public void Remove(LoopSocket socket) => _sockets.Remove(socket.Key);

    /// <summary>Dispatches the present state of a socket soon. May be called on any thread.</summary>
    /// <returns>False when the socket is closed.</returns>
    public bool TryDispatchSoon(LoopSocket socket)
    {
        try
        {
            _epoll.ReportAgain(socket.Handle, socket.Key);
            return true;
        }
        catch (Exception e) when (e is Win32Exception or ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>Dispatches to the socket again after all others that are ready.</summary>
    /// <returns>False when the current thread is not the loop's, or no longer: the dispatch would not come soon.</returns>
    public bool TryRequeue(LoopSocket socket, SocketChange change) =>
        t_worker is { } worker && worker.Loop == this && worker.Ready.TryRequeue(new ReadySocket(socket.Key, change));

    /// <inheritdoc cref="BlockingWork.WaitForTurnAsync"/>
    public ValueTask WaitForTurnAsync(CancellationToken cancellationToken) =>
        _blocked < MaxBlocked ? default : EnqueueAsync(cancellationToken);

    private static void Start(string name, Action work)
    {
        var thread = new Thread(() => work()) { IsBackground = true, Name = name };
        thread.UnsafeStart();
    }

    private async ValueTask EnqueueAsync(CancellationToken cancellationToken)
    {
        // Continuations run inline: on the thread that has become free.
        var turn = new TaskCompletionSource();
        lock (_lock)
        {
            if (_blocked < MaxBlocked) return;
            _waiting.Enqueue(turn);
        }

        using (cancellationToken.UnsafeRegister(static (turn, token) => ((TaskCompletionSource)turn!).TrySetCanceled(token), turn))
        {
            await turn.Task;
        }
    }

    /// <summary>Starts a worker; without a free system thread, nothing changes.</summary>
    /// <param name="stalled">The worker that it replaces.</param>
    private void StartWorker(Worker? stalled)
    {
        var worker = new Worker(this);
        try
        {
            Start("dftp loop", () => Work(worker));
        }
        catch (Exception e) when (stalled is not null && e is OutOfMemoryException or ThreadStartException)
        {
            return;
        }

        _workers.Add(worker);
        if (stalled is null) return;
        stalled.IsReplaced = true;
        stalled.Ready.HandOver(worker.Ready);
        _blocked++;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Work(Worker worker)
    {
        t_worker = worker;
        lock (_lock)
        {
            // By now the events of its predecessor have been handed over.
        }

        Dispatch(worker);
        while (!worker.IsReplaced)
        {
            worker.Ready.Fill(_epoll);
            Dispatch(worker);
        }

        while (TryTakeWaiting(worker, out var turn)) turn.TrySetResult();
    }

    private void Dispatch(Worker worker)
    {
        while (worker.Ready.TryTake(out var socket))
        {
            worker.IsBusy = true;
            Interlocked.MemoryBarrier();
            if (Volatile.Read(ref _isWatcherAsleep) != 0) WakeWatcher();
            if (_sockets.Find(socket.Key) is { } target) Dispatch(target, socket.Change);
            worker.Rounds++;
            worker.IsBusy = false;
        }
    }

    private static void Dispatch(LoopSocket socket, SocketChange change)
    {
        try
        {
            socket.OnReady(change);
        }
        catch (Exception defect)
        {
            BackgroundFailures.Report(defect);
            socket.Dispose();
        }
    }

    /// <returns>False: nothing waits, and the worker is no longer one of the loop's.</returns>
    private bool TryTakeWaiting(Worker worker, [NotNullWhen(true)] out TaskCompletionSource? turn)
    {
        lock (_lock)
        {
            if (_waiting.TryDequeue(out turn)) return true;
            _workers.Remove(worker);
            _blocked--;
            return false;
        }
    }

    private void WakeWatcher()
    {
        if (Interlocked.Exchange(ref _isWatcherAsleep, 0) != 0) _wake.Set();
    }

    /// <summary>Sleeps while the loop has nothing to do: an idle node costs no processor time.</summary>
    private void WatchWorkers()
    {
        while (true)
        {
            if (ReplaceStalledWorkers())
            {
#pragma warning disable RS0030 // This thread is the loop's own, and looks at real time: it has nothing else to do.
                Thread.Sleep(StallCheckInterval);
#pragma warning restore RS0030
                continue;
            }

            Volatile.Write(ref _isWatcherAsleep, 1);
            Interlocked.MemoryBarrier();
            if (ReplaceStalledWorkers()) Volatile.Write(ref _isWatcherAsleep, 0);
            else _wake.WaitOne();
        }
    }

    /// <returns>Whether any worker progressed since the last check, or is busy and not replaced.</returns>
    private bool ReplaceStalledWorkers()
    {
        lock (_lock)
        {
            var isActive = false;
            var count = _workers.Count;
            for (var i = 0; i < count; i++)
            {
                var worker = _workers[i];
                var rounds = worker.Rounds;
                var hasProgressed = rounds != worker.SeenRounds;
                worker.SeenRounds = rounds;
                if (worker.IsReplaced && !worker.Ready.Any) continue;
                if (hasProgressed || !worker.IsBusy)
                {
                    isActive |= hasProgressed;
                    worker.WasBusy = worker.IsBusy;
                    isActive |= worker.WasBusy;
                    continue;
                }

                // Busy with the same socket at two checks.
                isActive = true;
                if (!worker.WasBusy) worker.WasBusy = true;
                else if (_workers.Count < MaxThreads) StartWorker(worker);
            }

            return isActive;
        }
    }

    private sealed class Worker(EventLoop loop)
    {
        public EventLoop Loop => loop;

        /// <summary>Events that it has received and not dispatched.</summary>
        public ReadySockets Ready { get; } = new();

        public volatile int Rounds;
        public volatile bool IsBusy;

        /// <summary>Another worker has taken its place while it was stalled.</summary>
        public volatile bool IsReplaced;

        /// <summary>Used by the watcher only.</summary>
        public int SeenRounds;

        /// <summary>Used by the watcher only.</summary>
        public bool WasBusy;
    }
}
