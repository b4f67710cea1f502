using Dftp.FileSystem;

namespace Dftp.Cluster.Content;

/// <summary>Opens this node's own copies, by their paths in the tree.</summary>
internal sealed class OwnFiles(LocalRoot root, NodeName node, TimeProvider time) : IDisposable
{
    private readonly OpenFileCache _cache = new(root, time);

    /// <summary>Opens a range of the copy on this disk.</summary>
    /// <returns>The content; newer facts where the disk says other than <paramref name="file"/>; or an error.</returns>
    public OpenResult Open(VirtualPath path, in Entry file, ByteRange range)
    {
        if (_cache.TryGet(path, out var open)) return Use(open, file, range);
        if (!path.IsSameOrUnder(root.Mount)) return OpenResult.Failed(FileErrorKind.NotFound, $"{path} is not on {node}");
        var beneath = root.Mount.IsRoot ? path : VirtualPath.Parse(path.Value[root.Mount.Value.Length..]);
        var opened = root.OpenFile(beneath);
        if (opened.LacksDescriptors && _cache.Clear()) opened = root.OpenFile(beneath);
        if (!opened.IsOpened) return OpenResult.Failed(opened.Error);
        _cache.Offer(path, opened.File);
        return Use(opened.File, file, range);
    }

    public void Dispose() => _cache.Dispose();

    private OpenResult Use(OpenedFile opened, in Entry file, ByteRange range)
    {
        var facts = opened.Facts;
        var now = new Entry(file.NameUtf8, false, facts.Size, facts.Modified, facts.Permissions, node, file.HolderCount);
        if (now.HasSameContentFacts(file)) return OpenResult.Opened(new LocalContent(opened, range));
        opened.Dispose();
        return OpenResult.Changed(now);
    }
}
