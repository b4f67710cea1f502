namespace Dftp.Cluster.Index;

/// <summary>A fingerprint of a node's entries, by which a peer notices that its copy of them is out of date.</summary>
/// <param name="Incarnation">The start of the node's process.</param>
/// <param name="Sequence">The last change.</param>
/// <param name="Digest">The digest of all entries after that change.</param>
internal readonly record struct AnnouncedState(long Incarnation, long Sequence, ulong Digest);
