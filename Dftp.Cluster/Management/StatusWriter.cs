using System.Text.Json;
using Dftp.Cluster.Discovery;
using Dftp.Cluster.Door;
using Dftp.Cluster.Index;
using Dftp.Cluster.LocalFiles.Watching;
using Dftp.Cluster.Peers;
using Dftp.Cluster.Persistence;
using Dftp.FileSystem;

namespace Dftp.Cluster.Management;

/// <summary>
/// Writes the response to <c>GET /status/</c>: one object. Times are unix seconds, 0 for never; sizes are bytes.
/// <list type="bullet">
/// <item><c>node</c>, <c>cluster</c>, <c>version</c>, <c>started</c>, <c>uptimeSeconds</c>;</item>
/// <item><c>files</c>, <c>directories</c>, <c>bytes</c>, <c>hiddenFiles</c> of the merged tree;</item>
/// <item><c>nodes</c>, this node first: <c>name</c>, <c>state</c> (self, alive, suspect, joining: it has not announced its entries yet),
/// <c>publicAddress</c>, <c>managementAddress</c>, <c>files</c>, <c>bytes</c>, <c>lastAlive</c>, <c>lastUpdateReceived</c>,
/// <c>lastFullUpdateReceived</c>, <c>lastUpdatePushed</c>, <c>lag</c> (its changes that are not applied here; absent if it does not
/// announce its state), <c>original</c>;</item>
/// <item><c>missing</c>: <c>name</c>, <c>since</c>, <c>lastAddress</c>, <c>state</c> (dead; left; joining: it has not announced its entries yet;
/// unconfirmed: its files are listed as saved when this node ended, which is true of this node itself until its first scan has ended),
/// <c>unconfirmed</c> (whether that is the state), <c>path</c> (absent for a whole node; otherwise only the entries beneath it are
/// unconfirmed, because the node's disk cannot be read there since that time);</item>
/// <item><c>confirmed</c>: whether the whole tree is confirmed, with no node missing;</item>
/// <item><c>savedTree</c>, absent if no tree is saved: <c>restored</c> (the time of the saved tree with which this node started),
/// <c>written</c>, <c>bytes</c>, <c>failure</c>;</item>
/// <item><c>scan</c>, of the whole root: <c>state</c> (scanning, following, rootLost, failed, stopped), <c>failure</c>, <c>finished</c>,
/// <c>durationSeconds</c>, <c>files</c>; and as of now <c>skipped</c> (<c>reason</c>, <c>count</c>, <c>examples</c>) and <c>unreadable</c>,
/// the places of this node whose earlier entries are still shown (<c>path</c>, <c>since</c>, <c>reason</c>);</item>
/// <item><c>watch</c>: <c>directories</c> that are watched, <c>events</c>, <c>overflows</c>, <c>updates</c>, <c>polled</c> (<c>reason</c>,
/// <c>count</c>, <c>example</c>);</item>
/// <item><c>discovery</c>, absent if it is disabled: <c>sent</c>, <c>heard</c>, <c>malformed</c>, <c>otherClusters</c>,
/// <c>lastOtherCluster</c>, <c>namesakes</c>, <c>refused</c>, <c>failure</c>;</item>
/// <item><c>access</c>: <c>secret</c> (whether there is one), <c>keys</c> (the names of its keys, the signing one first),
/// <c>anyoneCanJoin</c> (there is none, and other machines reach the management interface), <c>refusals</c> since the start (<c>cause</c>,
/// <c>count</c>, <c>last</c>, <c>address</c> and <c>reason</c> of the last one).</item>
/// </list>
/// </summary>
internal sealed class StatusWriter(
    MembershipContext membership,
    ITreeIndex tree,
    IReadOnlyList<MissingNode> missing,
    DateTimeOffset started,
    string version,
    ClusterDoor door,
    DiscoveryStatus? discovery,
    ScanStatus scan,
    SavedTreeStatus? savedTree)
{
    /// <summary>The maximum number of listed places. More mean that the whole disk is broken.</summary>
    private const int MaxUnreadable = 1000;

    public void Write(Utf8JsonWriter json)
    {
        var snapshot = tree.Current;
        var now = membership.Time.GetUtcNow();
        json.WriteStartObject();
        json.WriteString("node", membership.Options.NodeName.Value);
        json.WriteString("cluster", membership.Options.ClusterName);
        json.WriteString("version", version);
        json.WriteNumber("started", started.ToUnixTimeSeconds());
        json.WriteNumber("uptimeSeconds", (long)(now - started).TotalSeconds);
        json.WriteNumber("files", snapshot.Totals.Files);
        json.WriteNumber("directories", snapshot.Totals.Directories);
        json.WriteNumber("bytes", snapshot.Totals.Bytes);
        json.WriteNumber("hiddenFiles", snapshot.Totals.HiddenFiles);
        WriteNodes(json, snapshot, now);
        WriteMissing(json);
        json.WriteBoolean("confirmed", missing.Count == 0);
        if (savedTree is not null) WriteSavedTree(json, savedTree);
        WriteScan(json);
        WriteWatch(json);
        if (discovery is not null) WriteDiscovery(json, discovery);
        WriteAccess(json);
        json.WriteEndObject();
    }

    private void WriteNodes(Utf8JsonWriter json, IIndexSnapshot snapshot, DateTimeOffset now)
    {
        json.WriteStartArray("nodes");
        var me = membership.Me();
        WriteNode(json, me.Name, "self", me.PublicAddress, me.ManagementAddress, snapshot, now.ToUnixTimeSeconds());
        json.WriteEndObject();
        foreach (var facts in membership.Peers.All.Select(peer => peer.Facts).Where(facts => facts.IsPresent).OrderBy(facts => facts.Name))
        {
            var state = membership.Peers.IsJoining(facts) ? "joining" : facts.State == PeerState.Alive ? "alive" : "suspect";
            WriteNode(json, facts.Name, state, facts.PublicAddress, facts.ManagementAddress, snapshot, facts.LastAlive);
            json.WriteNumber("lastUpdateReceived", facts.Replication.LastUpdateReceived);
            json.WriteNumber("lastFullUpdateReceived", facts.Replication.LastFullUpdateReceived);
            json.WriteNumber("lastUpdatePushed", facts.Replication.LastUpdatePushed);
            if (facts.Replication.Lag is { } lag) json.WriteNumber("lag", lag);
            json.WriteBoolean("original", facts.IsLegacy);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteNode(
        Utf8JsonWriter json, NodeName name, string state, HostPort? publicAddress, HostPort? managementAddress, IIndexSnapshot snapshot,
        long lastAlive)
    {
        var holding = snapshot.HoldingOf(name);
        json.WriteStartObject();
        json.WriteString("name", name.Value);
        json.WriteString("state", state);
        json.WriteString("publicAddress", publicAddress?.ToString() ?? "");
        json.WriteString("managementAddress", managementAddress?.ToString() ?? "");
        json.WriteNumber("files", holding.Files);
        json.WriteNumber("bytes", holding.Bytes);
        json.WriteNumber("lastAlive", lastAlive);
    }

    private void WriteMissing(Utf8JsonWriter json)
    {
        json.WriteStartArray("missing");
        foreach (var node in missing)
        {
            json.WriteStartObject();
            json.WriteString("name", node.Name.Value);
            json.WriteNumber("since", node.Since.Seconds);
            json.WriteString("lastAddress", membership.Peers.Find(node.Name)?.Facts.ManagementAddress?.ToString() ?? "");
            json.WriteString("state", node.Reason switch
            {
                MissingReason.Joining => "joining",
                MissingReason.Unconfirmed => "unconfirmed",
                MissingReason.Left => "left",
                _ => "dead",
            });
            json.WriteBoolean("unconfirmed", node.Reason == MissingReason.Unconfirmed);
            if (node.Path is { } path) json.WriteString("path", path.Value);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteSavedTree(Utf8JsonWriter json, SavedTreeStatus saved)
    {
        json.WriteStartObject("savedTree");
        json.WriteNumber("restored", saved.Restored?.ToUnixTimeSeconds() ?? 0);
        json.WriteNumber("written", saved.Written?.ToUnixTimeSeconds() ?? 0);
        json.WriteNumber("bytes", saved.Bytes);
        json.WriteString("failure", saved.Failure);
        json.WriteEndObject();
    }

    private void WriteScan(Utf8JsonWriter json)
    {
        json.WriteStartObject("scan");
        json.WriteString("state", scan.State switch
        {
            ScanState.FirstScan => "scanning",
            ScanState.Following => "following",
            ScanState.RootLost => "rootLost",
            ScanState.Failed => "failed",
            _ => "stopped",
        });
        json.WriteString("failure", scan.Failure);
        json.WriteNumber("finished", scan.LastScan?.ToUnixTimeSeconds() ?? 0);
        json.WriteNumber("durationSeconds", Math.Round(scan.LastScanDuration.TotalSeconds, 3));
        json.WriteNumber("files", scan.LastScanFiles);
        json.WriteStartArray("skipped");
        foreach (var skipped in scan.Skipped)
        {
            json.WriteStartObject();
            json.WriteString("reason", skipped.Reason);
            json.WriteNumber("count", skipped.Count);
            json.WriteStartArray("examples");
            foreach (var example in skipped.Examples) json.WriteStringValue(example);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("unreadable");
        foreach (var place in scan.Unreadable.Take(MaxUnreadable))
        {
            json.WriteStartObject();
            json.WriteString("path", place.Path.Value);
            json.WriteNumber("since", place.Since.Seconds);
            json.WriteString("reason", place.Reason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteWatch(Utf8JsonWriter json)
    {
        json.WriteStartObject("watch");
        json.WriteNumber("directories", scan.Watches);
        json.WriteNumber("events", scan.Events);
        json.WriteNumber("overflows", scan.Overflows);
        json.WriteNumber("updates", scan.Updates);
        json.WriteStartArray("polled");
        foreach (var polled in scan.Polled)
        {
            json.WriteStartObject();
            json.WriteString("reason", polled.Reason);
            json.WriteNumber("count", polled.Count);
            json.WriteString("example", polled.Example);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteDiscovery(Utf8JsonWriter json, DiscoveryStatus discovery)
    {
        json.WriteStartObject("discovery");
        json.WriteNumber("sent", discovery.Sent);
        json.WriteNumber("heard", discovery.Sightings);
        json.WriteNumber("malformed", discovery.Malformed);
        json.WriteNumber("otherClusters", discovery.OtherClusters);
        json.WriteString("lastOtherCluster", discovery.LastOtherCluster);
        json.WriteNumber("namesakes", discovery.NamesakesHeard);
        json.WriteNumber("refused", discovery.Refused);
        json.WriteString("failure", discovery.Failure);
        json.WriteEndObject();
    }

    private void WriteAccess(Utf8JsonWriter json)
    {
        json.WriteStartObject("access");
        json.WriteBoolean("secret", door.HasSecret);
        json.WriteStartArray("keys");
        foreach (var key in door.KeyIds) json.WriteStringValue(key);
        json.WriteEndArray();
        json.WriteBoolean("anyoneCanJoin", membership.AnyoneCanJoin);
        json.WriteStartArray("refusals");
        foreach (var refusal in door.Refusals.Counts)
        {
            json.WriteStartObject();
            json.WriteString("cause", Refusal.NameOf(refusal.Cause));
            json.WriteNumber("count", refusal.Count);
            json.WriteNumber("last", refusal.Last.ToUnixTimeSeconds());
            json.WriteString("address", refusal.Address);
            json.WriteString("reason", refusal.Sentence);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
