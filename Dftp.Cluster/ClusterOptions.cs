using System.Net;
using Dftp.FileSystem;

namespace Dftp.Cluster;

/// <summary>The settings of a node's cluster part. Times have the defaults of the command line.</summary>
public sealed record ClusterOptions
{
    public required NodeName NodeName { get; init; }

    /// <summary>Nodes of another name are not met, even on the same multicast group.</summary>
    public string ClusterName { get; init; } = "dftp";

    /// <summary>Where in the tree this node's root directory stands.</summary>
    public VirtualPath Mount { get; init; }

    /// <summary>The multicast group and port; null: nodes find each other only by being told.</summary>
    public IPEndPoint? Multicast { get; init; }

    /// <summary>How often each peer is pinged. A ping carries the state that this node has announced.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A peer without an answer for this time is declared away, and its entries leave the tree.</summary>
    public TimeSpan DeadAfter { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How often each peer is sent all that this node holds, whatever it was sent before.</summary>
    public TimeSpan FullUpdateInterval { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How often the whole root is read again, whatever the operating system told of it.</summary>
    public TimeSpan RescanInterval { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How often those directories are read again of which the operating system does not tell the changes.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a peer may take to accept a connection. It is on the same network: a second is already long.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Management addresses of nodes to join, retried indefinitely. Names are resolved at each attempt.</summary>
    public IReadOnlyList<HostPort> Joins { get; init; } = [];

    /// <summary>Where this node remembers what it needs after a restart; null: nowhere.</summary>
    public string? StateDirectory { get; init; }

    /// <summary>The file that keeps the tree over a restart; null: none.</summary>
    internal string? SavedTree => StateDirectory is { } state ? Path.Combine(state, "tree") : null;
}
