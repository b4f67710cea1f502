using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Dftp.Sockets;

/// <summary>
/// Tells its sockets when they can be read or written, and runs what waits for that in the thread that learnt it: a request is read,
/// answered and sent without a change of threads. There is a loop for each processor, and a thread for each loop. A thread that is held
/// up, by a disk or a long answer, is replaced until it is back, with all that it has been told and not come to: nothing that runs here
/// can stop the others.
/// </summary>
[SuppressMessage("Reliability", "CA1001", Justification = "It lives as long as the process.")]
internal sealed class EventLoop
{
    /// <summary>More are not started: each holds up what it does, and its memory.</summary>
    private const int MaxThreads = 1000;

    /// <summary>How long one may be busy with one socket before another takes its place: twice this at most.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(5);

    private static readonly Lazy<EventLoop[]> Loops = new(() => [.. Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new EventLoop())]);

    [ThreadStatic]
    private static Worker? t_worker;

    private static int s_dealt;

    private readonly Epoll _epoll = new();
    private readonly SocketTable _sockets = new();
    private readonly Lock _lock = new();

    /// <summary>Guarded by <see cref="_lock"/>: one that takes events, and those that it or its predecessors have replaced.</summary>
    private readonly List<Worker> _workers = [];

    private readonly AutoResetEvent _wake = new(false);
    private int _isWatcherAsleep;

    private EventLoop()
    {
        lock (_lock) StartWorker(new ReadySockets());
        Start("dftp loop watch", WatchWorkers);
    }

    public static bool IsAvailable => Epoll.IsAvailable;

    /// <summary>The loop whose thread this is; null on any other.</summary>
    public static EventLoop? Current => t_worker?.Loop;

    /// <summary>The loop for another socket: what a loop's thread opens stays with it, and the rest is dealt out evenly.</summary>
    public static EventLoop ForAnother() => Current ?? Loops.Value[(uint)Interlocked.Increment(ref s_dealt) % (uint)Loops.Value.Length];

    /// <summary>From now on the socket is told of every change, until it is removed.</summary>
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

    /// <summary>Tells a socket once more when all others that are ready have had their turn.</summary>
    /// <returns>False where that would not be soon: this thread is not the loop's, or not any more.</returns>
    public bool TryPutOff(LoopSocket socket, SocketChange change) =>
        t_worker is { } worker && worker.Loop == this && worker.Ready.TryPutOff(new ReadySocket(socket.Key, change));

    private static void Start(string name, Action work)
    {
        var thread = new Thread(() => work()) { IsBackground = true, Name = name };
        thread.UnsafeStart();
    }

    /// <param name="ready">What its predecessor has not come to.</param>
    private void StartWorker(ReadySockets ready)
    {
        var worker = new Worker(this, ready);
        _workers.Add(worker);
        Start("dftp loop", () => Work(worker));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Work(Worker worker)
    {
        t_worker = worker;
        TellAll(worker);
        while (!worker.IsReplaced)
        {
            worker.Ready.Fill(_epoll);
            TellAll(worker);
        }

        lock (_lock) _workers.Remove(worker);
    }

    private void TellAll(Worker worker)
    {
        while (worker.Ready.TryTake(out var socket))
        {
            worker.IsBusy = true;
            Interlocked.MemoryBarrier();
            if (Volatile.Read(ref _isWatcherAsleep) != 0) WakeWatcher();
            _sockets.Find(socket.Key)?.Tell(socket.Change);
            worker.Rounds++;
            worker.IsBusy = false;
        }
    }

    private void WakeWatcher()
    {
        if (Interlocked.Exchange(ref _isWatcherAsleep, 0) != 0) _wake.Set();
    }

    /// <summary>Sleeps as long as there is nothing to do: an idle node is to cost nothing.</summary>
    private void WatchWorkers()
    {
        while (true)
        {
            if (ReplaceWhoIsHeldUp())
            {
                Thread.Sleep(Patience);
                continue;
            }

            Volatile.Write(ref _isWatcherAsleep, 1);
            Interlocked.MemoryBarrier();
            if (ReplaceWhoIsHeldUp()) Volatile.Write(ref _isWatcherAsleep, 0);
            else _wake.WaitOne();
        }
    }

    /// <returns>Whether any moved since the last look, or is busy and not replaced.</returns>
    private bool ReplaceWhoIsHeldUp()
    {
        lock (_lock)
        {
            var isActive = false;
            var count = _workers.Count;
            for (var i = 0; i < count; i++)
            {
                var worker = _workers[i];
                var rounds = worker.Rounds;
                var hasMoved = rounds != worker.SeenRounds;
                worker.SeenRounds = rounds;
                if (worker.IsReplaced && !worker.Ready.Any) continue;
                if (hasMoved || !worker.IsBusy)
                {
                    isActive |= hasMoved;
                    worker.WasBusy = worker.IsBusy;
                    isActive |= worker.WasBusy;
                    continue;
                }

                // Busy with the same socket at two looks.
                isActive = true;
                if (!worker.WasBusy) worker.WasBusy = true;
                else if (_workers.Count < MaxThreads)
                {
                    worker.IsReplaced = true;
                    StartWorker(worker.Ready.HandOver());
                }
            }

            return isActive;
        }
    }

    private sealed class Worker(EventLoop loop, ReadySockets ready)
    {
        public EventLoop Loop => loop;

        /// <summary>What it has been told and not come to.</summary>
        public ReadySockets Ready => ready;

        public volatile int Rounds;
        public volatile bool IsBusy;

        /// <summary>Another has taken its place while it was held up.</summary>
        public volatile bool IsReplaced;

        /// <summary>The watcher's.</summary>
        public int SeenRounds;

        /// <summary>The watcher's.</summary>
        public bool WasBusy;
    }
}
