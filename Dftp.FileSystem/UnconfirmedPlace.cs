namespace Dftp.FileSystem;

/// <summary>A place of which its node cannot read the present state: what the tree has of the node at the path and below it is as it was.</summary>
/// <param name="Path">The path in the tree.</param>
/// <param name="Since">Since when it cannot be read, in whole seconds.</param>
public sealed record UnconfirmedPlace(VirtualPath Path, UnixTime Since);
