using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Dftp.Cluster.LocalFiles.Native;
using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles;

/// <summary>
/// Files that were read a moment ago, still open: opening and closing cost more than a small file's bytes. Safe for use by many at once.
/// </summary>
/// <remarks>
/// Nothing stale is ever served: each use first looks whether the very file that is open still stands at the path as it was, which
/// is one call of the kernel, and gives it up otherwise. A file that nobody asks for any more, as one that was deleted, is closed after
/// one to two <see cref="Interval"/>s. When the cache is full, files are opened for one use.
/// </remarks>
internal sealed class OpenFileCache : IDisposable
{
    /// <summary>A deleted file's space is free again only when the file is closed.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    /// <summary>A busy site's working set; the kernel holds about 1 KiB for each.</summary>
    private const int MaxFiles = 4096;

    /// <summary>The part of the descriptors that it may have: connections and transfers need the others.</summary>
    private const int Share = 8;

    private readonly ConcurrentDictionary<VirtualPath, Held> _files = new();
    private readonly LocalRoot _root;
    private readonly ITimer _sweep;
    private readonly int _capacity;
    private int _count;
    private int _isSweeping;

    /// <param name="root">Where the files are.</param>
    /// <param name="time">For the sweeps.</param>
    /// <param name="capacity">How many files it holds; null for what the machine bears.</param>
    public OpenFileCache(LocalRoot root, TimeProvider time, int? capacity = null)
    {
        _root = root;
        _capacity = capacity ?? (int)Math.Min(MaxFiles, DescriptorLimit.Current / Share);
        _sweep = time.CreateTimer(_ => PollingSweep(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>How many files it holds. The dictionary's own count would stop all who use it.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>A use of the file that stands at a path now, if it is open.</summary>
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

    /// <summary>Holds a file that was just opened, if there is room and it can be told later whether it has changed.</summary>
    /// <param name="path">Where.</param>
    /// <param name="file">The caller's use stays the caller's.</param>
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

    /// <summary>Gives all up.</summary>
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

        // Without files there is nothing to wake up for; one that comes just now sees that and sets the clock itself.
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

    /// <summary>A file and whether it was used since the last sweep.</summary>
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
