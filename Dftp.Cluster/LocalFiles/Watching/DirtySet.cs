using Dftp.Cluster.LocalFiles.Scanning;
using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles.Watching;

/// <summary>What is to be read again, gathered from all who notice that something changed. Paths are relative to the root directory.</summary>
internal sealed class DirtySet(TimeProvider time)
{
    /// <summary>The interval at which a file that is written continuously is announced to peers.</summary>
    public static readonly TimeSpan WhileWritten = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly AsyncAutoResetEvent _signal = new();

    // Guarded by _lock.
    private readonly Dictionary<VirtualPath, Writing> _writing = [];
    private HashSet<VirtualPath> _directories = [];
    private HashSet<VirtualPath> _subtrees = [];
    private bool _everything;
    private bool _hasNews;

    public bool IsEmpty
    {
        get
        {
            lock (_lock) return _directories.Count == 0 && !_everything;
        }
    }

    /// <summary>When what is being written is due to be read again; null while nothing is.</summary>
    public TimeSpan? NextDue
    {
        get
        {
            lock (_lock)
            {
                if (_writing.Count == 0) return null;
                var due = WhileWritten - _writing.Values.Max(writing => time.GetElapsedTime(writing.ReadAt));
                return due > TimeSpan.Zero ? due : TimeSpan.Zero;
            }
        }
    }

    /// <summary>Its own entries.</summary>
    public void AddDirectory(VirtualPath path)
    {
        lock (_lock)
        {
            _directories.Add(path);
            _hasNews = true;
        }
    }

    /// <summary>All below it, if it is a directory, and what stands at the path in any case.</summary>
    public void AddSubtree(VirtualPath path)
    {
        lock (_lock)
        {
            _directories.Add(path.Parent);
            if (!path.IsRoot) _subtrees.Add(path);
            _hasNews = true;
        }
    }

    /// <summary>A file in it is being written.</summary>
    public void AddWritten(VirtualPath directory)
    {
        lock (_lock)
        {
            if (_writing.TryGetValue(directory, out var writing))
            {
                if (!writing.IsPending) _writing[directory] = writing with { IsPending = true };
                return;
            }

            _writing.Add(directory, new Writing(time.GetTimestamp(), IsPending: false));
            _directories.Add(directory);
            _hasNews = true;
        }
    }

    public void AddEverything()
    {
        lock (_lock) _everything = _hasNews = true;
    }

    /// <summary>Wakes who waits, if there is anything that is not to wait for its time.</summary>
    public void Raise()
    {
        lock (_lock)
        {
            if (!_hasNews) return;
            _hasNews = false;
        }

        _signal.Raise();
    }

    /// <summary>Waits until something is marked, or until the timeout.</summary>
    /// <returns>Whether something was told.</returns>
    public Task<bool> WaitAsync(TimeSpan atMost, CancellationToken cancellationToken) => _signal.WaitAsync(atMost, time, cancellationToken);

    /// <summary>Takes all that is due.</summary>
    public DirtyBatch Take(out bool everything)
    {
        lock (_lock)
        {
            TakeWritten();
            var batch = new DirtyBatch(_directories, _subtrees);
            everything = _everything;
            (_directories, _subtrees, _everything) = ([], [], false);
            return batch;
        }
    }

    private void TakeWritten()
    {
        foreach (var (directory, writing) in _writing)
        {
            if (time.GetElapsedTime(writing.ReadAt) < WhileWritten) continue;
            // Entries may be removed and replaced while a Dictionary is enumerated.
            if (!writing.IsPending)
            {
                _writing.Remove(directory);
                continue;
            }

            _directories.Add(directory);
            _writing[directory] = new Writing(time.GetTimestamp(), IsPending: false);
        }
    }

    /// <param name="ReadAt">When the directory was last read because of it.</param>
    /// <param name="IsPending">Whether more was written since.</param>
    private readonly record struct Writing(long ReadAt, bool IsPending);
}
