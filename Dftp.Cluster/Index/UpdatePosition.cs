namespace Dftp.Cluster.Index;

/// <summary>The order of a node's updates. A full update is the state after <see cref="Sequence"/>; an incremental one leads from
/// the state after <see cref="Since"/> to that after <see cref="Sequence"/>.</summary>
/// <param name="Epoch">A start of the sender's process; a later start has a greater one.</param>
/// <param name="Sequence">Counts the changes of what the sender holds since its start.</param>
/// <param name="Since">For a full update equal to <paramref name="Sequence"/>.</param>
internal readonly record struct UpdatePosition(long Epoch, long Sequence, long Since);
