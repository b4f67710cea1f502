using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles.Watching;

/// <summary>A place beneath the root of which the disk does not tell the present state; what was known of it stays.</summary>
/// <param name="Path">Relative to the root directory.</param>
/// <param name="IsRest">
/// Whether it is a directory of which some entries were read, and not all; otherwise nothing of what is at the path was.
/// </param>
/// <param name="Reason">The end of a sentence.</param>
internal readonly record struct UnreadablePlace(VirtualPath Path, bool IsRest, string Reason);
