using Dftp.Cluster.LocalFiles.Scanning;
using Dftp.Cluster.Replication;
using Microsoft.Extensions.Logging;

namespace Dftp.Cluster.Peers;

/// <summary>The objects that all membership classes share.</summary>
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

    /// <summary>The addresses of this node's listeners, set once they are bound.</summary>
    public HostPort PublicAddress { get; set; } = new("", 0);

    public HostPort ManagementAddress { get; set; } = new("", 0);

    /// <summary>Handles a response to a greeting: the greeted address, the response, whether a full update was requested.</summary>
    public Action<HostPort, ClusterAnswer, bool> Answered { get; set; } = (_, _, _) => { };

    /// <summary>Describes this node as of now.</summary>
    public NodeDescription Me() =>
        new(options.NodeName, PublicAddress, ManagementAddress, own.State) { Unconfirmed = own.Unconfirmed, ServesReads = true };
}
