using Dftp.FileSystem;

namespace Dftp.Cluster.Updates;

/// <summary>What an update says of itself.</summary>
/// <param name="Sender">The node whose entries it carries.</param>
/// <param name="IsFull">Whether it names all that the sender holds; otherwise it names changes.</param>
/// <param name="Time">Unix seconds at which it was made.</param>
/// <param name="Position">Where it stands among the sender's updates; null from an original node.</param>
/// <param name="SinceDigest">
/// Of an incremental update: the digest of the state that it changes. Whoever knows that state can use it, whatever was the position by
/// which that state became known; so a start of either node costs what changed meanwhile and no full update.
/// </param>
internal sealed record UpdateHeader(NodeName Sender, bool IsFull, long Time, UpdatePosition? Position, ulong? SinceDigest = null);

/// <summary>The order of a node's updates. A full update is the state after <see cref="Sequence"/>; an incremental one leads from
/// the state after <see cref="Since"/> to that after <see cref="Sequence"/>.</summary>
/// <param name="Epoch">A start of the sender's process; a later start has a greater one.</param>
/// <param name="Sequence">Counts the changes of what the sender holds since its start.</param>
/// <param name="Since">For a full update equal to <paramref name="Sequence"/>.</param>
internal readonly record struct UpdatePosition(long Epoch, long Sequence, long Since);
