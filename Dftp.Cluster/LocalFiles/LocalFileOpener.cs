using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles;

/// <summary>Opens this node's own copies, by their paths in the tree.</summary>
/// <param name="root">The root directory.</param>
/// <param name="node">This node.</param>
/// <param name="digests">What is known of the content of the files beneath it.</param>
/// <param name="time">The clock.</param>
internal sealed class LocalFileOpener(LocalRoot root, NodeName node, DigestCache<FileIdentity> digests, TimeProvider time) : IDisposable
{
    private readonly OpenFileCache _cache = new(root, time);

    /// <summary>Opens a range of the copy on this disk.</summary>
    /// <returns>The content; newer facts where the disk says other than <paramref name="file"/>; or an error.</returns>
    public OpenResult Open(VirtualPath path, in Entry file, ByteRange range)
    {
        if (_cache.TryGet(path, out var open)) return Use(open, file, range);
        var opened = Open(path);
        if (!opened.IsOpened) return OpenResult.Failed(opened.Error);
        _cache.Offer(path, opened.File);
        return Use(opened.File, file, range);
    }

    public void Dispose() => _cache.Dispose();

    private OpenResult Use(OpenedFile opened, in Entry file, ByteRange range)
    {
        var now = EntryOf(opened, file);
        if (now.HasSameContentFacts(file)) return OpenResult.Opened(new LocalContent(opened, range, digests));
        opened.Dispose();
        return OpenResult.Changed(now);
    }

    /// <summary>Opens the copy on this disk, whatever it is now.</summary>
    public LocalOpenResult Open(VirtualPath path)
    {
        if (!path.IsSameOrUnder(root.Mount)) return LocalOpenResult.Failed(new FileError(FileErrorKind.NotFound, $"{path} is not on {node}"));
        var beneath = root.Mount.IsRoot ? path : VirtualPath.Parse(path.Value[root.Mount.Value.Length..]);
        var opened = root.OpenFile(beneath);
        return opened.LacksDescriptors && _cache.Clear() ? root.OpenFile(beneath) : opened;
    }

    /// <summary>What an opened file is, as the entry of which <paramref name="file"/> was an earlier state.</summary>
    public Entry EntryOf(OpenedFile opened, in Entry file) =>
        new(file.NameUtf8, false, opened.Facts.Size, opened.Facts.Modified, opened.Facts.Permissions, node, file.HolderCount);
}
