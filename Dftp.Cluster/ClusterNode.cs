using System.Diagnostics.Metrics;
using System.Net;
using System.Text.Json;
using Dftp.Cluster.Access;
using Dftp.Cluster.Discovery;
using Dftp.Cluster.Door;
using Dftp.Cluster.Events;
using Dftp.Cluster.Index;
using Dftp.Cluster.LocalFiles;
using Dftp.Cluster.LocalFiles.Scanning;
using Dftp.Cluster.LocalFiles.Watching;
using Dftp.Cluster.Management;
using Dftp.Cluster.PeerReads;
using Dftp.Cluster.Peers;
using Dftp.Cluster.Persistence;
using Dftp.FileSystem;
using Dftp.Routes;
using Microsoft.Extensions.Logging;

namespace Dftp.Cluster;

/// <summary>
/// The cluster part of a node: its root, the tree, its peers. Front ends read <see cref="Tree"/>. The composition root routes the
/// management interface here and reports when the listeners are bound.
/// </summary>
public sealed class ClusterNode : IAsyncDisposable
{
    /// <summary>Some 200 bytes each.</summary>
    private const int MaxKnownDigests = 262_144;

    private readonly ClusterOptions _options;
    private readonly TimeProvider _time;
    private readonly ILoggerFactory _logs;
    private readonly ClusterDoor _door;
    private readonly LocalRoot _root;
    private readonly ScanLoop _scan;
    private readonly StampClock _stamps;
    private readonly LocalEntries _local;
    private readonly RunningTime _running;
    private readonly PeerTable _peers;
    private readonly PeerClient _client;
    private readonly LocalFileOpener _localFiles;
    private readonly PeerFiles _peerFiles;
    private readonly FairGate _hashing = FairGate.ForHashing();
    private readonly TreeEventLoop _events;
    private readonly MembershipContext _membership;
    private readonly JoinHandshake _handshake;
    private readonly PeerLinks _links;
    private readonly RangeAnswers _rangeAnswers;
    private readonly ManagementApi _management;
    private readonly MembershipStore? _known;
    private readonly TreeSaver? _saver;
    private readonly List<Task> _joining = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly ITreeIndex _tree;
    private readonly ClusterView _view;
    private readonly DateTimeOffset _started;
    private DiscoveryLoop? _discovery;

    /// <param name="options">The settings.</param>
    /// <param name="rootDirectory">The directory that it serves.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logs">Creates its logs.</param>
    /// <exception cref="RootDirectoryException">The directory cannot be read.</exception>
    /// <exception cref="SecretFileException">The cluster secret cannot be used.</exception>
    public ClusterNode(ClusterOptions options, string rootDirectory, TimeProvider time, ILoggerFactory logs)
        : this(options, rootDirectory, time, logs, new TreeWriter())
    {
    }

    /// <param name="options">The settings.</param>
    /// <param name="rootDirectory">The directory that it serves.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logs">Creates its logs.</param>
    /// <param name="tree">The empty index.</param>
    /// <exception cref="RootDirectoryException">The directory cannot be read.</exception>
    internal ClusterNode(ClusterOptions options, string rootDirectory, TimeProvider time, ILoggerFactory logs, ITreeIndex tree)
    {
        _tree = tree;
        _options = options;
        _time = time;
        _logs = logs;
        _door = new ClusterDoor(
            options.SecretFile is { } secretFile ? ClusterSecret.Open(secretFile) : null, options.ClusterName, options.LegacyPeers, time,
            logs.CreateLogger("Cluster"), options.Certificate);
        _root = LocalRoot.Open(rootDirectory, options.NodeName, options.Mount);

        _started = time.GetUtcNow();
        var mark = options.StampMark is { } file ? new StampMark(file, logs.CreateLogger("Restart")) : null;
        _stamps = new StampClock(options.NodeName, time, mark?.Load() ?? default, mark is null ? null : mark.Save);
        _local = new LocalEntries(options.NodeName, _tree, _stamps, time);
        _scan = new ScanLoop(_root, _local, options, time, logs);
        _running = RunningTime.Start(time, logs.CreateLogger("Cluster"));
        _peers = new PeerTable(_tree, _running, time);
        _client = new PeerClient(options, _door, time);
        _peerFiles = new PeerFiles(options, _door, time);
        _membership = new MembershipContext(options, _door, _local, _peers, _client, time, logs.CreateLogger("Cluster"));
        _handshake = new JoinHandshake(_membership);
        _membership.Answered = _handshake.Answered;
        _membership.AnsweredAnother = _handshake.AnsweredAnother;
        _links = new PeerLinks(_membership);
        if (options.StateDirectory is { } state)
        {
            _known = new MembershipStore(Path.Combine(state, "known-nodes.json"), _peers, time, _membership.Log);
            var origin = new TreeOrigin(options.NodeName, options.ClusterName, _root.Directory, options.Mount);
            if (tree.InMemory is { } memory)
            {
                _saver = new TreeSaver(
                    new SavedTreeFile(options.SavedTree!, origin), memory, _local, options.NodeName, time, logs.CreateLogger("Restart"));
            }
        }

        _rangeAnswers = new RangeAnswers(_peers);
        _management = new ManagementApi(
            _membership, _handshake, _door.Signer,
            new UpdateReceiver(options, _peers, _tree, _stamps, time, logs.CreateLogger("Updates")), _rangeAnswers);

        var known = new DigestCache<FileIdentity, LocalVersion>(MaxKnownDigests);
        var versions = new LocalVersions(options.NodeName, _tree, _scan.Rewritten, time);
        _localFiles = new LocalFileOpener(_root, versions, options.NodeName, known, time);
        var localDigests = new LocalDigests(_localFiles, known, _scan.Rewritten, _hashing, time);
        var peerDigests = new PeerDigests(_peerFiles, _hashing, time);
        LocalTree = new GuardedTree(new LocalView(options.NodeName, _tree, _localFiles, localDigests));
        var opener = new ContentOpener(
            options.NodeName, _tree, _peers, _localFiles, _peerFiles, peerDigests, time, logs.CreateLogger("Reads"));
        var digests = new TreeDigests(options.NodeName, _tree, _peers, opener, localDigests, peerDigests);
        _events = new TreeEventLoop(_local.Incarnation, _tree, () => _view!.Nodes.Select(node => node.Name), time, logs.CreateLogger("Events"));
        _view = new ClusterView(
            options.NodeName, _tree, _local, _peers, opener, digests, _events,
            () => _saver?.Status.Restored ?? _started, stillSeen: 3 * options.PingInterval);
        Tree = new GuardedTree(_view);
        _events.Start();
    }

    /// <summary>The merged tree.</summary>
    public IFileTree Tree { get; }

    /// <summary>The entries of this node itself.</summary>
    public IFileTree LocalTree { get; }

    /// <summary>The routes by which nodes and operators talk to this one.</summary>
    public IReadOnlyList<Route> Routes => _management.Routes;

    /// <summary>
    /// Decides whether a request on the management interface reaches its handler. Null without a cluster secret: everybody may.
    /// </summary>
    public RouteCheck? ManagementCheck => _door.Check is { } check ? check.AdmitAsync : null;


    /// <summary>Writes the report that <see cref="StatusWriter"/> describes.</summary>
    public void WriteStatus(Utf8JsonWriter json, string version) =>
        new StatusWriter(
            _membership, _tree, _view.Missing, _started, version, _door, _discovery?.Status, _scan.Status, _saver?.Status).Write(json);

    /// <summary>Puts the instruments of the tree, the peers and the scan on a meter.</summary>
    public void Measure(Meter meter) => _ = new ClusterMetrics(meter, _membership, _tree, _view, _scan);

    /// <summary>
    /// Whether a member at this address reads other nodes' copies at their public interfaces: a legacy node, or one of an earlier version.
    /// </summary>
    public bool IsReadingNode(IPAddress address) => _peers.All.Any(peer =>
        peer.Facts is { IsPresent: true, ServesReads: false, PublicAddress: { } there } && there == there.WithHost(address));

    /// <summary>How this node's entries follow its disk.</summary>
    public ScanStatus ScanStatus => _scan.Status;

    /// <summary>
    /// Shows the saved tree of the last start. Until the root has been scanned and each peer has announced its entries, <see
    /// cref="ITreeView.Missing"/> of the tree names them.
    /// </summary>
    /// <param name="meetsPeers">Whether <see cref="StartMeeting"/> will be called. Otherwise the entries of peers could not be
    /// confirmed.</param>
    /// <returns>Whether there is a saved tree.</returns>
    public bool ShowSavedTree(bool meetsPeers)
    {
        var known = meetsPeers && _known is not null ? _known.Load() : [];
        _saver?.Restore(known.Select(node => node.Name).ToHashSet());
        foreach (var node in known) _peers.Remember(node);
        if (known.Count > 0) _membership.Log.Remembered(known.Count);
        return _saver?.Status.Restored is not null;
    }

    /// <summary>Starts to scan the root and to follow its changes.</summary>
    public void StartScan()
    {
        _scan.Start();
        _saver?.Start();
    }

    /// <summary>Starts to look for peers, which can call back from now on.</summary>
    /// <param name="publicAddress">This node's public interface.</param>
    /// <param name="managementAddress">This node's management interface.</param>
    public void StartMeeting(HostPort publicAddress, HostPort managementAddress)
    {
        _membership.PublicAddress = publicAddress;
        _membership.ManagementAddress = managementAddress;
        _door.Start();
        if (_membership.AnyoneCanJoin) _membership.Log.AnyoneCanJoin();
        if (_door.HasSecret && _options.LegacyPeers.Count > 0) _membership.Log.LegacyPeers(string.Join(", ", _options.LegacyPeers));
        _links.Begin();
        _known?.Start();
        foreach (var address in _options.Joins) _joining.Add(new JoinLoop(address, _membership, _handshake).RunAsync(_stopping.Token));
        if (_options.Multicast is not { } group) return;
        _discovery = new DiscoveryLoop(
            new Announcement(_options.ClusterName, _options.NodeName, managementAddress.Host, managementAddress.Port),
            _door,
            group,
            () => new MulticastChannel(group, null, _logs.CreateLogger("Discovery")),
            (sighting, _) =>
            {
                var address = new HostPort(sighting.ManagementHost, sighting.ManagementPort);
                _handshake.Announced(sighting.NodeName, address);
                return ValueTask.CompletedTask;
            },
            _time,
            _logs.CreateLogger<DiscoveryLoop>());
        _discovery.Start();
    }

    /// <summary>Stops meeting nodes, says goodbye to peers, and ends running operations.</summary>
    public async Task StopAsync()
    {
        _management.IsLeaving = true;
        await _stopping.CancelAsync();
        await EndLoopsAsync();
        await Task.WhenAll(_links.SayGoodbyeAsync(), _saver?.SaveLastAsync() ?? Task.CompletedTask);
        _stamps.Release();
    }

    /// <summary>Ends the node. Without a <see cref="StopAsync"/> before, its peers get no goodbye, as in a crash.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await EndLoopsAsync();
        await _scan.DisposeAsync();
        await _events.DisposeAsync();
        _links.Dispose();
        _known?.Dispose();
        _saver?.Dispose();
        _running.Dispose();
        await _door.DisposeAsync();
        _peers.Dispose();
        _rangeAnswers.Dispose();
        _localFiles.Dispose();
        _root.Dispose();
        _stopping.Dispose();
    }

    private async Task EndLoopsAsync()
    {
        if (_discovery is not null) await _discovery.DisposeAsync();
        await _links.StopAsync();
        await Task.WhenAll(_joining);
        if (_known is not null) await _known.StopAsync();
        if (_saver is not null) await _saver.StopAsync();
        await _scan.StopAsync();
    }
}
