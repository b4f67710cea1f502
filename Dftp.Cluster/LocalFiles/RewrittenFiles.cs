using System.Text;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles;

/// <summary>
/// The files of this node whose content may have changed while size and modification time are the same: those that events or reads showed
/// to be written or replaced since a scan last checked them, and those that returned to the size and time of an earlier version. Paths are
/// those of the tree. Thread-safe.
/// </summary>
/// <param name="mount">The root directory's place in the tree.</param>
internal sealed class RewrittenFiles(VirtualPath mount)
{
    /// <summary>About 150 bytes each. Beyond this number, only the time of birth reveals a replaced file until the next scan.</summary>
    private const int MaxHeard = 65_536;

    private const int MaxFormerFiles = 4096, MaxFormerVersions = 4;

    private readonly Lock _lock = new();

    // Guarded by _lock.
    private readonly Dictionary<VirtualPath, Dictionary<string, long>> _heard = [];
    private readonly Dictionary<VirtualPath, List<(long Size, UnixTime Modified)>> _former = [];
    private readonly Queue<VirtualPath> _formerByAge = new();
    private readonly Dictionary<VirtualPath, long> _put = [];
    private int _count;
    private long _sequence;

    /// <summary>Processes the events that the system has queued.</summary>
    public Action? CatchUp { get; set; }

    /// <summary>Marks a directory, relative to the root directory, to be read again.</summary>
    public Action<VirtualPath>? ReadAgain { get; set; }

    /// <summary>Records that a file was written or was created or moved to its name.</summary>
    /// <param name="directory">The directory, relative to the root directory.</param>
    /// <param name="name">The name in UTF-8. Names that cannot be in the tree are ignored.</param>
    public void Heard(VirtualPath directory, ReadOnlySpan<byte> name)
    {
        if (!name.IsEmpty && EntryName.Check(name) is null) Add(TreePath.Under(mount, directory), Encoding.UTF8.GetString(name));
    }

    /// <summary>
    /// Records that this node itself has just written a file: the events up to now report only that, and a scan that began before does not
    /// know the file.
    /// </summary>
    public void Put(VirtualPath path)
    {
        CatchUp?.Invoke();
        lock (_lock)
        {
            if (_heard.TryGetValue(path.Parent, out var names) && names.Remove(path.Name))
            {
                _count--;
                if (names.Count == 0) _heard.Remove(path.Parent);
            }

            _put[path] = ++_sequence;
        }
    }

    /// <summary>Whether this node itself wrote the file at a path after a mark.</summary>
    public bool IsPutSince(VirtualPath path, long mark)
    {
        lock (_lock) return _put.Count > 0 && _put.GetValueOrDefault(path) > mark;
    }

    /// <summary>Whether this node itself wrote a file below a path after a mark.</summary>
    public bool IsPutBelowSince(VirtualPath path, long mark)
    {
        lock (_lock) return _put.Any(put => put.Value > mark && put.Key.IsSameOrUnder(path));
    }

    /// <summary>Records that a read found a file different from its entry in the tree.</summary>
    /// <param name="path">The file.</param>
    /// <param name="isRewritten">Whether the content may differ although size and time are the same as of a known version.</param>
    public void Contradicts(VirtualPath path, bool isRewritten)
    {
        if (isRewritten) Add(path.Parent, path.Name);
        ReadAgain?.Invoke(TreePath.Beneath(mount, path.Parent));
    }

    /// <summary>Whether a file was written or replaced and no scan has evaluated that yet.</summary>
    /// <param name="path">The file.</param>
    /// <param name="isFresh">Whether the file is so new that its event may not have arrived yet.</param>
    public bool Contains(VirtualPath path, bool isFresh)
    {
        if (isFresh) CatchUp?.Invoke();
        if (Volatile.Read(ref _count) == 0) return false;
        lock (_lock) return _heard.TryGetValue(path.Parent, out var names) && names.ContainsKey(path.Name);
    }

    /// <summary>Whether a size and a time are those of an earlier version of a file.</summary>
    public bool IsFormer(VirtualPath path, long size, UnixTime modified)
    {
        lock (_lock) return _former.Count > 0 && _former.TryGetValue(path, out var versions) && versions.Contains((size, modified));
    }

    /// <summary>Records that a version that had lasted for a while was replaced by another one.</summary>
    public void GaveWay(VirtualPath path, long size, UnixTime modified)
    {
        lock (_lock)
        {
            if (!_former.TryGetValue(path, out var versions))
            {
                _former.Add(path, versions = []);
                _formerByAge.Enqueue(path);
                if (_formerByAge.Count > MaxFormerFiles) _former.Remove(_formerByAge.Dequeue());
            }

            if (versions.Contains((size, modified))) return;
            if (versions.Count == MaxFormerVersions) versions.RemoveAt(0);
            versions.Add((size, modified));
        }
    }

    /// <summary>Marks the events up to now: a scan that starts now evaluates them.</summary>
    public long Mark()
    {
        lock (_lock) return _sequence;
    }

    /// <summary>The names in a directory that were recorded up to a mark; null for none.</summary>
    public IReadOnlySet<string>? In(VirtualPath directory, long mark)
    {
        lock (_lock)
        {
            if (!_heard.TryGetValue(directory, out var names)) return null;
            var heard = names.Where(name => name.Value <= mark).Select(name => name.Key).ToHashSet();
            return heard.Count > 0 ? heard : null;
        }
    }

    /// <summary>
    /// Forgets what was recorded for these directories up to the mark: a scan that started then has put them into the tree.
    /// </summary>
    public void Judged(IEnumerable<VirtualPath> directories, long mark)
    {
        lock (_lock)
        {
            foreach (var (path, sequence) in _put)
            {
                if (sequence <= mark) _put.Remove(path);
            }

            if (_count == 0) return;
            foreach (var directory in directories)
            {
                if (!_heard.TryGetValue(directory, out var names)) continue;
                foreach (var (name, sequence) in names)
                {
                    if (sequence <= mark && names.Remove(name)) _count--;
                }

                if (names.Count == 0) _heard.Remove(directory);
            }
        }
    }

    private void Add(VirtualPath directory, string name)
    {
        lock (_lock)
        {
            if (_count >= MaxHeard) return;
            if (!_heard.TryGetValue(directory, out var names)) _heard.Add(directory, names = []);
            if (names.TryAdd(name, ++_sequence)) _count++;
            else names[name] = _sequence;
        }
    }
}
