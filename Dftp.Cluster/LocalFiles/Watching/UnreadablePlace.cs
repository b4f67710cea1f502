using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles.Watching;

/// <summary>A place beneath the root whose present state is unknown; its known entries stay.</summary>
/// <param name="Path">Relative to the root directory.</param>
/// <param name="IsRest">
/// True for a directory of which only some entries were read; false if nothing at the path could be read.
/// </param>
/// <param name="Reason">The reason, as the end of a sentence.</param>
internal readonly record struct UnreadablePlace(VirtualPath Path, bool IsRest, string Reason);
