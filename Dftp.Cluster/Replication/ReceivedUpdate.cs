using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.Replication;

/// <summary>A parsed update message that has not been applied.</summary>
/// <param name="Header">Its header.</param>
/// <param name="Patch">The changes of its sender's entries.</param>
/// <param name="Entries">The number of entries in it.</param>
/// <param name="LeftOut">The number of entries that were left out because their names are invalid in our tree.</param>
/// <param name="LatestStamp">The greatest stamp that is not after the receiver's limit; default if there is none.</param>
internal sealed record ReceivedUpdate(UpdateHeader Header, DirectoryPatch Patch, int Entries, int LeftOut, Stamp LatestStamp);
