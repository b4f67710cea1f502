using Dftp.Cluster.Index;
using Dftp.Cluster.LocalFiles.Native;
using Dftp.Cluster.LocalFiles.Scanning;
using Microsoft.Win32.SafeHandles;

namespace Dftp.Cluster.LocalFiles.Watching;

/// <summary>inotify: a watch for each directory, and a thread that reads the events, including changes of mounts.</summary>
/// <remarks>
/// A watch follows its directory wherever it is moved and is shared by all paths that lead to it, by symlinks and bind mounts. Its events
/// are delivered for all of them.
/// </remarks>
internal sealed class InotifySource : EventSource
{
    /// <summary>Room for some thousand events.</summary>
    private const int BufferSize = 256 * 1024;

    /// <summary>
    /// The pause of the thread after each read, in ms: a growing file causes an event per write, and inotify coalesces it with an identical
    /// one that is still queued.
    /// </summary>
    private const int Rest = 5;

    /// <summary>The maximum time between the two halves of a rename, in ms.</summary>
    private const int HalfRename = 2;

    /// <summary>
    /// The minimum interval between reads of the mount table, in ms, for machines that mount continuously, for example for containers.
    /// </summary>
    private const int RestAfterMounts = 100;

    /// <summary>How long a read waits for events that another thread is delivering.</summary>
    private static readonly TimeSpan CatchUpPatience = TimeSpan.FromMilliseconds(50);

    private readonly SafeFileHandle _inotify;
    private readonly SafeFileHandle _stop;
    private readonly MountTable? _mounts = MountTable.TryOpen();
    private readonly Func<byte[]?> _root;
    private readonly Lock _lock = new();

    /// <summary>
    /// Held exclusively while a watch is removed: a watch set concurrently on the same directory has the same number and would be removed
    /// with it.
    /// </summary>
    private readonly ReaderWriterLockSlim _watching = new();

    // Guarded by _lock, as is the watch of every KnownDirectory. Several directories share a watch mostly while one moves.
    private readonly Dictionary<int, KnownDirectory> _owners = [];
    private readonly Dictionary<int, List<KnownDirectory>> _others = [];
    private Thread? _reader;
    private EventSink? _sink;

    /// <summary>Held while events are read and delivered, to preserve their order.</summary>
    private readonly Lock _reading = new();

    /// <summary>Guarded by <see cref="_reading"/>.</summary>
    private readonly byte[] _buffer = new byte[BufferSize];

    private InotifySource(SafeFileHandle inotify, SafeFileHandle stop, Func<byte[]?> root)
    {
        _inotify = inotify;
        _stop = stop;
        _root = root;
    }

    public override long Watches
    {
        get
        {
            lock (_lock) return _owners.Count;
        }
    }

    /// <param name="root">The current absolute path of the root directory, without symlinks.</param>
    /// <param name="failure">Why inotify is not available, as the end of a sentence.</param>
    /// <returns>Null with a failure.</returns>
    public static InotifySource? TryOpen(Func<byte[]?> root, out string failure)
    {
        failure = "";
        var inotify = Inotify.Open(out var errno);
        var stop = inotify is null ? null : Inotify.OpenEvent(out errno);
        if (inotify is not null && stop is not null) return new InotifySource(inotify, stop, root);
        inotify?.Dispose();
        failure = Errno.Describe(errno);
        return null;
    }

    public override void Start(EventSink sink)
    {
        _sink = sink;
        _reader = new Thread(() => Read(sink)) { IsBackground = true, Name = "inotify" };
        _reader.Start();
    }

    public override string? Watch(KnownDirectory directory, DirectoryReader reader)
    {
        var handle = ((LinuxDirectoryReader)reader).Handle;
        _watching.EnterReadLock();
        try
        {
            var watch = Inotify.Watch(_inotify, handle, out var errno);
            if (watch < 0)
            {
                return errno == Errno.ENOSPC
                    ? "the system has no watches left; allow more of them with sysctl fs.inotify.max_user_watches=1048576"
                    : $"it cannot be watched: {Errno.Describe(errno)}";
            }

            lock (_lock) Own(watch, directory);
        }
        finally
        {
            _watching.ExitReadLock();
        }

        return RemoteFileSystem.NameOf(StatFs.TypeOf(handle)) is { } name ? $"{name} does not report changes by other machines" : null;
    }

    public override void Unwatch(KnownDirectory directory)
    {
        _watching.EnterWriteLock();
        try
        {
            int watch;
            lock (_lock)
            {
                watch = directory.Watch;
                directory.Watch = 0;
                if (Disown(watch, directory)) return;
            }

            Inotify.Unwatch(_inotify, watch);
        }
        finally
        {
            _watching.ExitWriteLock();
        }
    }

    /// <remarks>
    /// The kernel queues an event before the change returns to its caller, so delivering the queue now covers all completed changes.
    /// </remarks>
    public override void CatchUp()
    {
        if (_sink is not { } sink || !_reading.TryEnter(CatchUpPatience)) return;
        try
        {
            TellAll(sink, hasMounts: false);
        }
        finally
        {
            _reading.Exit();
        }
    }

    public override void Dispose()
    {
        Inotify.Raise(_stop);
        _reader?.Join();
        _inotify.Dispose();
        _stop.Dispose();
        _mounts?.Dispose();
        _watching.Dispose();
    }

    private void Own(int watch, KnownDirectory directory)
    {
        directory.Watch = watch;
        if (_owners.TryAdd(watch, directory) || _owners[watch] == directory) return;
        if (!_others.TryGetValue(watch, out var others)) _others.Add(watch, others = []);
        if (!others.Contains(directory)) others.Add(directory);
    }

    /// <returns>Whether the watch is still needed or is not this directory's.</returns>
    private bool Disown(int watch, KnownDirectory directory)
    {
        if (!_owners.TryGetValue(watch, out var owner)) return true;
        if (!_others.TryGetValue(watch, out var others))
        {
            if (owner == directory) _owners.Remove(watch);
            return owner != directory;
        }

        if (owner == directory)
        {
            _owners[watch] = others[^1];
            others.RemoveAt(others.Count - 1);
        }
        else
        {
            others.Remove(directory);
        }

        if (others.Count == 0) _others.Remove(watch);
        return true;
    }

    /// <summary>
    /// The thread's main loop:
    /// <list type="number">
    /// <item>wait for events, a change of the mounts, or the end;</item>
    /// <item>deliver mount changes first: the effects of an unmount on the watches come after it;</item>
    /// <item>deliver all queued events;</item>
    /// <item>if the last was the first half of a rename, wait for the second half: both belong in one update;</item>
    /// <item>pause.</item>
    /// </list>
    /// </summary>
    private void Read(EventSink sink)
    {
        while (true)
        {
            // 1
            var (_, hasMounts, stop) = Inotify.Wait(_inotify, _mounts?.Handle, _stop, -1);
            if (stop) return;
            lock (_reading) TellAll(sink, hasMounts);
            // 5
            if (Inotify.Wait(null, null, _stop, hasMounts ? RestAfterMounts : Rest).Stop) return;
        }
    }

    private void TellMounts(EventSink sink)
    {
        var changes = _mounts!.TakeChanges();
        if (changes.Count == 0 || _root() is not { } root) return;
        foreach (var place in changes)
        {
            if (LinuxRoot.Below(root, place) is { Length: > 0 } path)
            {
                var slash = path.AsSpan().LastIndexOf((byte)'/');
                sink.Tell(path[..Math.Max(slash, 0)], path.AsSpan(slash + 1), EntryEvent.DirectoryCame);
            }
            else if (LinuxRoot.Below(place, root) is not null)
            {
                sink.Tell([], default, EntryEvent.Changed);
            }
        }
    }

    private void TellAll(EventSink sink, bool hasMounts)
    {
        try
        {
            // 2
            if (hasMounts) TellMounts(sink);
            // 3
            while (Tell(_buffer, sink) is { } last)
            {
                // 4
                if (last == Inotify.MovedFrom) Inotify.Wait(_inotify, null, _stop, HalfRename);
            }

            sink.EndBurst();
        }
        catch (Exception failure)
        {
            sink.TellFailed(failure);
        }
    }

    /// <returns>The last event; null if there was none.</returns>
    private uint? Tell(byte[] buffer, EventSink sink)
    {
        uint? last = null;
        var count = Inotify.ReadEvents(_inotify, buffer, out var errno);
        if (count < 0) throw new IOException($"reading inotify failed: {Errno.Describe(errno)}");
        ReadOnlySpan<byte> events = buffer.AsSpan(0, count);
        while (!events.IsEmpty)
        {
            events = Inotify.Next(events, out var watch, out var mask, out var name);
            TellOne(watch, mask, name, sink);
            last = mask & Inotify.MovedFrom;
        }

        return last;
    }

    private void TellOne(int watch, uint mask, ReadOnlySpan<byte> name, EventSink sink)
    {
        if ((mask & Inotify.Overflow) != 0)
        {
            sink.TellOverflow();
            return;
        }

        List<byte[]> paths;
        lock (_lock)
        {
            // Skip events of a removed watch.
            if (!_owners.TryGetValue(watch, out var owner)) return;
            var others = _others.GetValueOrDefault(watch);
            paths = [owner.RealPath];
            // All directories reached by symlinks share one real path.
            if (others is not null) paths = [.. paths.Concat(others.Select(other => other.RealPath)).Distinct(NameBytes.Comparer)];
            if ((mask & Inotify.Ignored) != 0)
            {
                _owners.Remove(watch);
                _others.Remove(watch);
                foreach (var each in (IEnumerable<KnownDirectory>)[owner, .. others ?? []])
                {
                    if (each.Watch == watch) each.Watch = 0;
                }
            }
        }

        var isGone = (mask & (Inotify.Ignored | Inotify.SelfDeleted | Inotify.SelfMoved | Inotify.Unmounted)) != 0;
        var change = (mask & Inotify.IsDirectory) != 0 && (mask & (Inotify.Created | Inotify.MovedTo)) != 0 ? EntryEvent.DirectoryCame
            : (mask & Inotify.Modified) != 0 ? EntryEvent.Written
            : (mask & (Inotify.Created | Inotify.MovedTo | Inotify.ClosedAfterWriting)) != 0 ? EntryEvent.FileCame
            : EntryEvent.Changed;
        foreach (var path in paths)
        {
            if (isGone) sink.TellGone(path, isUnwatched: (mask & Inotify.Ignored) != 0);
            else sink.Tell(path, name, change);
        }
    }
}
