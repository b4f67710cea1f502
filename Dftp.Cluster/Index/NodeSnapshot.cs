using System.Text;
using Dftp.FileSystem;

namespace Dftp.Cluster.Index;

/// <summary>The entries of one node in a tree: the copies that it serves to its peers.</summary>
internal sealed class NodeSnapshot(TreeSnapshot tree, NodeName node) : SynchronousSnapshot
{
    public override TreeTotals TotalsOf(VirtualPath path)
    {
        if (path.IsRoot)
        {
            var holding = tree.HoldingOf(node);
            return new TreeTotals(holding.Files, holding.Directories, holding.Bytes, 0);
        }

        if (!TryFind(path, out var entry)) return default;
        return entry.IsDirectory
            ? Walk(path).Aggregate(new TreeTotals(0, 1, 0, 0), (sum, step) => sum + Single(step.Entry))
            : Single(entry);

        static TreeTotals Single(in Entry entry) => entry.IsDirectory ? new(0, 1, 0, 0) : new(1, 0, entry.Size, 0);
    }

    public override bool TryFind(VirtualPath path, out Entry entry)
    {
        entry = default;
        if (path.IsRoot)
        {
            entry = tree.Root.ToEntry();
            return true;
        }

        if (!TreePath.TryFindParent(tree.Root, path, out var parent, out var name)) return false;
        if (parent.FindChild(name) is { } child && child.PartOf(node) is { } childPart)
        {
            entry = ToEntry(child, childPart);
            return true;
        }

        if (parent.PartOf(node) is not { } part) return false;
        var index = part.Files.Find(name);
        if (index < 0) return false;
        entry = part.ToEntry(index);
        return true;
    }

    /// <summary>The root is shown with its owner's facts; the owner may be another node.</summary>
    public override IReadOnlyList<Entry> HoldersOf(VirtualPath path)
    {
        if (path.IsRoot) return tree.Root.PartOf(node) is { } part ? [ToEntry(tree.Root, part)] : [];
        return TryFind(path, out var entry) ? [entry] : [];
    }

    public override IEnumerable<Entry> List(VirtualPath directory) =>
        TreePath.FindDirectory(tree.Root, directory) is { } found ? List(found) : [];

    public override IEnumerable<WalkEntry> Walk(VirtualPath directory)
    {
        if (TreePath.FindDirectory(tree.Root, directory) is not { } start) yield break;
        var open = new Stack<(TreeDirectory Directory, VirtualPath Path)>();
        open.Push((start, directory));
        while (open.TryPop(out var next))
        {
            foreach (var entry in List(next.Directory)) yield return new WalkEntry(next.Path, entry);
            foreach (var child in next.Directory.Children.Reverse())
            {
                if (child.PartOf(node) is not null) open.Push((child, next.Path.Child(Encoding.UTF8.GetString(child.Name))));
            }
        }
    }

    private IEnumerable<Entry> List(TreeDirectory directory)
    {
        foreach (var child in directory.Children)
        {
            if (child.PartOf(node) is { } childPart) yield return ToEntry(child, childPart);
        }

        if (directory.PartOf(node) is not { } part) yield break;
        for (var index = 0; index < part.Files.Count; index++) yield return part.ToEntry(index);
    }

    private static Entry ToEntry(TreeDirectory directory, NodeEntries part) =>
        new(directory.Name, true, directory.Bytes, part.Facts.Modified, part.Facts.Permissions, part.Node);
}
