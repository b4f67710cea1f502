using System.Collections.Immutable;
using Dftp.FileSystem;

namespace Dftp.Cluster.Index;

/// <summary>The merged tree at one moment.</summary>
internal sealed class TreeSnapshot : SynchronousSnapshot, IIndexSnapshot
{
    public static readonly TreeSnapshot Empty = new(TreeDirectory.Empty, ImmutableSortedDictionary<NodeName, NodeTotals>.Empty, 0);

    public TreeSnapshot(TreeDirectory root, ImmutableSortedDictionary<NodeName, NodeTotals> holdings, long version)
    {
        Root = root;
        Holdings = holdings;
        Version = version;
    }

    public TreeDirectory Root { get; }

    /// <summary>The totals of each node. A node without entries is not in it.</summary>
    public ImmutableSortedDictionary<NodeName, NodeTotals> Holdings { get; }

    /// <summary>The number of changes of the tree in this process.</summary>
    public long Version { get; }

    public TreeTotals Totals => new(Root.Files, Root.Directories, Root.Bytes, Root.HiddenFiles);

    IReadOnlyDictionary<NodeName, NodeTotals> IIndexSnapshot.Holdings => Holdings;

    public NodeTotals HoldingOf(NodeName node) => Holdings.GetValueOrDefault(node);

    /// <summary>A node's digest, computed from its parts.</summary>
    public ulong DigestOf(NodeName node)
    {
        return Sum(Root, node);

        static ulong Sum(TreeDirectory directory, NodeName node)
        {
            if (directory.PartOf(node) is not { } part) return 0;
            var sum = part.Digest;
            foreach (var child in directory.Children) sum += Sum(child, node);
            return sum;
        }
    }

    /// <summary>The greatest stamp of a node's entries that is not after the given one; default if there is none.</summary>
    public Stamp LatestStampOf(NodeName node, Stamp atMost)
    {
        return Latest(Root, node, atMost);

        static Stamp Latest(TreeDirectory directory, NodeName node, Stamp atMost)
        {
            if (directory.PartOf(node) is not { } part) return default;
            var latest = part.Files.LatestStamp(atMost);
            if (part.Facts.Stamp > latest && part.Facts.Stamp <= atMost) latest = part.Facts.Stamp;
            foreach (var child in directory.Children)
            {
                if (Latest(child, node, atMost) is var below && below > latest) latest = below;
            }

            return latest;
        }
    }

    public override bool TryFind(VirtualPath path, out Entry entry)
    {
        entry = default;
        if (path.IsRoot)
        {
            entry = Root.ToEntry();
            return true;
        }

        if (!TreePath.TryFindParent(Root, path, out var parent, out var name)) return false;
        if (parent.FindChild(name) is { } directory)
        {
            entry = directory.ToEntry();
            return true;
        }

        if (TreePath.FindOwner(parent, name, out var index, out var holders) is not { } owner) return false;
        entry = EntryOf(owner, index, holders);
        return true;
    }

    public override TreeTotals TotalsOf(VirtualPath path)
    {
        if (TreePath.FindDirectory(Root, path) is { } found)
            return new(found.Files, found.Directories + (path.IsRoot ? 0 : 1), found.Bytes, found.HiddenFiles);
        return TryFind(path, out var file) ? new(1, 0, file.Size, 0) : default;
    }

    private static Entry EntryOf(NodeEntries part, int index, int holders) =>
        part.Files[index].ToEntry(part.Files.Name(index), part.Node, holders);

    public override IReadOnlyList<Entry> HoldersOf(VirtualPath path)
    {
        if (TreePath.FindDirectory(Root, path) is not { } directory) return FileHoldersOf(path);
        var parts = directory.PartsArray();
        if (parts.Length == 0) return [];
        var owner = directory.Owner;
        return
        [
            .. parts.OrderBy(part => part != owner).Select(part => new Entry(
                directory.Name, true, directory.Bytes, part.Facts.Modified, part.Facts.Permissions, part.Node, parts.Length)),
        ];
    }

    /// <summary>All holders of a file, the owner first, each with its own facts; empty for a directory or a missing path.</summary>
    public IReadOnlyList<Entry> FileHoldersOf(VirtualPath path)
    {
        if (path.IsRoot || !TreePath.TryFindParent(Root, path, out var parent, out var name) || parent.FindChild(name) is not null)
            return [];
        var holders = TreePath.Holders(parent, name);
        var entries = new Entry[holders.Count];
        for (var i = 0; i < entries.Length; i++) entries[i] = EntryOf(holders[i].Part, holders[i].Index, entries.Length);
        return entries;
    }

    public ValueTask<IReadOnlyList<Entry>> FileHoldersAsync(VirtualPath path, CancellationToken cancellationToken = default) =>
        new(FileHoldersOf(path));

    public override object? Identity(VirtualPath directory) => TreePath.FindDirectory(Root, directory);

    public override IEnumerable<Entry> List(VirtualPath directory) =>
        TreePath.FindDirectory(Root, directory) is { } found ? List(found) : [];

    public override IEnumerable<WalkEntry> Walk(VirtualPath directory) =>
        TreePath.FindDirectory(Root, directory) is { } found ? Walk(found, directory) : [];

    public override IEnumerable<WalkEntry> Search(SearchQuery query, CancellationToken cancellationToken) =>
        TreePath.FindDirectory(Root, query.Under) is { } found ? new TreeSearch(query).Run(found, cancellationToken) : [];

    public override IEnumerable<WalkEntry> Copies(VirtualPath directory)
    {
        foreach (var (found, path) in Directories(directory))
        {
            foreach (var part in found.PartsArray())
            {
                for (var index = 0; index < part.Files.Count; index++)
                {
                    if (found.HidesFiles && found.FindChild(part.Files.NameSpan(index)) is not null) continue;
                    yield return new WalkEntry(path, part.ToEntry(index));
                }
            }
        }
    }

    /// <summary>The entries of a directory, its directories first.</summary>
    internal static IEnumerable<Entry> List(TreeDirectory directory)
    {
        foreach (var child in directory.Children) yield return child.ToEntry();
        var merge = new FileMerge(directory.PartsArray());
        while (merge.MoveNext())
        {
            if (directory.HidesFiles && directory.FindChild(merge.Name) is not null) continue;
            yield return merge.ToEntry();
        }
    }

    /// <summary>A directory and everything below it.</summary>
    private IEnumerable<(TreeDirectory Directory, VirtualPath Path)> Directories(VirtualPath from) =>
        TreePath.FindDirectory(Root, from) is { } found ? Directories(found, from) : [];

    private static IEnumerable<WalkEntry> Walk(TreeDirectory directory, VirtualPath path)
    {
        foreach (var next in Directories(directory, path))
        {
            // As List does it: an iterator within this one would cost each entry a third of its time.
            foreach (var child in next.Directory.Children) yield return new WalkEntry(next.Path, child.ToEntry());
            var merge = new FileMerge(next.Directory.PartsArray());
            while (merge.MoveNext())
            {
                if (next.Directory.HidesFiles && next.Directory.FindChild(merge.Name) is not null) continue;
                yield return new WalkEntry(next.Path, merge.ToEntry());
            }
        }
    }

    private static IEnumerable<(TreeDirectory Directory, VirtualPath Path)> Directories(TreeDirectory directory, VirtualPath path)
    {
        // An explicit stack: with nested iterators each step would cost as much as the tree is deep.
        var open = new Stack<(TreeDirectory Directory, VirtualPath Path)>();
        open.Push((directory, path));
        while (open.TryPop(out var next))
        {
            yield return next;
            for (var index = next.Directory.Children.Length - 1; index >= 0; index--)
            {
                var child = next.Directory.Children[index];
                open.Push((child, next.Path.Child(System.Text.Encoding.UTF8.GetString(child.Name))));
            }
        }
    }
}
