using Dftp.Cluster.Door;
using Dftp.Cluster.LocalFiles.Scanning;
using Dftp.Cluster.Replication;
using Microsoft.Extensions.Logging;

namespace Dftp.Cluster.Peers;

/// <summary>The objects that all membership classes share.</summary>
internal sealed class MembershipContext(
    ClusterOptions options, ClusterDoor door, LocalEntries own, PeerTable peers, PeerClient client, TimeProvider time, ILogger log)
{
    public ClusterOptions Options => options;

    public LocalEntries Own => own;

    public PeerTable Peers => peers;

    public PeerClient Client => client;

    public HandshakeLimits Limits { get; } = new(time);

    public StrangerSlots StrangerSlots { get; } = new();

    public SharedFullUpdates FullUpdates { get; } = new();

    public TimeProvider Time => time;

    public ILogger Log => log;

    /// <summary>The addresses of this node's listeners, set once they are bound.</summary>
    public HostPort PublicAddress { get; set; } = new("", 0);

    public HostPort ManagementAddress { get; set; } = new("", 0);

    public ClusterDoor Door => door;

    /// <summary>Whether every machine of the network can join: there is no secret, and others reach the management interface.</summary>
    public bool AnyoneCanJoin => !door.HasSecret && ManagementAddress is { Port: > 0, IsLoopback: false };

    /// <summary>Handles a response to a greeting: the greeted address, the response, whether a full update was requested.</summary>
    public Action<HostPort, ClusterAnswer, bool> Answered { get; set; } = (_, _, _) => { };

    /// <summary>Handles a response to a greeting of a peer in which another node answers: the greeted address, the response.</summary>
    public Action<HostPort, ClusterAnswer> AnsweredAnother { get; set; } = (_, _) => { };

    /// <summary>Describes this node as of now.</summary>
    public NodeDescription Me() =>
        new(options.NodeName, PublicAddress, ManagementAddress, own.State)
        {
            Unconfirmed = own.Unconfirmed,
            ServesReads = true,
            Certificate = door.Certificate?.Name,
        };
}
