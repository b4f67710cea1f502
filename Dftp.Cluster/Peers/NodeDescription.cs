using Dftp.Cluster.Door;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.Peers;

/// <summary>A node's description of itself in greetings and responses.</summary>
/// <param name="Name">Its name.</param>
/// <param name="PublicAddress">Its public interface.</param>
/// <param name="ManagementAddress">Its management interface.</param>
/// <param name="State">The state it announces; null from a legacy node, which does not send it.</param>
internal sealed record NodeDescription(NodeName Name, HostPort PublicAddress, HostPort ManagementAddress, AnnouncedState? State)
{
    /// <summary>The places that it cannot read now, if it describes itself; empty otherwise.</summary>
    public IReadOnlyList<UnconfirmedPlace> Unconfirmed { get; init; } = [];

    /// <summary>Its management interface serves its files too. Legacy nodes serve them at the public interface only.</summary>
    public bool ServesReads { get; init; }

    /// <summary>The certificate with which it speaks TLS to other nodes; null if it does not, or if the description is not signed.</summary>
    public CertificateName? Certificate { get; init; }
}
