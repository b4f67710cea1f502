using Dftp.Cluster.Index;

namespace Dftp.Cluster.Replication;

/// <summary>A parsed update message that has not been applied.</summary>
/// <param name="Header">What it says of itself.</param>
/// <param name="Patch">What it does to its sender's entries.</param>
/// <param name="Entries">How many entries it named.</param>
/// <param name="LeftOut">How many of them have names that no tree of ours can hold, and were left out.</param>
internal sealed record ReceivedUpdate(UpdateHeader Header, DirectoryPatch Patch, int Entries, int LeftOut);
