using Dftp.FileSystem;

namespace Dftp.Cluster.Membership;

/// <summary>What a node says of itself in greetings and answers.</summary>
/// <param name="Name">Its name.</param>
/// <param name="PublicAddress">Where its files are read.</param>
/// <param name="ManagementAddress">Where peers talk to it.</param>
/// <param name="State">What it holds; null from an original node, which does not say it.</param>
internal sealed record NodeDescription(NodeName Name, HostPort PublicAddress, HostPort ManagementAddress, AnnouncedState? State);

/// <summary>A fingerprint of what a node holds, by which a peer notices that it knows something else.</summary>
/// <param name="Epoch">A start of the node's process.</param>
/// <param name="Sequence">The last change.</param>
/// <param name="Digest">The digest of all that it holds after that change.</param>
internal readonly record struct AnnouncedState(long Epoch, long Sequence, ulong Digest);
