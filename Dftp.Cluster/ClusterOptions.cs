using System.Net;
using Dftp.Cluster.Door;
using Dftp.FileSystem;

namespace Dftp.Cluster;

/// <summary>The settings of a node's cluster part. Times have the defaults of the command line.</summary>
public sealed record ClusterOptions
{
    public required NodeName NodeName { get; init; }

    /// <summary>Nodes of another cluster name are not met, even in the same multicast group.</summary>
    public string ClusterName { get; init; } = "dftp";

    /// <summary>The path in the tree at which this node's root directory appears.</summary>
    public VirtualPath Mount { get; init; }

    /// <summary>The multicast group and port; null: no discovery, nodes join by address only.</summary>
    public IPEndPoint? Multicast { get; init; }

    /// <summary>How often each peer is pinged. A ping carries the state that this node has announced.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A peer without an answer for this time is declared dead, and its entries leave the tree.</summary>
    public TimeSpan DeadAfter { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The interval of full updates to each peer, which repair lost changes.</summary>
    public TimeSpan FullUpdateInterval { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The interval of full scans of the root, independent of change events.</summary>
    public TimeSpan RescanInterval { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The polling interval of directories for which the operating system reports no changes.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The timeout for connecting to a peer. It is on the same network: a second is already long.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Management addresses of nodes to join, retried indefinitely. Names are resolved at each attempt.</summary>
    public IReadOnlyList<HostPort> Joins { get; init; } = [];

    /// <summary>The file of the cluster secret; null: none, so that every machine that reaches the management interface can join.</summary>
    public string? SecretFile { get; init; }

    /// <summary>Addresses and host names of machines whose legacy nodes are members although there is a secret.</summary>
    public IReadOnlyList<string> LegacyPeers { get; init; } = [];

    /// <summary>The certificate for TLS with other nodes; null: nodes speak in the clear. It needs a secret.</summary>
    public NodeCertificate? Certificate { get; init; }

    /// <summary>The directory for state that survives a restart; null: none.</summary>
    public string? StateDirectory { get; init; }

    /// <summary>The file with the greatest stamp; null: none.</summary>
    internal string? StampMark => StateDirectory is { } state ? Path.Combine(state, "stamp") : null;

    /// <summary>From how many entries on a repair is tried before a full update, which is small for fewer.</summary>
    internal int SmallestRepair { get; init; } = 1000;

    /// <summary>The file for the saved tree; null: none.</summary>
    internal string? SavedTree => StateDirectory is { } state ? Path.Combine(state, "tree") : null;
}
