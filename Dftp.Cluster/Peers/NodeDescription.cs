using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.Peers;

/// <summary>What a node says of itself in greetings and answers.</summary>
/// <param name="Name">Its name.</param>
/// <param name="PublicAddress">Where its files are read.</param>
/// <param name="ManagementAddress">Where peers talk to it.</param>
/// <param name="State">What it holds; null from a legacy node, which does not say it.</param>
internal sealed record NodeDescription(NodeName Name, HostPort PublicAddress, HostPort ManagementAddress, AnnouncedState? State)
{
    /// <summary>The places that it cannot read now, when it speaks of itself; empty otherwise.</summary>
    public IReadOnlyList<UnconfirmedPlace> Unconfirmed { get; init; } = [];
}
