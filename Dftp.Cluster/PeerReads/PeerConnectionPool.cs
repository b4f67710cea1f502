using System.Net.Sockets;
using Dftp.Cluster.Peers;
using Dftp.Sockets;

namespace Dftp.Cluster.PeerReads;

/// <summary>The connections to one peer on which nothing is under way, and the lanes on which much is.</summary>
internal sealed class PeerConnectionPool : IDisposable
{
    /// <summary>Sixteen KiB each. What comes back above it is closed.</summary>
    public const int Capacity = 64;

    /// <summary>Far below the 130 s after which a peer closes.</summary>
    public static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(20);

    /// <summary>With fewer at once each has a connection of its own, and waits for nobody.</summary>
    private const int MinForLane = 4;

    private static readonly int MaxLanes = 2 * Environment.ProcessorCount;

    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();

    /// <summary>Guarded by <see cref="_lock"/>. The one that was used last is at the end.</summary>
    private readonly List<PeerConnection> _idle = [];

    /// <summary>Replaced as a whole under <see cref="_lock"/>.</summary>
    private PeerLane[] _lanes = [];

    private bool _isDisposed;
    private HostPort? _unusual;
    private int _underWay;
    private int _isOpeningLane;
    private long _noLaneBefore = long.MinValue;

    /// <summary>Whether what answers at an address does so in ways that are left to the framework's client.</summary>
    public bool IsUnusual(HostPort address) => Volatile.Read(ref _unusual) == address;

    public void MarkUnusual(HostPort address) => Volatile.Write(ref _unusual, address);

    /// <summary>Counts a request until the result is disposed of: a lane is for many.</summary>
    public Counted CountRequest()
    {
        Interlocked.Increment(ref _underWay);
        return new Counted(this);
    }

    /// <summary>The lane of the caller's loop, where there is enough to do for one. The first that ask have it opened and do without.</summary>
    public PeerLane? LaneFor(Peer peer, HostPort address, TimeSpan connectTimeout, TimeProvider time)
    {
        if (Volatile.Read(ref _underWay) < MinForLane || !LoopSocket.IsLoopThread) return null;
        var lanes = Volatile.Read(ref _lanes);
        foreach (var lane in lanes)
        {
            if (lane.IsOver) TakeOut(lane, time);
            else if (lane.IsOnCurrentLoop && lane.Address == address) return lane;
        }

        // One that is opened by way of a name may come to lie in another loop.
        if (lanes.Length < MaxLanes && time.GetTimestamp() >= Volatile.Read(ref _noLaneBefore) && Interlocked.Exchange(ref _isOpeningLane, 1) == 0)
            _ = OpenLaneAsync(PeerConnection.ConnectAsync(peer, address, connectTimeout, time, CancellationToken.None));
        return null;
    }

    /// <summary>Takes one that goes on in the caller's thread where there is one, and of those the one that was used last.</summary>
    public PeerConnection? Take(HostPort address)
    {
        lock (_lock)
        {
            while (_idle.Count > 0)
            {
                var near = _idle.FindLastIndex(static connection => connection.IsOnCurrentLoop);
                var at = near >= 0 ? near : _idle.Count - 1;
                var connection = _idle[at];
                _idle.RemoveAt(at);
                if (connection.Address == address && connection.TryKeepOpen() && !connection.HasUnrequested) return connection;
                connection.Dispose();
            }
        }

        return null;
    }

    public void Return(PeerConnection connection)
    {
        connection.CloseAfter(IdleTimeout);
        lock (_lock)
        {
            if (!_isDisposed && !connection.IsClosed && HasRoom())
            {
                _idle.Add(connection);
                return;
            }
        }

        connection.Dispose();
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _idle.ForEach(static connection => connection.Dispose());
            _idle.Clear();
        }

        foreach (var lane in Volatile.Read(ref _lanes)) lane.Dispose();
    }

    private void TakeOut(PeerLane lane, TimeProvider time)
    {
        // A disk that does not answer would have all others wait for it again.
        if (lane.HasFailed) Volatile.Write(ref _noLaneBefore, time.GetTimestamp() + (long)(PauseAfterFailure.TotalSeconds * time.TimestampFrequency));
        lock (_lock) Volatile.Write(ref _lanes, [.. _lanes.Where(other => other != lane)]);
    }

    private async Task OpenLaneAsync(Task<PeerConnection> connecting)
    {
        try
        {
            var lane = new PeerLane(await connecting);
            bool isDisposed;
            lock (_lock)
            {
                isDisposed = _isDisposed;
                Volatile.Write(ref _lanes, [.. _lanes, lane]);
            }

            if (isDisposed) lane.Dispose();
        }
        catch (Exception error) when (error is SocketException or IOException or OperationCanceledException)
        {
            // Those who wait connect themselves, and tell.
        }
        finally
        {
            Volatile.Write(ref _isOpeningLane, 0);
        }
    }

    /// <summary>Those that were closed meanwhile take no place.</summary>
    private bool HasRoom()
    {
        if (_idle.Count >= Capacity) _idle.RemoveAll(static connection => connection.IsClosed);
        return _idle.Count < Capacity;
    }

    /// <summary>A request that is under way.</summary>
    public readonly struct Counted(PeerConnectionPool pool) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref pool._underWay);
    }
}
