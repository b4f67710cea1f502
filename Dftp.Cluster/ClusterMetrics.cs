using System.Diagnostics.Metrics;
using Dftp.Cluster.Door;
using Dftp.Cluster.Index;
using Dftp.Cluster.LocalFiles.Watching;
using Dftp.Cluster.Peers;
using Dftp.FileSystem;

namespace Dftp.Cluster;

/// <summary>
/// The instruments of the meter <c>dftp.cluster</c>: tree, peers, scan. All are observable and cost nothing until they are read.
/// </summary>
internal sealed class ClusterMetrics
{
    /// <summary>One collection reads the scan's status for several instruments.</summary>
    private static readonly TimeSpan StatusLifetime = TimeSpan.FromMilliseconds(100);

    private readonly MembershipContext _membership;
    private readonly ITreeIndex _tree;
    private readonly ITreeView _merged;
    private readonly ScanLoop _scan;
    private KnownStatus? _status;

    public ClusterMetrics(Meter meter, MembershipContext membership, ITreeIndex tree, ITreeView merged, ScanLoop scan)
    {
        (_membership, _tree, _merged, _scan) = (membership, tree, merged, scan);

        meter.CreateObservableUpDownCounter("dftp.tree.files", () => tree.Current.Totals.Files, "{file}", "Files of the merged tree.");
        meter.CreateObservableUpDownCounter(
            "dftp.tree.directories", () => tree.Current.Totals.Directories, "{directory}", "Directories of the merged tree.");
        meter.CreateObservableUpDownCounter(
            "dftp.tree.size", () => tree.Current.Totals.Bytes, "By", "Sizes of the files of the merged tree.");
        meter.CreateObservableUpDownCounter(
            "dftp.tree.hidden_files", () => tree.Current.Totals.HiddenFiles, "{file}", "Files that a directory of the same name hides.");

        meter.CreateObservableUpDownCounter("dftp.node.files", () => Held(held => held.Files), "{file}", "Files that a node holds.");
        meter.CreateObservableUpDownCounter(
            "dftp.node.directories", () => Held(held => held.Directories), "{directory}", "Directories that a node holds.");
        meter.CreateObservableUpDownCounter(
            "dftp.node.size", () => Held(held => held.Bytes), "By", "Sizes of the files that a node holds.");

        meter.CreateObservableUpDownCounter("dftp.peers", CountPeers, "{node}", "Other nodes by state.");
        meter.CreateObservableUpDownCounter(
            "dftp.missing_nodes", () => merged.Missing.Count(node => node.Path is null), "{node}", "Nodes whose files the tree lacks.");
        meter.CreateObservableUpDownCounter(
            "dftp.unconfirmed_places", () => merged.Missing.Count(node => node.Path is not null), "{place}",
            "Places of all nodes that their nodes cannot read, shown with their earlier entries.");
        meter.CreateObservableCounter(
            "dftp.refusals", CountRefusals, "{message}", "Requests and announcements refused because of their signature, by cause.");
        meter.CreateObservableGauge("dftp.peer.lag", Lags, "{change}", "Changes that a peer has made and that are not known here.");
        meter.CreateObservableGauge("dftp.peer.push_lag", PushLags, "{change}", "Changes of this node that a peer has not taken yet.");
        meter.CreateObservableGauge("dftp.peer.last_answer.timestamp", LastAnswers, "s", "Unix time at which a peer was last heard of.");

        meter.CreateObservableGauge(
            "dftp.scan.ready", () => Status.State == ScanState.Following ? 1 : 0, null,
            "Whether this node's entries are those of its disk.");
        meter.CreateObservableGauge(
            "dftp.scan.duration", () => Status.LastScanDuration.TotalSeconds, "s", "Duration of the last full scan.");
        meter.CreateObservableGauge(
            "dftp.scan.finished.timestamp", () => Status.LastScan?.ToUnixTimeMilliseconds() / 1000.0 ?? 0, "s",
            "Unix time of the end of the last full scan; 0 before the first.");
        meter.CreateObservableUpDownCounter(
            "dftp.scan.skipped", () => Status.Skipped.Sum(skipped => skipped.Count), "{entry}",
            "Entries of this node's root that are left out of the tree.");
        meter.CreateObservableUpDownCounter(
            "dftp.scan.unreadable", () => Status.Unreadable.Count, "{place}", "Places of this node's root that cannot be read.");
        meter.CreateObservableUpDownCounter(
            "dftp.watch.directories", () => Status.Watches, "{directory}", "Directories that are watched for change events.");
        meter.CreateObservableUpDownCounter(
            "dftp.watch.polled_directories", () => (long)Status.Polled.Sum(polled => polled.Count), "{directory}",
            "Directories that are polled for changes.");
        meter.CreateObservableCounter("dftp.watch.events", () => Status.Events, "{event}", "Change events of the operating system.");
        meter.CreateObservableCounter(
            "dftp.watch.overflows", () => Status.Overflows, "{overflow}", "Overflows of the queue of change events.");
        meter.CreateObservableCounter("dftp.updates.made", () => Status.Updates, "{update}", "Updates made from changes.");
    }

    private ScanStatus Status
    {
        get
        {
            if (_status is { } known && _membership.Time.GetElapsedTime(known.Since) < StatusLifetime) return known.Status;
            var status = _scan.Status;
            _status = new KnownStatus(status, _membership.Time.GetTimestamp());
            return status;
        }
    }

    private IEnumerable<Measurement<long>> Held(Func<NodeTotals, long> what)
    {
        var snapshot = _tree.Current;
        foreach (var node in _merged.Nodes) yield return new Measurement<long>(what(snapshot.HoldingOf(node.Name)), Tag(node.Name));
    }

    private IEnumerable<Measurement<long>> CountPeers()
    {
        var states = _membership.Peers.All.Select(peer => StateOf(peer.Facts)).ToList();
        foreach (var state in new[] { "alive", "suspect", "joining", "unreachable", "left", "dead" })
            yield return new Measurement<long>(states.Count(each => each == state), new KeyValuePair<string, object?>("state", state));
    }

    private IEnumerable<Measurement<long>> CountRefusals() => _membership.Door.Refusals.Counts.Select(
        refused => new Measurement<long>(refused.Count, new KeyValuePair<string, object?>("cause", Refusal.NameOf(refused.Cause))));

    private string StateOf(PeerFacts facts) =>
        _membership.Peers.IsJoining(facts) ? "joining"
        : facts.State switch
        {
            PeerState.Alive => "alive",
            PeerState.Suspect => "suspect",
            PeerState.Unreachable => "unreachable",
            PeerState.Left => "left",
            _ => "dead",
        };

    private IEnumerable<Measurement<long>> Lags() =>
        from facts in Present()
        where facts.Replication.Lag is not null
        select new Measurement<long>(facts.Replication.Lag!.Value, Tag(facts.Name));

    private IEnumerable<Measurement<long>> PushLags()
    {
        var own = _membership.Own.State.Sequence;
        return Present()
            .Where(facts => facts.Replication.PushedSequence is not null)
            .Select(facts => new Measurement<long>(Math.Max(0, own - facts.Replication.PushedSequence!.Value), Tag(facts.Name)));
    }

    private IEnumerable<Measurement<long>> LastAnswers() =>
        from peer in _membership.Peers.All
        let facts = peer.Facts
        where facts.LastAlive > 0
        select new Measurement<long>(facts.LastAlive, Tag(facts.Name));

    private IEnumerable<PeerFacts> Present() => _membership.Peers.All.Select(peer => peer.Facts).Where(facts => facts.IsPresent);

    private static KeyValuePair<string, object?> Tag(NodeName node) => new("node", node.Value);

    private sealed record KnownStatus(ScanStatus Status, long Since);
}
