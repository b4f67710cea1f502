using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Tests.Cluster.Convergence;

/// <summary>Everything that nodes ever announced. What other nodes know about them is checked against it.</summary>
internal sealed class Announcements
{
    private readonly Dictionary<(NodeName Node, long Incarnation), int> _starts = [];
    private readonly Dictionary<(NodeName Node, long Incarnation, long Sequence), ulong> _digests = [];
    private readonly Dictionary<(SimulatedProcess Process, NodeName Of), UpdatePosition?> _applied = [];

    /// <returns>Whether the node was started before.</returns>
    public bool Started(SimulatedProcess process)
    {
        var wasStartedBefore = _starts.Keys.Any(start => start.Node == process.Name);
        _starts.Add((process.Name, process.Own.Incarnation), _starts.Count);
        return wasStartedBefore;
    }

    public void Changed(SimulatedProcess process)
    {
        var state = process.Own.State;
        _digests[(process.Name, state.Incarnation, state.Sequence)] = state.Digest;
    }

    /// <summary>
    /// A node shows nothing of a node that is down, and names each node whose entries nobody has confirmed yet. What it knows of another
    /// node is exactly what that node held at the change whose state it claims to know, and it never goes back to an older state.
    /// </summary>
    public void Check(SimulatedProcess process)
    {
        var tree = process.Tree.Current;
        foreach (var holder in tree.Holdings.Keys.Where(holder => holder != process.Name))
        {
            Assert.IsTrue(
                process.Peers.Find(holder)?.Facts is { } facts && facts.IsPresent,
                $"{process.Name} shows entries of {holder}, which is down");
            Assert.IsTrue(
                process.Peers.Find(holder)!.Facts.Replication.IsInTree
                    || process.Peers.Missing(TimeSpan.Zero).Any(missing => missing.Name == holder),
                $"{process.Name} shows entries of {holder} that are unconfirmed, without reporting it");
        }

        foreach (var peer in process.Peers.All)
        {
            var applied = peer.Facts.Replication.Applied;
            var before = _applied.GetValueOrDefault((process, peer.Name));
            _applied[(process, peer.Name)] = applied;
            if (applied is not { } now) continue;
            Assert.AreEqual(
                _digests[(peer.Name, now.Incarnation, now.Sequence)],
                tree.HoldingOf(peer.Name).Digest,
                $"{process.Name} knows something else of {peer.Name} than that held at change {now.Sequence}");
            if (before is { } last) Assert.IsFalse(IsBefore(peer.Name, now, last), $"{process.Name} went back to an older state of {peer.Name}");
        }
    }

    /// <remarks>If a clock was set back between two starts, a late update cannot be assigned to one of them.</remarks>
    private bool IsBefore(NodeName node, UpdatePosition now, UpdatePosition last) =>
        now.Incarnation == last.Incarnation ? now.Sequence < last.Sequence : now.Incarnation < last.Incarnation && _starts[(node, now.Incarnation)] < _starts[(node, last.Incarnation)];
}
