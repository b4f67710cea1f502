using System.Text;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Tests.Cluster.Index;

/// <summary>The merge rule said in the plainest way: a dictionary a node, and everything computed from scratch when it is asked.</summary>
internal sealed class TreeModel
{
    private readonly Dictionary<NodeName, Dictionary<VirtualPath, EntryChange>> _held = [];

    public void Apply(NodeName node, IEnumerable<EntryChange> changes)
    {
        if (!_held.TryGetValue(node, out var held)) _held[node] = held = [];
        foreach (var change in changes)
        {
            if (change.Kind is EntryChangeKind.Delete or EntryChangeKind.PutFile) RemoveTree(held, change.Path);
            if (change.Kind == EntryChangeKind.Delete) continue;
            for (var above = change.Path.Parent; !above.IsRoot; above = above.Parent)
            {
                if (held.TryGetValue(above, out var file) && file.Kind == EntryChangeKind.PutFile) held.Remove(above);
            }

            held[change.Path] = change;
        }
    }

    public void Replace(NodeName node, IEnumerable<EntryChange> entries)
    {
        _held.Remove(node);
        Apply(node, entries);
    }

    public void Remove(NodeName node) => _held.Remove(node);

    public IEnumerable<EntryChange> Held(NodeName node) => _held.TryGetValue(node, out var held) ? held.Values : [];

    /// <summary>The visible tree, a line an entry: path, kind, size, time, owner, holders.</summary>
    public IReadOnlyList<string> Render()
    {
        var directories = _held.Values.SelectMany(held => held.Keys.SelectMany(path => Above(path, held[path].Kind == EntryChangeKind.PutDirectory)))
            .ToHashSet();
        var lines = new List<string>();
        foreach (var directory in directories)
        {
            var holders = _held.Count(held => held.Value.Keys.Any(path =>
                path.IsSameOrUnder(directory) && (path != directory || held.Value[path].Kind == EntryChangeKind.PutDirectory)));
            lines.Add($"{directory}/ {holders}");
        }

        foreach (var path in _held.Values.SelectMany(held => held.Keys).Distinct().Where(path => !directories.Contains(path)))
        {
            var holders = _held.Where(held => held.Value.ContainsKey(path))
                .OrderByDescending(held => held.Value[path].Facts.Stamp)
                .ThenBy(held => held.Key)
                .ToList();
            var facts = holders[0].Value[path].Facts;
            lines.Add($"{path} {facts.Size} {facts.Modified.Nanoseconds} {holders[0].Key} {holders.Count}");
        }

        lines.Sort(StringComparer.Ordinal);
        return lines;
    }

    public static IReadOnlyList<string> Render(TreeSnapshot tree)
    {
        var lines = tree.Walk(VirtualPath.Root).Select(step => step.Entry.IsDirectory
                ? $"{step.Path}/ {step.Entry.HolderCount}"
                : $"{step.Path} {step.Entry.Size} {step.Entry.Modified.Nanoseconds} {step.Entry.Owner} {step.Entry.HolderCount}")
            .ToList();
        lines.Sort(StringComparer.Ordinal);
        return lines;
    }

    public static DirectoryBuilder Draft(IEnumerable<EntryChange> entries)
    {
        var root = new DirectoryBuilder([]);
        foreach (var entry in entries)
        {
            var directory = root;
            foreach (var name in entry.Path.Parent.Value.Split('/', StringSplitOptions.RemoveEmptyEntries))
                directory = directory.GetOrAddDirectory(Encoding.UTF8.GetBytes(name));
            var last = Encoding.UTF8.GetBytes(entry.Path.Name);
            if (entry.Kind == EntryChangeKind.PutFile) directory.AddFile(last, entry.Facts);
            else directory.GetOrAddDirectory(last).Facts = new DirectoryFacts(entry.Facts.Modified, entry.Facts.Permissions, entry.Facts.Stamp);
        }

        return root;
    }

    public static DirectoryPatch Patch(IEnumerable<EntryChange> changes)
    {
        var patch = new DirectoryPatch();
        foreach (var change in changes) change.AddTo(patch);
        return patch;
    }

    private static void RemoveTree(Dictionary<VirtualPath, EntryChange> held, VirtualPath path)
    {
        foreach (var below in held.Keys.Where(other => other.IsSameOrUnder(path)).ToList()) held.Remove(below);
    }

    private static IEnumerable<VirtualPath> Above(VirtualPath path, bool withItself)
    {
        if (withItself) yield return path;
        for (var above = path.Parent; !above.IsRoot; above = above.Parent) yield return above;
    }
}
