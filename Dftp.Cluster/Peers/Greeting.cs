namespace Dftp.Cluster.Peers;

/// <summary>A greeting that another node sent: POST /cluster/.</summary>
/// <param name="Caller">What it says of itself, its host being the address that it called from.</param>
/// <param name="ClusterName">Its cluster; null from a legacy node, which does not say it.</param>
/// <param name="RequestsFullUpdate">It asks for all that this node holds.</param>
/// <param name="IsLeaving">It says goodbye.</param>
/// <param name="KnownDigest">The digest of what it knows of this node; null where it knows nothing or does not say it.</param>
internal sealed record Greeting(
    NodeDescription Caller, string? ClusterName, bool RequestsFullUpdate, bool IsLeaving, ulong? KnownDigest = null);
