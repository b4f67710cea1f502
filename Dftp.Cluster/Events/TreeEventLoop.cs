using Dftp.Cluster.Index;
using Dftp.FileSystem;
using Microsoft.Extensions.Logging;

namespace Dftp.Cluster.Events;

/// <summary>
/// Turns changes of the tree into events by comparing snapshots. A change of the tree costs its writer only a signal. Comparing starts with
/// the first follower and stops some time after the last one has left.
/// </summary>
internal sealed partial class TreeEventLoop : IAsyncDisposable
{
    /// <summary>Some 200 bytes each: hours of changes made by people.</summary>
    private const int Capacity = 4096;

    /// <summary>More events at once become a reset: for a client, listing a directory is faster than a thousand events.</summary>
    private const int MaxPerRound = 1000;

    /// <summary>Changes within this time are reported together; the delay is not noticeable.</summary>
    private static readonly TimeSpan GatherFor = TimeSpan.FromMilliseconds(50);

    /// <summary>The maximum share of one processor for comparing.</summary>
    private const int RestPerWork = 20;

    /// <summary>Nodes without files join and leave without a change of the tree.</summary>
    private static readonly TimeSpan LookAtNodesEvery = TimeSpan.FromSeconds(1);

    /// <summary>A reloaded page, or one whose machine slept for a moment, resumes at its position.</summary>
    private static readonly TimeSpan KeepFor = TimeSpan.FromMinutes(5);

    private readonly ITreeIndex _tree;
    private readonly Func<IEnumerable<NodeName>> _nodes;
    private readonly TreeEventLog _log;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly AsyncAutoResetEvent _wake = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new();

    /// <summary>The snapshot after the log's last event; null without followers. Written under the lock.</summary>
    private volatile Told? _told;
    private Task _loop = Task.CompletedTask;

    /// <param name="incarnation">The start of the process.</param>
    /// <param name="tree">The tree.</param>
    /// <param name="nodes">The present nodes.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Logs the end of the loop.</param>
    public TreeEventLoop(long incarnation, ITreeIndex tree, Func<IEnumerable<NodeName>> nodes, TimeProvider time, ILogger logger)
    {
        _tree = tree;
        _nodes = nodes;
        _log = new TreeEventLog(incarnation, Capacity, time);
        _time = time;
        _logger = logger;
        tree.Changed += OnChanged;
    }

    /// <summary>Whether snapshots are compared now.</summary>
    public bool IsTelling => _told is not null;

    public void Start() => _loop = RunAsync();

    /// <summary>As <see cref="ITreeView.Follow"/>.</summary>
    public TreeEventReader Follow(TreeEventId? after)
    {
        lock (_lock)
        {
            if (_told is null)
            {
                _log.Skip();
                _told = Now();
            }

            var reader = _log.Follow(after);
            // The loop may be waiting without a follower.
            _wake.Raise();
            return reader;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _tree.Changed -= OnChanged;
        await _stopping.CancelAsync();
        await _loop;
        _stopping.Dispose();
    }

    private void OnChanged()
    {
        if (_told is not null) _wake.Raise();
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                var isFollowed = _told is not null && _log.UnfollowedFor is null;
                await _wake.WaitAsync(isFollowed ? LookAtNodesEvery : Timeout.InfiniteTimeSpan, _time, _stopping.Token);
                var rest = GatherFor;
                while (HasNews())
                {
                    await Task.Delay(rest, _time, _stopping.Token);
                    var began = _time.GetTimestamp();
                    TellRound();
                    var worked = _time.GetElapsedTime(began) * RestPerWork;
                    rest = worked > GatherFor ? worked : GatherFor;
                }
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            LogEnded(_logger);
        }
        catch (Exception failure)
        {
            LogFailed(_logger, failure);
            throw;
        }
    }

    private Told Now() => new(_tree.Current, [.. _nodes().Order()]);

    private bool HasNews() =>
        _told is { } told && (!ReferenceEquals(told.Tree, _tree.Current) || !told.Nodes.AsSpan().SequenceEqual(Now().Nodes));

    private void TellRound()
    {
        lock (_lock)
        {
            if (_told is not { } before) return;
            if (_log.UnfollowedFor >= KeepFor)
            {
                _told = null;
                return;
            }

            var now = Now();
            List<TreeEvent> events =
            [
                .. now.Nodes.Except(before.Nodes).Select(node => OfNode(TreeEventKind.NodeJoined, node)),
                .. before.Nodes.Except(now.Nodes).Select(node => OfNode(TreeEventKind.NodeLeft, node)),
                .. Differences(before.Tree, now.Tree),
            ];
            _log.Append(events);
            _told = now;
        }
    }

    /// <summary>Only trees in memory show what differs; others may differ anywhere.</summary>
    private static IReadOnlyList<TreeEvent> Differences(IIndexSnapshot before, IIndexSnapshot now) =>
        before is TreeSnapshot old && now is TreeSnapshot current ? TreeDiff.Of(old.Root, current.Root, MaxPerRound)
        : ReferenceEquals(before, now) ? []
        : [new TreeEvent(0, TreeEventKind.Reset, VirtualPath.Root, IsDirectory: true)];

    private static TreeEvent OfNode(TreeEventKind kind, NodeName node) => new(0, kind, VirtualPath.Root, Node: node);

    [LoggerMessage(Level = LogLevel.Debug, Message = "tree event loop stopped")]
    private static partial void LogEnded(ILogger logger);

    [LoggerMessage(Level = LogLevel.Error, Message = "tree event loop failed")]
    private static partial void LogFailed(ILogger logger, Exception failure);

    private sealed record Told(IIndexSnapshot Tree, NodeName[] Nodes);
}
