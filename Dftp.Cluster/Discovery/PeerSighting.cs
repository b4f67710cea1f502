using Dftp.FileSystem;

namespace Dftp.Cluster.Discovery;

/// <summary>An announcement of another node of the cluster.</summary>
/// <param name="NodeName">Its name.</param>
/// <param name="ManagementHost">The address from which the announcement came (IPv6 without brackets).</param>
/// <param name="ManagementPort">1 to 65535.</param>
internal readonly record struct PeerSighting(NodeName NodeName, string ManagementHost, int ManagementPort);

/// <summary>The state of discovery.</summary>
/// <param name="Sent">Announcements that at least one interface sent.</param>
/// <param name="Sightings">Announcements of other nodes of this cluster.</param>
/// <param name="Malformed">Datagrams to the group that are not announcements.</param>
/// <param name="OtherClusters">Announcements of other clusters.</param>
/// <param name="LastOtherCluster">The name of the last other cluster, to find out why a node is not found.</param>
/// <param name="NamesakesHeard">Announcements of another node with this node's name.</param>
/// <param name="Refused">Announcements of this cluster that are not authenticated, although there is a secret.</param>
/// <param name="SendFailure">Why sending fails now; null if it works.</param>
/// <param name="ReceiveFailure">Why receiving fails now; null if it works.</param>
internal sealed record DiscoveryStatus(
    long Sent,
    long Sightings,
    long Malformed,
    long OtherClusters,
    string? LastOtherCluster,
    long NamesakesHeard,
    long Refused,
    string? SendFailure,
    string? ReceiveFailure)
{
    /// <summary>Null if both work.</summary>
    public string? Failure => SendFailure ?? ReceiveFailure;
}
