using System.Text;
using Dftp.FileSystem;

namespace Dftp.Cluster.Index;

/// <summary>
/// Makes the stamps of this node's changes. Each is greater than all before it, also if the wall clock is set back or the process
/// restarts, and greater than the stamps that this node has received: a change that is made with knowledge of another is the later one.
/// Thread-safe.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>A received stamp more than <see cref="MaxPeerLead"/> ahead of the wall clock is not taken into account, so that a peer with a
/// wrong clock does not move this node's stamps.</item>
/// <item>A stamp more than <see cref="MaxLead"/> ahead of the wall clock comes from a clock that ran ahead. Such stamps do not bind this
/// clock: it continues at the present time, and the next scan replaces them (<see cref="LatestPlausible"/>). A wall clock before 2020 is
/// not set yet and decides nothing.</item>
/// <item>The low bits are a hash of the node and the time, so that two nodes that continue from the same stamp make different ones.</item>
/// </list>
/// </remarks>
internal sealed class StampClock
{
    /// <summary>
    /// What nodes reserve (<see cref="Reserve"/>) plus the difference of the clocks of nodes that still accept each other's signatures.
    /// </summary>
    public static readonly TimeSpan MaxPeerLead = TimeSpan.FromMinutes(2);

    /// <summary>The tolerated error of this machine's own clock.</summary>
    public static readonly TimeSpan MaxLead = TimeSpan.FromDays(1);

    /// <summary>Stamps are reserved this far ahead of the wall clock: the time between two writes of the mark.</summary>
    public static readonly TimeSpan Reserve = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Reserved if the stamps are ahead of the wall clock already, so that a process that crashes again and again does not move them ahead
    /// by <see cref="Reserve"/> each time.
    /// </summary>
    private static readonly TimeSpan ReserveAhead = TimeSpan.FromSeconds(1);

    private static readonly DateTimeOffset EarliestNow = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly Action<Stamp>? _reserve;
    private readonly ulong _seed;

    // Guarded by _lock.
    private Stamp _last;
    private Stamp _reserved;

    /// <param name="node">This node.</param>
    /// <param name="time">The wall clock.</param>
    /// <param name="mark">The greatest stamp that an earlier start may have made; default if unknown.</param>
    /// <param name="reserve">Saves such a mark before a greater stamp is made; null: a restart is not covered.</param>
    public StampClock(NodeName node, TimeProvider time, Stamp mark = default, Action<Stamp>? reserve = null)
    {
        _time = time;
        _reserve = reserve;
        _seed = NameBytes.Hash(0, Encoding.UTF8.GetBytes(node.Value));
        _reserved = mark;
        Advance(mark);
    }

    /// <summary>A later stamp of this node comes from a clock that ran ahead.</summary>
    public Stamp LatestPlausible => Limit(MaxLead);

    /// <summary>A later stamp of a peer does not move this clock.</summary>
    public Stamp LatestOfPeers => Limit(MaxPeerLead);

    /// <summary>The present time by this clock: of the wall clock, or of the last stamp if that is later.</summary>
    public Stamp Now
    {
        get
        {
            var wall = Stamp.From(_time.GetUtcNow());
            lock (_lock) return _last > wall && _last <= LatestPlausible ? _last : wall;
        }
    }

    /// <summary>Makes the stamp of a change.</summary>
    public Stamp Next()
    {
        lock (_lock)
        {
            var now = _time.GetUtcNow();
            var wall = Units(Stamp.From(now)) + 1;
            var isBound = _last <= LatestPlausible;
            var units = isBound ? Math.Max(wall, Units(_last) + 1) : wall;
            var salt = (long)(NameBytes.Hash(_seed, units) & ((1 << Stamp.LowBits) - 1));
            _last = new Stamp(units << Stamp.LowBits | salt);
            if (_last > _reserved || !isBound) ReserveFrom(now);
            return _last;
        }
    }

    /// <summary>Makes later stamps greater than this one of a peer, if it is not after <see cref="LatestOfPeers"/>.</summary>
    public void Received(Stamp stamp)
    {
        if (stamp <= LatestOfPeers) Advance(stamp);
    }

    /// <summary>
    /// Makes later stamps greater than this one of an earlier start of this node, if it is not after <see cref="LatestPlausible"/>.
    /// </summary>
    public void Restored(Stamp stamp)
    {
        if (stamp <= LatestPlausible) Advance(stamp);
    }

    /// <summary>Gives back what is reserved at an orderly end, so that the next start does not continue ahead of the wall clock.</summary>
    public void Release()
    {
        lock (_lock)
        {
            if (_reserved <= _last) return;
            _reserved = _last;
            _reserve?.Invoke(_last);
        }
    }

    /// <summary>The part that tells the time.</summary>
    private static long Units(Stamp stamp) => stamp.Value >> Stamp.LowBits;

    private void Advance(Stamp stamp)
    {
        lock (_lock)
        {
            if (stamp > _last || _last > LatestPlausible) _last = stamp;
        }
    }

    private void ReserveFrom(DateTimeOffset now)
    {
        var (byWall, byLast) = (Stamp.From(now + Reserve), new Stamp(_last.Value + ReserveAhead.Ticks * TimeSpan.NanosecondsPerTick));
        _reserved = byWall > byLast ? byWall : byLast;
        _reserve?.Invoke(_reserved);
    }

    private Stamp Limit(TimeSpan lead)
    {
        var now = _time.GetUtcNow();
        return now < EarliestNow ? Stamp.Max : Stamp.From(now + lead);
    }
}
