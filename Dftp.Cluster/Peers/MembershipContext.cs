using Dftp.Cluster.LocalFiles.Scanning;
using Dftp.Cluster.Replication;
using Microsoft.Extensions.Logging;

namespace Dftp.Cluster.Peers;

/// <summary>What everything that deals with peers shares.</summary>
internal sealed class MembershipContext(
    ClusterOptions options, LocalEntries own, PeerTable peers, PeerClient client, TimeProvider time, ILogger log)
{
    public ClusterOptions Options => options;

    public LocalEntries Own => own;

    public PeerTable Peers => peers;

    public PeerClient Client => client;

    public SharedFullUpdates FullUpdates { get; } = new();

    public TimeProvider Time => time;

    public ILogger Log => log;

    /// <summary>Where this node listens; known when its listeners are bound.</summary>
    public HostPort PublicAddress { get; set; } = new("", 0);

    public HostPort ManagementAddress { get; set; } = new("", 0);

    /// <summary>Takes an answer to a greeting of ours: the address that was greeted, the answer, whether a full update was asked for.</summary>
    public Action<HostPort, ClusterAnswer, bool> Answered { get; set; } = (_, _, _) => { };

    /// <summary>What this node says of itself now.</summary>
    public NodeDescription Me() => new(options.NodeName, PublicAddress, ManagementAddress, own.State) { Unconfirmed = own.Unconfirmed };
}
