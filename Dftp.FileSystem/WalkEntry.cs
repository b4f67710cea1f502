namespace Dftp.FileSystem;

/// <summary>One step of a walk: an entry and the directory that holds it.</summary>
/// <remarks>
/// All entries of one directory carry the same <see cref="Directory"/> instance, so that a writer renders its prefix once.
/// </remarks>
public readonly record struct WalkEntry(VirtualPath Directory, Entry Entry)
{
    public VirtualPath Path => Directory.Child(Entry.Name);
}
