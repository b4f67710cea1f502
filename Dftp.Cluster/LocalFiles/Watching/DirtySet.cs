using Dftp.Cluster.LocalFiles.Scanning;
using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles.Watching;

/// <summary>
/// The set of directories to read again, filled by every component that notices a change. Paths are relative to the root directory.
/// </summary>
internal sealed class DirtySet(TimeProvider time)
{
    /// <summary>The interval at which a continuously written file is announced to peers.</summary>
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

    /// <summary>The time at which files being written are due to be read again; null if there are none.</summary>
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

    /// <summary>Marks a directory's own entries.</summary>
    public void AddDirectory(VirtualPath path)
    {
        lock (_lock)
        {
            _directories.Add(path);
            _hasNews = true;
        }
    }

    /// <summary>Marks the path itself and, if it is a directory, everything below it.</summary>
    public void AddSubtree(VirtualPath path)
    {
        lock (_lock)
        {
            _directories.Add(path.Parent);
            if (!path.IsRoot) _subtrees.Add(path);
            _hasNews = true;
        }
    }

    /// <summary>Marks a directory that has a file being written.</summary>
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

    /// <summary>Wakes the waiter if anything is due at once.</summary>
    public void Raise()
    {
        lock (_lock)
        {
            if (!_hasNews) return;
            _hasNews = false;
        }

        _signal.Raise();
    }

    /// <summary>Waits until something is marked, or for the timeout.</summary>
    /// <returns>Whether something was marked.</returns>
    public Task<bool> WaitAsync(TimeSpan atMost, CancellationToken cancellationToken) => _signal.WaitAsync(atMost, time, cancellationToken);

    /// <summary>Removes and returns everything that is due.</summary>
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
            // A Dictionary allows removing and replacing entries during enumeration.
            if (!writing.IsPending)
            {
                _writing.Remove(directory);
                continue;
            }

            _directories.Add(directory);
            _writing[directory] = new Writing(time.GetTimestamp(), IsPending: false);
        }
    }

    /// <param name="ReadAt">The time at which the directory was last read because of the write.</param>
    /// <param name="IsPending">Whether there were more writes since.</param>
    private readonly record struct Writing(long ReadAt, bool IsPending);
}
