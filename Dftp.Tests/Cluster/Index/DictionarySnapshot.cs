using System.Runtime.CompilerServices;
using System.Text;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Tests.Cluster.Index;

/// <summary>The tree of a <see cref="DictionaryIndex"/> at one moment. Each call, and each page of a sequence, waits.</summary>
internal sealed class DictionarySnapshot : IIndexSnapshot
{
    private readonly Dictionary<NodeName, Dictionary<VirtualPath, EntryChange>> _held;
    private readonly MergedEntries _merged;

    public DictionarySnapshot(Dictionary<NodeName, Dictionary<VirtualPath, EntryChange>> held)
    {
        _held = held;
        _merged = new MergedEntries(held);
        Holdings = held.Where(node => node.Value.Count > 0).ToDictionary(node => node.Key, node => Sum(node.Value));
        Totals = _merged.TotalsOf(VirtualPath.Root);
    }

    public TreeTotals Totals { get; }

    public IReadOnlyDictionary<NodeName, NodeTotals> Holdings { get; }

    /// <summary>The tree after a change of a node's entries.</summary>
    public DictionarySnapshot With(NodeName node, Action<Dictionary<VirtualPath, EntryChange>> change)
    {
        var entries = new Dictionary<VirtualPath, EntryChange>(_held.GetValueOrDefault(node) ?? []);
        change(entries);
        return new DictionarySnapshot(new(_held) { [node] = entries });
    }

    public async ValueTask<Entry?> FindAsync(VirtualPath path, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return _merged.TryFind(path, out var entry) ? entry : null;
    }

    public async ValueTask<TreeTotals> TotalsAsync(VirtualPath path, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return _merged.TotalsOf(path);
    }

    public async ValueTask<IReadOnlyList<Entry>> HoldersAsync(VirtualPath path, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return _merged.HoldersOf(path);
    }

    public async ValueTask<IReadOnlyList<Entry>> FileHoldersAsync(VirtualPath path, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return _merged.IsDirectory(path) ? [] : _merged.HoldersOf(path);
    }

    public IAsyncEnumerable<ReadOnlyMemory<Entry>> ListAsync(VirtualPath directory, CancellationToken cancellationToken) =>
        WaitingAsync(_merged.ListAsync(directory, cancellationToken), cancellationToken);

    public IAsyncEnumerable<ReadOnlyMemory<WalkEntry>> WalkAsync(VirtualPath directory, CancellationToken cancellationToken) =>
        WaitingAsync(_merged.WalkAsync(directory, cancellationToken), cancellationToken);

    public IAsyncEnumerable<ReadOnlyMemory<WalkEntry>> SearchAsync(SearchQuery query, CancellationToken cancellationToken) =>
        WaitingAsync(_merged.SearchAsync(query, cancellationToken), cancellationToken);

    public IAsyncEnumerable<ReadOnlyMemory<WalkEntry>> CopiesAsync(VirtualPath directory, CancellationToken cancellationToken) =>
        WaitingAsync(_merged.CopiesAsync(directory, cancellationToken), cancellationToken);

    public object? Identity(VirtualPath directory) => _merged.IsDirectory(directory) ? this : null;

    private static async IAsyncEnumerable<ReadOnlyMemory<T>> WaitingAsync<T>(
        IAsyncEnumerable<ReadOnlyMemory<T>> pages, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Yield();
        await foreach (var page in pages.WithCancellation(cancellationToken))
        {
            yield return page;
            await Task.Yield();
        }
    }

    private static NodeTotals Sum(Dictionary<VirtualPath, EntryChange> entries)
    {
        var sum = new NodeTotals(0, MergedEntries.DirectoriesOf(entries).Count(path => !path.IsRoot), 0, 0);
        foreach (var (path, entry) in entries)
        {
            var above = path.Parent.Relative.ToString().Split('/', StringSplitOptions.RemoveEmptyEntries)
                .Aggregate(0UL, (hash, name) => TreeMerge.ChildHash(hash, Encoding.UTF8.GetBytes(name)));
            var own = Encoding.UTF8.GetBytes(path.Name);
            sum += entry.Kind == EntryChangeKind.PutFile
                ? new NodeTotals(1, 0, entry.Facts.Size, NodeEntries.DigestOf(NodeEntries.FileHash(above, own), entry.Facts))
                : new NodeTotals(0, 0, 0, NodeEntries.DigestOf(
                    TreeMerge.ChildHash(above, own), new DirectoryFacts(entry.Facts.Modified, entry.Facts.Permissions, entry.Facts.Stamp)));
        }

        return sum;
    }
}

/// <summary>The merge rule over dictionaries, computed once for each snapshot.</summary>
internal sealed class MergedEntries : SynchronousSnapshot
{
    private static readonly Comparer<Entry> ByName = Comparer<Entry>.Create((a, b) => a.NameUtf8.Span.SequenceCompareTo(b.NameUtf8.Span));

    private readonly Dictionary<VirtualPath, List<(NodeName Node, FileFacts Facts)>> _files = [];
    private readonly Dictionary<VirtualPath, List<(NodeName Node, DirectoryFacts Facts, bool IsAnnounced)>> _directories = [];
    private readonly Dictionary<VirtualPath, int> _hidden = [];
    private readonly ILookup<VirtualPath, VirtualPath> _children;

    public MergedEntries(Dictionary<NodeName, Dictionary<VirtualPath, EntryChange>> held)
    {
        foreach (var (node, entries) in held.OrderBy(node => node.Key))
        {
            foreach (var (path, entry) in entries.Where(entry => entry.Value.Kind == EntryChangeKind.PutFile))
                (_files.TryGetValue(path, out var known) ? known : _files[path] = []).Add((node, entry.Facts));
            foreach (var path in DirectoriesOf(entries))
            {
                var announced = entries.TryGetValue(path, out var entry) && entry.Kind == EntryChangeKind.PutDirectory ? entry : (EntryChange?)null;
                var facts = announced is { } put
                    ? new DirectoryFacts(put.Facts.Modified, put.Facts.Permissions, put.Facts.Stamp)
                    : new DirectoryFacts(Implied(entries, path), NodeEntries.DefaultPermissions);
                (_directories.TryGetValue(path, out var known) ? known : _directories[path] = []).Add((node, facts, announced is not null));
            }
        }

        foreach (var (path, copies) in _files.ToList())
        {
            if (!_directories.ContainsKey(path)) continue;
            _hidden.Add(path, copies.Count);
            _files.Remove(path);
        }

        // In the order of the rule: the sort is stable, and the nodes are sorted by name.
        foreach (var (path, copies) in _files) _files[path] = [.. copies.OrderByDescending(copy => copy.Facts.Stamp)];
        foreach (var (path, parts) in _directories)
            _directories[path] = [.. parts.OrderByDescending(part => part.IsAnnounced).ThenByDescending(part => part.Facts.Stamp)];
        _children = _files.Keys.Concat(_directories.Keys).Where(path => !path.IsRoot).ToLookup(path => path.Parent);
    }

    public bool IsDirectory(VirtualPath path) => path.IsRoot || _directories.ContainsKey(path);

    /// <summary>The directories of a node: those that it announced, and those that lead to one of its entries.</summary>
    public static IReadOnlySet<VirtualPath> DirectoriesOf(Dictionary<VirtualPath, EntryChange> entries)
    {
        var directories = new HashSet<VirtualPath>();
        foreach (var (path, entry) in entries)
        {
            for (var at = entry.Kind == EntryChangeKind.PutDirectory ? path : path.Parent; directories.Add(at) && !at.IsRoot;) at = at.Parent;
        }

        return directories;
    }

    public override bool TryFind(VirtualPath path, out Entry entry)
    {
        entry = default;
        if (path.IsRoot && !_directories.ContainsKey(path)) entry = new Entry(default, true, 0, default, NodeEntries.DefaultPermissions, default, 0);
        else if (HoldersOf(path) is [var first, ..]) entry = first;
        else return false;
        return true;
    }

    public override IReadOnlyList<Entry> HoldersOf(VirtualPath path)
    {
        var name = Encoding.UTF8.GetBytes(path.Name);
        if (_directories.TryGetValue(path, out var parts))
        {
            var size = TotalsOf(path).Bytes;
            return [.. parts.Take(1).Concat(parts.Skip(1).OrderBy(part => part.Node))
                .Select(part => new Entry(name, true, size, part.Facts.Modified, part.Facts.Permissions, part.Node, parts.Count))];
        }

        return _files.TryGetValue(path, out var copies) ? [.. copies.Select(copy => copy.Facts.ToEntry(name, copy.Node, copies.Count))] : [];
    }

    public override TreeTotals TotalsOf(VirtualPath path) => new(
        _files.Count(file => file.Key.IsSameOrUnder(path)),
        _directories.Count(directory => !directory.Key.IsRoot && directory.Key.IsSameOrUnder(path)),
        _files.Where(file => file.Key.IsSameOrUnder(path)).Sum(file => file.Value[0].Facts.Size),
        _hidden.Where(file => file.Key.IsSameOrUnder(path) && file.Key != path).Sum(file => file.Value));

    public override IEnumerable<Entry> List(VirtualPath directory) => !IsDirectory(directory) ? [] :
        _children[directory].Select(path => HoldersOf(path)[0]).OrderBy(entry => !entry.IsDirectory).ThenBy(entry => entry, ByName);

    public override IEnumerable<WalkEntry> Walk(VirtualPath directory)
    {
        foreach (var entry in List(directory)) yield return new WalkEntry(directory, entry);
        foreach (var child in List(directory).Where(entry => entry.IsDirectory))
        {
            foreach (var below in Walk(directory.Child(child.Name))) yield return below;
        }
    }

    public override IEnumerable<WalkEntry> Copies(VirtualPath directory) => Walk(directory).Where(step => !step.Entry.IsDirectory)
        .SelectMany(step => HoldersOf(step.Path).Select(copy => new WalkEntry(step.Path.Parent, copy)));

    /// <summary>The time of a directory that is not announced: the latest of its entries.</summary>
    private static UnixTime Implied(Dictionary<VirtualPath, EntryChange> entries, VirtualPath path)
    {
        var latest = new UnixTime(0);
        foreach (var child in entries.Keys.Where(other => !other.IsRoot && other.IsSameOrUnder(path) && other != path)
            .Select(below => Top(below, path)).Distinct())
        {
            var time = entries.TryGetValue(child, out var entry) ? entry.Facts.Modified : Implied(entries, child);
            if (time > latest) latest = time;
        }

        return latest;
    }

    private static VirtualPath Top(VirtualPath below, VirtualPath path)
    {
        while (below.Parent != path) below = below.Parent;
        return below;
    }
}
