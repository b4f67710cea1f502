using System.Text;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles;

/// <summary>
/// The files of this node whose content may be another one while size and modification time are as before: those that were heard, or seen by a
/// read, to be written or replaced since a scan last looked at them; and those that have again the size and the time of an earlier version.
/// Paths are those of the tree. Safe for use by many at once.
/// </summary>
/// <param name="mount">Where the root directory stands in the tree.</param>
internal sealed class RewrittenFiles(VirtualPath mount)
{
    /// <summary>Some 150 bytes each. What is heard beyond it between two scans is told by the time of birth at most.</summary>
    private const int MaxHeard = 65_536;

    private const int MaxFormerFiles = 4096, MaxFormerVersions = 4;

    private readonly Lock _lock = new();

    // Guarded by _lock.
    private readonly Dictionary<VirtualPath, Dictionary<string, long>> _heard = [];
    private readonly Dictionary<VirtualPath, List<(long Size, UnixTime Modified)>> _former = [];
    private readonly Queue<VirtualPath> _formerByAge = new();
    private int _count;
    private long _sequence;

    /// <summary>Takes in what the system has to tell until now.</summary>
    public Action? CatchUp { get; set; }

    /// <summary>Has a directory, relative to the root directory, read again.</summary>
    public Action<VirtualPath>? ReadAgain { get; set; }

    /// <summary>A file was written, or came to stand at its name.</summary>
    /// <param name="directory">Relative to the root directory.</param>
    /// <param name="name">In UTF-8, if it is a name of the tree.</param>
    public void Heard(VirtualPath directory, ReadOnlySpan<byte> name)
    {
        if (!name.IsEmpty && EntryName.Check(name) is null) Add(TreePath.Under(mount, directory), Encoding.UTF8.GetString(name));
    }

    /// <summary>A read has found a file other than the tree says.</summary>
    /// <param name="path">The file.</param>
    /// <param name="isRewritten">Size and time are the same all the same.</param>
    public void Contradicts(VirtualPath path, bool isRewritten)
    {
        if (isRewritten) Add(path.Parent, path.Name);
        ReadAgain?.Invoke(TreePath.Beneath(mount, path.Parent));
    }

    /// <summary>Whether a file was written or replaced and no scan has judged it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="isFresh">It may be so new that it was not heard yet.</param>
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

    /// <summary>A version that stood for a while gave way to another one.</summary>
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

    /// <summary>What was heard by now: a scan that begins now judges it.</summary>
    public long Mark()
    {
        lock (_lock) return _sequence;
    }

    /// <summary>The names in a directory that were heard up to a mark; null for none.</summary>
    public IReadOnlySet<string>? In(VirtualPath directory, long mark)
    {
        lock (_lock)
        {
            if (!_heard.TryGetValue(directory, out var names)) return null;
            var heard = names.Where(name => name.Value <= mark).Select(name => name.Key).ToHashSet();
            return heard.Count > 0 ? heard : null;
        }
    }

    /// <summary>A scan that began at a mark has put these directories into the tree.</summary>
    public void Judged(IEnumerable<VirtualPath> directories, long mark)
    {
        lock (_lock)
        {
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
