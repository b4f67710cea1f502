using Dftp.FileSystem;

namespace Dftp.Cluster.Discovery;

/// <summary>Another node of the cluster was heard.</summary>
/// <param name="NodeName">Its name.</param>
/// <param name="ManagementHost">An address (an IPv6 one without brackets), or the host's name where the node tells one.</param>
/// <param name="ManagementPort">1 to 65535.</param>
internal readonly record struct PeerSighting(NodeName NodeName, string ManagementHost, int ManagementPort);

/// <summary>How discovery fares.</summary>
/// <param name="Sent">Announcements that at least one interface took.</param>
/// <param name="Sightings">Announcements of other nodes of this cluster.</param>
/// <param name="Malformed">Datagrams to the group that are no announcement.</param>
/// <param name="OtherClusters">Announcements of other clusters.</param>
/// <param name="LastOtherCluster">The name of the last one, for those who wonder why a node is not found.</param>
/// <param name="NamesakesHeard">Announcements of a node elsewhere that has this node's name.</param>
/// <param name="SendFailure">Why nothing is sent now; null when all is well.</param>
/// <param name="ReceiveFailure">Why nothing is received now; null when all is well.</param>
internal sealed record DiscoveryStatus(
    long Sent,
    long Sightings,
    long Malformed,
    long OtherClusters,
    string? LastOtherCluster,
    long NamesakesHeard,
    string? SendFailure,
    string? ReceiveFailure)
{
    /// <summary>Null when all is well.</summary>
    public string? Failure => SendFailure ?? ReceiveFailure;
}
