namespace Dftp.Cluster.Index;

/// <summary>
/// The order of a node's updates. A full update is the state after <see cref="Sequence"/>. An incremental one leads from the state after
/// <see cref="Since"/> to the state after <see cref="Sequence"/>.
/// </summary>
/// <param name="Incarnation">The start of the sender's process; a later start has a greater one.</param>
/// <param name="Sequence">The number of changes of the sender's entries since its start.</param>
/// <param name="Since">For a full update equal to <paramref name="Sequence"/>.</param>
internal readonly record struct UpdatePosition(long Incarnation, long Sequence, long Since);
