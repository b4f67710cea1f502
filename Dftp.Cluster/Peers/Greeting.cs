namespace Dftp.Cluster.Peers;

/// <summary>A greeting that another node sent: POST /cluster/.</summary>
/// <param name="Caller">The node's description of itself; its host is the address that it called from.</param>
/// <param name="ClusterName">Its cluster; null from a legacy node, which does not send it.</param>
/// <param name="RequestsFullUpdate">It requests a full update of this node.</param>
/// <param name="IsLeaving">It is leaving the cluster.</param>
/// <param name="KnownDigest">The digest of what it knows of this node; null if it knows nothing or did not send it.</param>
internal sealed record Greeting(
    NodeDescription Caller, string? ClusterName, bool RequestsFullUpdate, bool IsLeaving, ulong? KnownDigest = null);
