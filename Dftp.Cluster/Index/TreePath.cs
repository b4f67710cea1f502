using System.Text;
using Dftp.FileSystem;

namespace Dftp.Cluster.Index;

/// <summary>Resolves paths in the tree.</summary>
internal static class TreePath
{
    /// <summary>Maps a path beneath a mounted directory to its path in the tree.</summary>
    public static VirtualPath Under(VirtualPath mount, VirtualPath beneath) =>
        mount.IsRoot ? beneath : beneath.IsRoot ? mount : VirtualPath.Parse(mount.Value + beneath.Value);

    /// <summary>Maps a path in the tree to its path beneath a mounted directory.</summary>
    /// <param name="mount">Where the directory is mounted.</param>
    /// <param name="path">The mount or a path below it.</param>
    public static VirtualPath Beneath(VirtualPath mount, VirtualPath path) =>
        mount.IsRoot ? path : path == mount ? VirtualPath.Root : VirtualPath.Parse(path.Value[mount.Value.Length..]);

    public static TreeDirectory? FindDirectory(TreeDirectory root, VirtualPath path)
    {
        if (path.IsRoot) return root;
        return TryFindParent(root, path, out var parent, out var name) ? parent.FindChild(name) : null;
    }

    /// <summary>Finds the directory that would contain the path's last name, and that name. The path is not the root.</summary>
    public static bool TryFindParent(TreeDirectory root, VirtualPath path, out TreeDirectory parent, out ReadOnlySpan<byte> name)
    {
        // A name is never longer than its path: one buffer serves all names.
        var bytes = Encoding.UTF8.GetBytes(path.Value);
        var rest = bytes.AsSpan(1);
        parent = root;
        for (var slash = rest.IndexOf((byte)'/'); slash >= 0; slash = rest.IndexOf((byte)'/'))
        {
            if (parent.FindChild(rest[..slash]) is not { } child)
            {
                name = default;
                return false;
            }

            parent = child;
            rest = rest[(slash + 1)..];
        }

        name = rest;
        return true;
    }

    /// <summary>The facts of one node's file at a path; null if it has none there.</summary>
    public static FileFacts? FileOf(TreeDirectory root, VirtualPath path, NodeName node)
    {
        if (path.IsRoot || !TryFindParent(root, path, out var parent, out var name) || parent.PartOf(node) is not { } part) return null;
        var index = part.Files.Find(name);
        return index < 0 ? null : part.Files[index];
    }

    /// <summary>The part whose file of that name the tree shows; null if no part has one.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="name">The name.</param>
    /// <param name="index">The index of the file in its part.</param>
    /// <param name="holders">The number of parts that have such a file.</param>
    public static NodeEntries? FindOwner(TreeDirectory directory, ReadOnlySpan<byte> name, out int index, out int holders)
    {
        (index, holders) = (-1, 0);
        NodeEntries? owner = null;
        foreach (var part in directory.PartsArray())
        {
            var found = part.Files.Find(name);
            if (found < 0) continue;
            holders++;
            if (owner is not null && !OwnerRule.Wins(part.Files[found].Stamp, part.Node, owner.Files[index].Stamp, owner.Node))
                continue;
            (owner, index) = (part, found);
        }

        return owner;
    }

    /// <summary>The parts that have a file of that name, in the order of <see cref="OwnerRule"/>.</summary>
    public static List<(NodeEntries Part, int Index)> Holders(TreeDirectory directory, ReadOnlySpan<byte> name)
    {
        var holders = new List<(NodeEntries Part, int Index)>(1);
        foreach (var part in directory.PartsArray())
        {
            var index = part.Files.Find(name);
            if (index >= 0) holders.Add((part, index));
        }

        if (holders.Count > 1)
        {
            holders.Sort(
                (a, b) => OwnerRule.Wins(a.Part.Files[a.Index].Stamp, a.Part.Node, b.Part.Files[b.Index].Stamp, b.Part.Node) ? -1 : 1);
        }

        return holders;
    }
}
