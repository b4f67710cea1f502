using Dftp.Cluster;
using Dftp.Cluster.Index;
using Dftp.FileSystem;
using Dftp.Tests.Cluster.Index;

namespace Dftp.Tests.Cluster.Convergence;

/// <summary>
/// Runs a history on nodes composed of the product's parts, on one thread and in simulated time, and checks after each step that no node
/// shows anything wrong.
/// </summary>
internal sealed class Simulation : IDisposable
{
    /// <summary>Each step takes a moment, so that two starts of a node are never in the same millisecond.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);

    /// <summary>
    /// Time for a dead node to be noticed, and for pings that the product sends at once when it is woken: here they wait for the next
    /// regular ones. A suspicion takes two pings, and a greeting saves one.
    /// </summary>
    private const int SecondsToSettle = 45;

    /// <summary>Detects an endless exchange of messages: nodes send far fewer than this in a second.</summary>
    private const int MostMessagesInASecond = 2_000;

    private readonly SimulatedClock _clock = new();
    private readonly SimulatedNetwork _network = new();
    private readonly SimulatedNode[] _nodes;
    private readonly List<SimulatedProcess> _processes = [];
    private readonly Announcements _announcements = new();
    private readonly List<string> _events = [];

    private Simulation(int nodes) => _nodes = [.. Enumerable.Range(0, nodes).Select(number => new SimulatedNode(number))];

    /// <summary>Runs the history, makes the network reliable, and checks that all nodes agree on the tree that the rule gives.</summary>
    /// <returns>The number of updates that repaired ranges of entries.</returns>
    /// <exception cref="AssertFailedException">They disagree, or a node showed something wrong on the way. The message has the whole
    /// history.</exception>
    public static async Task<int> RunAsync(History history)
    {
        using var simulation = new Simulation(history.Nodes);
        try
        {
            if (history.BeginsSettled)
            {
                foreach (var node in simulation._nodes) simulation.Start(node, scans: true, TimeSpan.Zero, restores: false);
                await simulation.SettleAsync(seconds: 3);
            }

            foreach (var step in history.Steps)
            {
                simulation._events.Add(step.ToString());
                simulation._clock.Pass(Moment);
                await simulation.TakeAsync(step);
                await simulation.GoOnAsync();
                simulation.Check();
            }

            simulation._events.Add("the network is reliable from now on");
            foreach (var node in simulation._nodes.Where(node => node.Process is { Own.IsScanned: false })) simulation.Scan(node);
            await simulation.SettleAsync(SecondsToSettle);
            simulation.CheckAgreement();
            return simulation._processes.Sum(process => process.Repaired);
        }
        catch (AssertFailedException failure)
        {
            throw new AssertFailedException($"{failure.Message}\nwhat happened:\n  {string.Join("\n  ", simulation._events)}\n");
        }
    }

    public void Dispose() => _processes.ForEach(process => process.Dispose());

    private async Task TakeAsync(Step step)
    {
        switch (step)
        {
            case ChangeDisk change:
                foreach (var one in change.Changes) _nodes[change.Node].Disk.Change(one);
                Scan(_nodes[change.Node]);
                break;
            case StartNode start:
                Start(_nodes[start.Node], start.Scans, TimeSpan.FromSeconds(start.ClockAhead), start.Restores);
                break;
            case SaveTree save when _nodes[save.Node] is { Process.Own.IsScanned: true } saving:
                saving.Saved = (saving.Process.Save(), saving.Disk.Scanned);
                break;
            case StopNode stop:
                Stop(_nodes[stop.Node], stop.SaysGoodbye);
                break;
            case Ping ping:
                _nodes[ping.From].Process?.Ping(_nodes[ping.To].Name);
                break;
            case PassTime time:
                _clock.Pass(TimeSpan.FromMilliseconds(time.Milliseconds));
                break;
            case MeetFate fate when _network.Count > 0:
                await MeetFateAsync(_network.Take(fate.Message), fate.Fate);
                break;
            case AllArrive:
                await AllArriveAsync();
                break;
            default:
                break;
        }
    }

    private async Task MeetFateAsync(SimulatedMessage message, Fate fate)
    {
        _events[^1] = $"{_events[^1]}: {message.What}";
        var isAwaited = message.GivenUp is not null;
        switch (fate)
        {
            case Fate.IsLost:
                message.GivenUp?.Invoke();
                break;
            case Fate.IsLate:
                message.GivenUp?.Invoke();
                _network.Send(message.Orphan());
                break;
            case Fate.ArrivesTwice:
                await message.Arrives(isAwaited);
                var before = Trees();
                await message.Arrives(false);
                CollectionAssert.AreEqual(before, Trees(), $"{message.What} changed something when it came a second time");
                break;
            default:
                await message.Arrives(isAwaited);
                if (fate == Fate.ArrivesAndWillAgain) _network.Send(message.Orphan());
                break;
        }
    }

    private List<object?> Trees() => [.. _nodes.Select(node => node.Process?.Tree.Current)];

    private void Start(SimulatedNode node, bool scans, TimeSpan ahead, bool restores)
    {
        Stop(node, saysGoodbye: false);
        var process = new SimulatedProcess(
            node.Name, node.Address, _clock.Ahead(ahead), _network, address => Array.Find(_nodes, other => other.Address == address)?.Process,
            node.StampMark, mark => node.StampMark = mark);
        _processes.Add(process);
        var wasStartedBefore = _announcements.Started(process);
        node.Process = process;
        if (restores && node.Saved is var (tree, scanned))
        {
            node.Disk.Recall(scanned);
            process.Restore(tree);
        }

        foreach (var other in _nodes.Where(other => other != node))
        {
            if (wasStartedBefore) process.Remember(other.Name, other.Address);
            else process.Introduce(other.Name, other.Address);
        }

        if (scans) Scan(node);
    }

    private static void Stop(SimulatedNode node, bool saysGoodbye)
    {
        node.Process?.Stop(saysGoodbye);
        node.Process = null;
        node.Disk.Forget();
    }

    private void Scan(SimulatedNode node)
    {
        if (node.Process is not { } process) return;
        process.Own.Replace(node.Disk.Scan());
        _announcements.Changed(process);
        var stamp = node.Disk.Stamped(entry => StampOf(process.Tree.Current, node.Name, entry)!.Value);
        if (stamp == default) return;
        Assert.IsTrue(stamp > node.LastStamp, $"the stamps of {node.Name} went back from {node.LastStamp} to {stamp}");
        node.LastStamp = stamp;
        CheckLaterThanSeen(process, stamp);
    }

    /// <summary>
    /// A change is later than all that its node has seen, except for what comes from a clock that is far ahead of the node's own.
    /// </summary>
    private void CheckLaterThanSeen(SimulatedProcess process, Stamp stamp)
    {
        var limit = Stamp.From(process.Time.GetUtcNow() + StampClock.MaxPeerLead);
        foreach (var other in _nodes.Where(other => other.Name != process.Name))
        {
            var seen = process.Tree.Current.LatestStampOf(other.Name, limit);
            Assert.IsTrue(stamp > seen, $"{process.Name} knew the stamp {seen} of {other.Name} and made {stamp}");
        }
    }

    private static Stamp? StampOf(TreeSnapshot tree, NodeName node, EntryChange entry)
    {
        if (entry.Kind == EntryChangeKind.PutDirectory) return TreePath.FindDirectory(tree.Root, entry.Path)?.PartOf(node)?.Announced?.Stamp;
        if (!TreePath.TryFindParent(tree.Root, entry.Path, out var parent, out var name) || parent.PartOf(node) is not { } part) return null;
        var index = part.Files.Find(name);
        return index < 0 ? null : part.Files[index].Stamp;
    }

    private async Task GoOnAsync()
    {
        foreach (var node in _nodes)
        {
            if (node.Process is { } process) await process.GoOnAsync();
        }
    }

    private async Task SettleAsync(int seconds)
    {
        for (var second = 0; second < seconds; second++)
        {
            await GoOnAsync();
            await AllArriveAsync();
            Check();
            _clock.Pass(TimeSpan.FromSeconds(1));
        }
    }

    private async Task AllArriveAsync()
    {
        for (var count = 0; _network.Count > 0; count++)
        {
            Assert.IsTrue(count < MostMessagesInASecond, "the nodes talk to each other without end");
            var message = _network.Take(0);
            await message.Arrives(message.GivenUp is not null);
            await GoOnAsync();
        }
    }

    private void Check()
    {
        foreach (var node in _nodes)
        {
            if (node.Process is { } process) _announcements.Check(process);
        }
    }

    private void CheckAgreement()
    {
        var model = new TreeModel();
        var running = _nodes.Where(node => node.Process is not null).ToList();
        foreach (var node in running) model.Replace(node.Name, node.Disk.Scanned);
        var expected = string.Join('\n', model.Render());
        foreach (var node in running)
        {
            var tree = node.Process!.Tree.Current;
            Assert.AreEqual(expected, string.Join('\n', TreeModel.Render(tree)), $"the tree of {node.Name} is not what the rule says of the disks");
            foreach (var other in running)
                Assert.AreEqual(other.Process!.Own.State.Digest, tree.HoldingOf(other.Name).Digest,
                    $"{node.Name} has other entries of {other.Name} than that node holds");
        }
    }
}

/// <summary>A node's place in the simulation: its disk stays when its process ends.</summary>
internal sealed class SimulatedNode(int number)
{
    public NodeName Name { get; } = History.NameOf(number);

    public HostPort Address { get; } = new($"10.0.0.{number + 1}", 7000);

    public SimulatedDisk Disk { get; } = new();

    /// <summary>What it saved last: its tree, and the content of its disk at that time. Null before the first save.</summary>
    public (byte[] Tree, IReadOnlyCollection<EntryChange> Scanned)? Saved { get; set; }

    /// <summary>The mark of its stamps, on its disk.</summary>
    public Stamp StampMark { get; set; }

    /// <summary>The last stamp that any of its starts made.</summary>
    public Stamp LastStamp { get; set; }

    /// <summary>Null while the node does not run.</summary>
    public SimulatedProcess? Process { get; set; }
}
