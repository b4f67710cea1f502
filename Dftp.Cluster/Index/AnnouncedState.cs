namespace Dftp.Cluster.Index;

/// <summary>A fingerprint of what a node holds, by which a peer notices that it knows something else.</summary>
/// <param name="Epoch">A start of the node's process.</param>
/// <param name="Sequence">The last change.</param>
/// <param name="Digest">The digest of all that it holds after that change.</param>
internal readonly record struct AnnouncedState(long Epoch, long Sequence, ulong Digest);
