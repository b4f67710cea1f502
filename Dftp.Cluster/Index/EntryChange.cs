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
/// <param name="Facts">For a directory the size is 0; for a deletion only the time of change is used.</param>
/// <param name="Before">The time of change that was announced before; 0 if there was none or it is unknown.</param>
internal readonly record struct EntryChange(VirtualPath Path, EntryChangeKind Kind, FileFacts Facts, uint Before = 0)
{
    public static EntryChange Put(VirtualPath path, in FileFacts facts, uint before = 0) =>
        new(path, EntryChangeKind.PutFile, facts, before);

    public static EntryChange Put(VirtualPath path, in DirectoryFacts facts, uint before = 0) =>
        new(path, EntryChangeKind.PutDirectory, new FileFacts(0, facts.Modified, facts.Permissions, facts.Changed), before);

    public static EntryChange Delete(VirtualPath path, uint changed, uint before = 0) =>
        new(path, EntryChangeKind.Delete, new FileFacts(0, default, 0, changed), before);

    public void AddTo(DirectoryPatch patch)
    {
        switch (Kind)
        {
            case EntryChangeKind.PutFile:
                patch.PutFile(Path, Facts);
                break;
            case EntryChangeKind.PutDirectory:
                patch.PutDirectory(Path, new DirectoryFacts(Facts.Modified, Facts.Permissions, Facts.Changed));
                break;
            case EntryChangeKind.Delete:
                patch.Delete(Path);
                break;
            default:
                throw new InvalidOperationException($"no such kind of change: {Kind}");
        }
    }
}
