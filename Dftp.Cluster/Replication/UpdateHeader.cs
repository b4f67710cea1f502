using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.Replication;

/// <summary>What an update says of itself.</summary>
/// <param name="Sender">The node whose entries it carries.</param>
/// <param name="IsFull">Whether it names all that the sender holds; otherwise it names changes.</param>
/// <param name="Time">Unix seconds at which it was made.</param>
/// <param name="Position">Where it stands among the sender's updates; null from a legacy node.</param>
/// <param name="SinceDigest">
/// Of an incremental update: the digest of the state that it changes. Whoever knows that state can use it, whatever was the position by
/// which that state became known; so a start of either node costs what changed meanwhile and no full update.
/// </param>
internal sealed record UpdateHeader(NodeName Sender, bool IsFull, long Time, UpdatePosition? Position, ulong? SinceDigest = null);
