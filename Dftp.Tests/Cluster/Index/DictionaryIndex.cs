using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Tests.Cluster.Index;

/// <summary>
/// A second index, as plain as can be: a dictionary for each node, all sums computed at each use, and no call completes before its thread
/// has done something else. What works only in memory is not offered.
/// </summary>
internal sealed class DictionaryIndex : ITreeIndex
{
    private readonly Lock _lock = new();
    private readonly TreeWriter _local = new();
    private volatile DictionarySnapshot _current = new([]);

    /// <summary>Guarded by the lock: the last of the changes, which follow each other.</summary>
    private Task _last = Task.CompletedTask;

    public event Action? Changed;

    public IIndexSnapshot Current => _current;

    public TreeSnapshot Local => _local.Current;

    /// <summary>If set, changes of this peer's entries fail.</summary>
    public NodeName? FailsFor { get; set; }

    public ValueTask ApplyAsync(NodeName node, DirectoryPatch patch) => new(Then(node, held => Apply(held, patch, VirtualPath.Root)));

    public TreeSnapshot ApplyLocal(NodeName self, DirectoryPatch patch)
    {
        lock (_lock)
        {
            var local = _local.Apply(self, patch);
            Then(self, held => Replace(
                held, local.Root.PartOf(self) is null ? new DirectoryBuilder([]) : DirectoryBuilder.Of(local.Root, self), VirtualPath.Root));
            return local;
        }
    }

    public void Remove(NodeName node) => Then(node, held => held.Clear());

    /// <summary>Waits until all changes up to now have taken effect.</summary>
    public Task SettledAsync()
    {
        lock (_lock) return _last;
    }

    private Task Then(NodeName node, Action<Dictionary<VirtualPath, EntryChange>> change)
    {
        lock (_lock) return _last = RunAsync(_last, node, change);
    }

    private async Task RunAsync(Task before, NodeName node, Action<Dictionary<VirtualPath, EntryChange>> change)
    {
        await before.ContinueWith(task => task.Exception, TaskScheduler.Default);
        if (node == FailsFor) throw new IOException("the index is not reachable");
        _current = _current.With(node, change);
        Changed?.Invoke();
    }

    private static void Apply(Dictionary<VirtualPath, EntryChange> held, DirectoryPatch patch, VirtualPath at)
    {
        if (patch.Replacement is { } draft)
        {
            Replace(held, draft, at);
            return;
        }

        if (patch.IsCleared) RemoveTree(held, at);
        if (patch.Facts is { } facts) held[at] = EntryChange.Put(at, facts);
        foreach (var (name, below) in patch.Directories) Apply(held, below, Child(at, name));
        foreach (var (name, file) in patch.Files)
        {
            var path = Child(at, name);
            if (file is { } put) held[path] = EntryChange.Put(path, put);
            else if (held.TryGetValue(path, out var known) && known.Kind == EntryChangeKind.PutFile) held.Remove(path);
        }
    }

    private static void Replace(Dictionary<VirtualPath, EntryChange> held, DirectoryBuilder draft, VirtualPath at)
    {
        RemoveTree(held, at);
        if (!at.IsRoot && draft.Facts is { } facts) held[at] = EntryChange.Put(at, facts);
        var files = draft.Files();
        for (var index = 0; index < files.Count; index++)
        {
            var path = Child(at, files.NameSpan(index));
            held[path] = EntryChange.Put(path, files[index]);
        }

        foreach (var child in draft.Directories()) Replace(held, child, Child(at, child.Name));
    }

    private static void RemoveTree(Dictionary<VirtualPath, EntryChange> held, VirtualPath at)
    {
        foreach (var path in held.Keys.Where(path => path.IsSameOrUnder(at)).ToList()) held.Remove(path);
    }

    private static VirtualPath Child(VirtualPath at, ReadOnlySpan<byte> name) => at.Child(System.Text.Encoding.UTF8.GetString(name));
}
