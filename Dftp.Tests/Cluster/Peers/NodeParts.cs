using Dftp.Cluster;
using Dftp.Cluster.Index;
using Dftp.Cluster.LocalFiles.Scanning;
using Dftp.Cluster.Peers;
using Dftp.FileSystem;
using Dftp.Tests.Cluster.Door;
using Dftp.Tests.Cluster.Index;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dftp.Tests.Cluster.Peers;

/// <summary>The parts of a node that deal with peers, put together as a node puts them together, less its loops and its disk.</summary>
internal sealed class NodeParts : IDisposable
{
    private readonly PeerClient _client;

    /// <param name="options">The node's.</param>
    /// <param name="address">Where it listens.</param>
    /// <param name="time">The clock.</param>
    /// <param name="running">The time in which the process runs; null: always.</param>
    /// <param name="mark">The mark of its stamps.</param>
    /// <param name="reserve">Takes a new mark.</param>
    public NodeParts(
        ClusterOptions options, HostPort address, TimeProvider time, RunningTime? running = null, Stamp mark = default,
        Action<Stamp>? reserve = null)
    {
        Time = time;
        Stamps = new StampClock(options.NodeName, time, mark, reserve);
        Own = new LocalEntries(options.NodeName, Tree, Stamps, time);
        Peers = new PeerTable(Tree, running ?? RunningTime.Simulate(time, isNeverLate: true), time);
        _client = new PeerClient(options, OpenDoor.Of(options.ClusterName, time), time);
        Context = new MembershipContext(options, OpenDoor.Of(options.ClusterName, time), Own, Peers, _client, time, NullLogger.Instance) { PublicAddress = address, ManagementAddress = address };
        JoinHandshake = new JoinHandshake(Context);
        Context.Answered = JoinHandshake.Answered;
        Context.AnsweredAnother = JoinHandshake.AnsweredAnother;
        Receiver = new UpdateReceiver(options, Peers, Tree, Stamps, time, NullLogger.Instance);
        RangeAnswers = new RangeAnswers(Peers);
    }

    public TimeProvider Time { get; }

    public StampClock Stamps { get; }

    public TreeWriter Tree { get; } = new();

    public LocalEntries Own { get; }

    public PeerTable Peers { get; }

    public MembershipContext Context { get; }

    public JoinHandshake JoinHandshake { get; }

    public UpdateReceiver Receiver { get; }

    public RangeAnswers RangeAnswers { get; }

    /// <summary>As after a scan that found these entries.</summary>
    public void Scan(params IEnumerable<EntryChange> entries) => Own.Replace(TreeModel.Draft(entries));

    public IReadOnlyList<string> Paths() => [.. Tree.Current.Walk(VirtualPath.Root).Select(step => step.Path.Value)];

    public void Dispose()
    {
        Peers.Dispose();
        RangeAnswers.Dispose();
    }
}
