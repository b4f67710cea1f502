namespace Dftp.FileSystem;

/// <summary>
/// A place on a node's disk that the node cannot read. The tree shows the node's last known entries at and below the path.
/// </summary>
/// <param name="Path">The path in the tree.</param>
/// <param name="Since">When it became unreadable, in whole seconds.</param>
public sealed record UnconfirmedPlace(VirtualPath Path, UnixTime Since);
