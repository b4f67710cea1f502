using Dftp.FileSystem;

namespace Dftp.Cluster.Index;

/// <summary>
/// A directory of the tree: the parts of the nodes that have it or an entry below it, and its subdirectories. Immutable: a change creates
/// new instances from the changed directory up to the root and shares the rest.
/// </summary>
internal sealed class TreeDirectory
{
    public static readonly TreeDirectory Empty = new([], [], []);

    // Usually there is one part, stored here directly, which saves an array for each directory.
    private readonly object _parts;

    /// <param name="name">UTF-8; empty for the root.</param>
    /// <param name="parts">Sorted by node name; empty only in the root of an empty tree.</param>
    /// <param name="children">Sorted by the bytes of their names.</param>
    public TreeDirectory(byte[] name, NodeEntries[] parts, TreeDirectory[] children)
    {
        Name = name;
        _parts = parts.Length == 1 ? parts[0] : parts;
        Children = children;

        if (parts.Length == 1)
        {
            var files = parts[0].Files;
            Files = files.Count;
            Bytes = files.Bytes;
            foreach (var child in children)
            {
                var hidden = files.Find(child.Name);
                if (hidden < 0) continue;
                HidesFiles = true;
                HiddenFiles++;
                Files--;
                Bytes -= files[hidden].Size;
            }
        }
        else
        {
            var merge = new FileMerge(parts);
            while (merge.MoveNext())
            {
                if (children.Length > 0 && FindChild(merge.Name) is not null)
                {
                    HidesFiles = true;
                    HiddenFiles += merge.HolderCount;
                    continue;
                }

                Files++;
                Bytes += merge.Facts.Size;
            }
        }

        foreach (var child in children)
        {
            Files += child.Files;
            Bytes += child.Bytes;
            Directories += child.Directories + 1;
            HiddenFiles += child.HiddenFiles;
        }
    }

    public byte[] Name { get; }

    public TreeDirectory[] Children { get; }

    /// <summary>Visible files in and below this directory.</summary>
    public int Files { get; }

    public int Directories { get; }

    public int HiddenFiles { get; }

    /// <summary>The sum of the sizes of the visible files in and below this directory.</summary>
    public long Bytes { get; }

    /// <summary>Whether a file in this directory has the name of a subdirectory.</summary>
    public bool HidesFiles { get; }

    public NodeEntries[] PartsArray() => _parts as NodeEntries[] ?? [(NodeEntries)_parts];

    public int PartCount => _parts is NodeEntries[] several ? several.Length : 1;

    /// <summary>Null if several nodes have a part, or none.</summary>
    public NodeEntries? OnlyPart => _parts as NodeEntries;

    public NodeEntries Owner => _parts is NodeEntries[] several ? OwnerRule.OwnerOf(several) : (NodeEntries)_parts;

    public NodeEntries? PartOf(NodeName node)
    {
        if (_parts is NodeEntries only) return only.Node == node ? only : null;
        foreach (var part in (NodeEntries[])_parts)
        {
            if (part.Node == node) return part;
        }

        return null;
    }

    public TreeDirectory? FindChild(ReadOnlySpan<byte> name)
    {
        int low = 0, high = Children.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var order = Children[middle].Name.AsSpan().SequenceCompareTo(name);
            if (order == 0) return Children[middle];
            if (order < 0) low = middle + 1;
            else high = middle - 1;
        }

        return null;
    }

    /// <summary>The directory as an entry of its parent; null in an empty root, which has no owner.</summary>
    public Entry ToEntry()
    {
        if (PartCount == 0) return new Entry(Name, true, 0, default, NodeEntries.DefaultPermissions, default, 0);
        var owner = Owner;
        return new Entry(Name, true, Bytes, owner.Facts.Modified, owner.Facts.Permissions, owner.Node, PartCount);
    }
}
