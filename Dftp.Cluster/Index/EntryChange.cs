using Dftp.FileSystem;

namespace Dftp.Cluster.Index;

internal enum EntryChangeKind
{
    PutFile,
    PutDirectory,

    /// <summary>The path and everything below it were removed.</summary>
    Delete,
}

/// <summary>One entry of an incremental update.</summary>
/// <param name="Path">The path; never the root.</param>
/// <param name="Kind">The kind of change.</param>
/// <param name="Facts">For a directory the size is 0; for a deletion only the stamp is used.</param>
/// <param name="Before">The stamp that was announced before; default if there was none or it is unknown.</param>
internal readonly record struct EntryChange(VirtualPath Path, EntryChangeKind Kind, FileFacts Facts, Stamp Before = default)
{
    public static EntryChange Put(VirtualPath path, in FileFacts facts, Stamp before = default) =>
        new(path, EntryChangeKind.PutFile, facts, before);

    public static EntryChange Put(VirtualPath path, in DirectoryFacts facts, Stamp before = default) =>
        new(path, EntryChangeKind.PutDirectory, new FileFacts(0, facts.Modified, facts.Permissions, facts.Stamp), before);

    public static EntryChange Delete(VirtualPath path, Stamp stamp, Stamp before = default) =>
        new(path, EntryChangeKind.Delete, new FileFacts(0, default, 0, stamp), before);

    public void AddTo(DirectoryPatch patch)
    {
        switch (Kind)
        {
            case EntryChangeKind.PutFile:
                patch.PutFile(Path, Facts);
                break;
            case EntryChangeKind.PutDirectory:
                patch.PutDirectory(Path, new DirectoryFacts(Facts.Modified, Facts.Permissions, Facts.Stamp));
                break;
            case EntryChangeKind.Delete:
                patch.Delete(Path);
                break;
            default:
                throw new InvalidOperationException($"no such kind of change: {Kind}");
        }
    }
}
