using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.Replication;

/// <summary>The header of an update.</summary>
/// <param name="Sender">The node whose entries it contains.</param>
/// <param name="IsFull">Whether it contains all entries of the sender; otherwise it contains changes.</param>
/// <param name="Time">Unix seconds of its creation.</param>
/// <param name="Position">Its position in the order of the sender's updates; null from a legacy node.</param>
/// <param name="SinceDigest">
/// For an incremental update: the digest of the state that it changes. A receiver that knows this state can apply the update, at whatever
/// position it learned the state. So a restart of either node costs only the changes since, and no full update.
/// </param>
/// <param name="Repair">For an incremental update that contains all entries of some ranges instead of changes.</param>
internal sealed record UpdateHeader(
    NodeName Sender, bool IsFull, long Time, UpdatePosition? Position, ulong? SinceDigest = null, RangeRepair? Repair = null);

/// <summary>What an update replaces that contains all entries of its sender in some ranges.</summary>
/// <param name="Ranges">The ranges. All other entries of the sender there are removed.</param>
/// <param name="Digest">The digest of all entries of the sender afterwards.</param>
internal sealed record RangeRepair(EntryRanges Ranges, ulong Digest);
