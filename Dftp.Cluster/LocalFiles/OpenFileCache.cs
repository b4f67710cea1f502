using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Dftp.Cluster.LocalFiles.Native;
using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles;

/// <summary>
/// Keeps recently read files open: opening and closing cost more than reading a small file. Thread-safe.
/// </summary>
/// <remarks>
/// The cache never serves stale content: each use first checks, with one system call, that the open file is still the one at its path,
/// unchanged, and closes it otherwise. A file without further requests, for example a deleted one, is closed after one to two
/// <see cref="Interval"/>s. When the cache is full, files are opened for one use.
/// </remarks>
internal sealed class OpenFileCache : IDisposable
{
    /// <summary>Bounds how long a deleted file occupies space: the file system frees it only when the file is closed.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    /// <summary>The working set of a busy site; the kernel uses about 1 KiB for each open file.</summary>
    private const int MaxFiles = 4096;

    /// <summary>The cache's share of the descriptors: connections and transfers need the others.</summary>
    private const int Share = 8;

    private readonly ConcurrentDictionary<VirtualPath, Held> _files = new();
    private readonly LocalRoot _root;
    private readonly ITimer _sweep;
    private readonly int _capacity;
    private int _count;
    private int _isSweeping;

    /// <param name="root">The root that opens the files.</param>
    /// <param name="time">The clock of the sweeps.</param>
    /// <param name="capacity">The number of files; null for a share of the descriptor limit.</param>
    public OpenFileCache(LocalRoot root, TimeProvider time, int? capacity = null)
    {
        _root = root;
        _capacity = capacity ?? (int)Math.Min(MaxFiles, DescriptorLimit.Current / Share);
        _sweep = time.CreateTimer(_ => PollingSweep(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The number of files. The dictionary's own count would lock all its buckets.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Takes a use of the file at a path, if it is cached and unchanged.</summary>
    public bool TryGet(VirtualPath path, [MaybeNullWhen(false)] out OpenedFile file)
    {
        file = null;
        if (!_files.TryGetValue(path, out var held)) return false;
        if (!_root.IsUnchanged(held.File))
        {
            Drop(path, held);
            return false;
        }

        if (!held.File.TryShare()) return false;
        held.WasUsed = true;
        file = held.File;
        return true;
    }

    /// <summary>Adds a file that was just opened, if there is room and later changes of it can be detected.</summary>
    /// <param name="path">The file's path.</param>
    /// <param name="file">The file. The caller keeps its own use.</param>
    public void Offer(VirtualPath path, OpenedFile file)
    {
        if (file.Place is null || Count >= _capacity || !file.TryShare()) return;
        if (!_files.TryAdd(path, new Held(file)))
        {
            file.Dispose();
            return;
        }

        Interlocked.Increment(ref _count);
        if (Interlocked.Exchange(ref _isSweeping, 1) == 0) ArmSweep();
    }

    /// <summary>Removes all files.</summary>
    /// <returns>Whether there were any.</returns>
    public bool Clear()
    {
        var any = false;
        foreach (var (path, held) in _files) any |= Drop(path, held);
        return any;
    }

    public void Dispose()
    {
        _sweep.Dispose();
        Clear();
    }

    private void PollingSweep()
    {
        foreach (var (path, held) in _files)
        {
            if (held.WasUsed) held.WasUsed = false;
            else Drop(path, held);
        }

        // Without files there is nothing to sweep. A concurrent addition sees that and starts the timer itself.
        Volatile.Write(ref _isSweeping, 0);
        if (Count > 0 && Interlocked.Exchange(ref _isSweeping, 1) == 0) ArmSweep();
    }

    private void ArmSweep() => _sweep.Change(Interval, Timeout.InfiniteTimeSpan);

    private bool Drop(VirtualPath path, Held held)
    {
        if (!_files.TryRemove(new KeyValuePair<VirtualPath, Held>(path, held))) return false;
        Interlocked.Decrement(ref _count);
        held.File.Dispose();
        return true;
    }

    /// <summary>A file, with a mark if it was used since the last sweep.</summary>
    private sealed class Held(OpenedFile file)
    {
        private volatile bool _wasUsed = true;

        public OpenedFile File => file;

        public bool WasUsed
        {
            get => _wasUsed;
            set => _wasUsed = value;
        }
    }
}
