using Dftp.FileSystem;

namespace Dftp.Cluster.Index;

/// <summary>
/// Applies a node's patch to the tree and computes the change of its totals. Unchanged directories are shared with the old tree, instance
/// for instance.
/// </summary>
internal sealed class TreeMerge(NodeName node)
{
    /// <summary>The node's totals after the patch minus those before it.</summary>
    public NodeTotals Difference { get; private set; }

    public static ulong ChildHash(ulong pathHash, ReadOnlySpan<byte> name) => NameBytes.Hash(pathHash + 1, name);

    /// <summary>The directory after the patch; null if no node has it any more.</summary>
    public TreeDirectory? Apply(TreeDirectory? old, DirectoryPatch patch, byte[] name, ulong pathHash = 0)
    {
        if (patch.Replacement is { } draft) return Replace(old, draft, name, pathHash);
        if (patch.IsCleared && patch.Facts is null && patch.Files.Count == 0 && patch.Directories.Count == 0) return Remove(old);

        // 1. The directories: those in the patch, or all if the node's old state is removed.
        var oldPart = old?.PartOf(node);
        var children = new List<TreeDirectory>();
        var named = patch.Directories.OrderBy(child => child.Key, ByBytes).ToList();
        foreach (var (was, changes, childName) in Zip(old?.Children ?? [], named, child => child.Key))
        {
            var child = patch.IsCleared ? Remove(was) : was;
            if (changes.Value is not null) child = Apply(child, changes.Value, childName, ChildHash(pathHash, childName));
            if (child is not null) children.Add(child);
        }

        // 2. The files.
        var files = patch.IsCleared ? default : oldPart?.Files ?? default;
        var changed =
            patch.Files.Where(file => file.Value is not null || files.Find(file.Key) >= 0).OrderBy(file => file.Key, ByBytes).ToList();
        if (changed.Count > 0) files = Merge(files, changed);

        // 3. The directory itself.
        var announced = patch.Facts ?? (patch.IsCleared || patch.IsWithdrawn ? null : oldPart?.Announced);
        return Rebuild(old, oldPart, announced, files, children, name, pathHash);
    }

    /// <summary>The directory without the node's entries; null if no other node has it.</summary>
    public TreeDirectory? Remove(TreeDirectory? old)
    {
        if (old?.PartOf(node) is not { } part) return old;
        Count(part, null, isRoot: old.Name.Length == 0);
        if (old.PartCount == 1)
        {
            foreach (var child in old.Children) Remove(child);
            return null;
        }

        var parts = Array.FindAll(old.PartsArray(), other => other.Node != node);
        var children = new List<TreeDirectory>(old.Children.Length);
        foreach (var child in old.Children)
        {
            if (Remove(child) is { } left) children.Add(left);
        }

        return new TreeDirectory(old.Name, parts, [.. children]);
    }

    private TreeDirectory? Replace(TreeDirectory? old, DirectoryBuilder draft, byte[] name, ulong pathHash)
    {
        var children = new List<TreeDirectory>();
        foreach (var (was, now, childName) in Zip(old?.Children ?? [], draft.Directories(), child => child.Name))
        {
            var child = now is null ? Remove(was) : Replace(was, now, childName, ChildHash(pathHash, childName));
            if (child is not null) children.Add(child);
        }

        return Rebuild(old, old?.PartOf(node), draft.Facts, draft.Files(), children, name, pathHash);
    }

    private TreeDirectory? Rebuild(
        TreeDirectory? old, NodeEntries? oldPart, DirectoryFacts? announced, FileColumns files, List<TreeDirectory> children,
        byte[] name, ulong pathHash)
    {
        var sameChildren = old is not null && old.Children.AsSpan().SequenceEqual(children.ToArray());
        NodeEntries? part = null;
        if (announced is not null || files.Count > 0 || children.Exists(child => child.PartOf(node) is not null))
        {
            var implied = announced is null ? ImpliedTime(files, children) : default;
            part = oldPart is not null && oldPart.IsSameAs(announced, implied, files)
                ? oldPart
                : new NodeEntries(node, announced, implied, files, pathHash);
        }

        if (ReferenceEquals(part, oldPart) && sameChildren) return old;
        Count(oldPart, part, isRoot: name.Length == 0);

        var parts = new List<NodeEntries>(old?.PartsArray() ?? []);
        parts.RemoveAll(other => other.Node == node);
        if (part is not null)
        {
            var at = parts.FindIndex(other => other.Node > node);
            parts.Insert(at < 0 ? parts.Count : at, part);
        }

        return parts.Count == 0 && children.Count == 0
            ? null
            : new TreeDirectory(old?.Name ?? name, [.. parts], sameChildren ? old!.Children : [.. children]);
    }

    private UnixTime ImpliedTime(FileColumns files, List<TreeDirectory> children)
    {
        var latest = new UnixTime(0);
        for (var index = 0; index < files.Count; index++)
        {
            if (files[index].Modified > latest) latest = files[index].Modified;
        }

        foreach (var child in children)
        {
            if (child.PartOf(node) is { } part && part.Facts.Modified > latest) latest = part.Facts.Modified;
        }

        return latest;
    }

    private static FileColumns Merge(FileColumns old, List<KeyValuePair<byte[], FileFacts?>> changed)
    {
        var merged = new FileColumnsBuilder();
        int at = 0, next = 0;
        while (at < old.Count || next < changed.Count)
        {
            var order = at == old.Count ? 1 : next == changed.Count ? -1 : old.NameSpan(at).SequenceCompareTo(changed[next].Key);
            if (order < 0)
            {
                merged.Add(old.NameSpan(at), old[at]);
                at++;
                continue;
            }

            if (order == 0) at++;
            if (changed[next].Value is { } facts) merged.Add(changed[next].Key, facts);
            next++;
        }

        return merged.Build();
    }

    private void Count(NodeEntries? before, NodeEntries? after, bool isRoot)
    {
        var directories = isRoot ? 0 : (after is null ? 0 : 1) - (before is null ? 0 : 1);
        Difference += new NodeTotals(
            (after?.Files.Count ?? 0) - (before?.Files.Count ?? 0),
            directories,
            (after?.Files.Bytes ?? 0) - (before?.Files.Bytes ?? 0),
            (after?.Digest ?? 0) - (before?.Digest ?? 0));
    }

    private static readonly Comparer<byte[]> ByBytes = Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b));

    /// <summary>Joins two sequences that are sorted by name: each name once.</summary>
    private static IEnumerable<(TreeDirectory? Old, T? New, byte[] Name)> Zip<T>(
        TreeDirectory[] old, IReadOnlyList<T> changes, Func<T, byte[]> nameOf)
    {
        int at = 0, next = 0;
        while (at < old.Length || next < changes.Count)
        {
            var order = at == old.Length ? 1 : next == changes.Count ? -1 : ByBytes.Compare(old[at].Name, nameOf(changes[next]));
            var was = order <= 0 ? old[at++] : null;
            var change = order >= 0 ? changes[next++] : default;
            yield return (was, change, was?.Name ?? nameOf(change!));
        }
    }
}
