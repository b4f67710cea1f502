using Dftp.FileSystem;

namespace Dftp.Cluster.Events;

/// <summary>
/// The last events, shared by all followers. A follower stores only its position, so a slow follower costs no more than a fast one.
/// </summary>
/// <param name="incarnation">The start of the process.</param>
/// <param name="capacity">The number of retained events.</param>
/// <param name="time">For <see cref="UnfollowedFor"/>.</param>
internal sealed class TreeEventLog(long incarnation, int capacity, TimeProvider time)
{
    private readonly Lock _lock = new();

    // All guarded by the lock. An event is stored at its number modulo the length.
    private readonly TreeEvent[] _events = new TreeEvent[capacity];
    private long _last;
    private int _count;
    private int _followers;
    private long _leftAt = time.GetTimestamp();
    private TaskCompletionSource _news = NewNews();

    private long Incarnation => incarnation;

    /// <summary>How long there has been no follower; null while there is one.</summary>
    public TimeSpan? UnfollowedFor
    {
        get
        {
            lock (_lock) return _followers > 0 ? null : time.GetElapsedTime(_leftAt);
        }
    }

    /// <param name="events">Their numbers are assigned here.</param>
    public void Append(IReadOnlyList<TreeEvent> events)
    {
        if (events.Count == 0) return;
        TaskCompletionSource news;
        lock (_lock)
        {
            foreach (var told in events)
            {
                _last++;
                _events[_last % capacity] = told with { Sequence = _last };
                _count = Math.Min(_count + 1, capacity);
            }

            (news, _news) = (_news, NewNews());
        }

        news.SetResult();
    }

    /// <summary>Records that changes were missed: no follower can resume at an earlier position.</summary>
    public void Skip()
    {
        lock (_lock)
        {
            _last++;
            _count = 0;
            Array.Clear(_events);
        }
    }

    public TreeEventReader Follow(TreeEventId? after)
    {
        lock (_lock)
        {
            _followers++;
            return new Reader(this, after is not { } place ? _last : place.Incarnation == incarnation && place.Sequence <= _last ? place.Sequence : -1);
        }
    }

    private static TaskCompletionSource NewNews() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private TreeEvent[] Read(ref long position, int most, out bool isCut)
    {
        lock (_lock)
        {
            isCut = position < _last - _count;
            if (isCut)
            {
                position = _last;
                return [];
            }

            var read = new TreeEvent[Math.Min(most, _last - position)];
            for (var index = 0; index < read.Length; index++) read[index] = _events[++position % capacity];
            return read;
        }
    }

    private Task NewsAfter(long position)
    {
        lock (_lock) return position < _last ? Task.CompletedTask : _news.Task;
    }

    private void Leave()
    {
        lock (_lock)
        {
            _followers--;
            _leftAt = time.GetTimestamp();
        }
    }

    private sealed class Reader(TreeEventLog log, long position) : TreeEventReader
    {
        private long _position = position;
        private bool _hasLeft;

        public override TreeEventId Position => new(log.Incarnation, Math.Max(0, _position));

        public override IReadOnlyList<TreeEvent> Read(int most, out bool isCut) => log.Read(ref _position, most, out isCut);

        public override Task WaitAsync(CancellationToken cancellationToken) => log.NewsAfter(_position).WaitAsync(cancellationToken);

        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            if (_hasLeft) return;
            _hasLeft = true;
            log.Leave();
        }
    }
}
