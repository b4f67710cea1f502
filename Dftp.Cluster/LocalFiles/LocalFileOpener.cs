using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles;

/// <summary>Opens this node's own copies by their paths in the tree.</summary>
/// <param name="root">The root directory.</param>
/// <param name="versions">Determines the version of an opened file.</param>
/// <param name="node">This node.</param>
/// <param name="digests">The known digests of the files beneath the root.</param>
/// <param name="time">The clock.</param>
internal sealed class LocalFileOpener(
    LocalRoot root, LocalVersions versions, NodeName node, DigestCache<FileIdentity, LocalVersion> digests, TimeProvider time) : IDisposable
{
    private readonly OpenFileCache _cache = new(root, time);

    /// <summary>Opens a range of the copy on this disk.</summary>
    public OpenResult Open(VirtualPath path, in Entry file, RangeSpec part)
    {
        var opened = OpenShared(path);
        if (!opened.IsOpened) return OpenResult.Failed(opened.Error);
        var now = versions.Describe(path, opened.File, file);
        if (part.TryResolve(now.Size, out var range)) return OpenResult.Opened(new LocalContent(opened.File, range, digests), now, range);
        opened.File.Dispose();
        return OpenResult.Outside(now);
    }

    /// <summary>Reads the facts of the copy on this disk.</summary>
    public LookResult Look(VirtualPath path, in Entry file)
    {
        var opened = OpenShared(path);
        if (!opened.IsOpened) return LookResult.Failed(opened.Error);
        using var copy = opened.File;
        var digest = copy.Facts.Size == 0 ? ContentDigest.OfNothing : digests.Find(copy.Identity, copy.Version);
        return LookResult.Of(versions.Describe(path, copy, file), digest);
    }

    public void Dispose() => _cache.Dispose();

    /// <summary>Opens the copy on this disk, whatever its current version.</summary>
    public LocalOpenResult Open(VirtualPath path)
    {
        if (!path.IsSameOrUnder(root.Mount))
            return LocalOpenResult.Failed(new FileError(FileErrorKind.NotFound, $"{path} is not on {node}"));
        var beneath = TreePath.Beneath(root.Mount, path);
        var opened = root.OpenFile(beneath);
        return opened.LacksDescriptors && _cache.Clear() ? root.OpenFile(beneath) : opened;
    }

    /// <summary>The entry of an opened file, given an earlier state of it in <paramref name="file"/>.</summary>
    public Entry EntryOf(VirtualPath path, OpenedFile opened, in Entry file) => versions.Describe(path, opened, file);

    private LocalOpenResult OpenShared(VirtualPath path)
    {
        if (_cache.TryGet(path, out var open)) return LocalOpenResult.Opened(open);
        var opened = Open(path);
        if (opened.IsOpened) _cache.Offer(path, opened.File);
        return opened;
    }
}
