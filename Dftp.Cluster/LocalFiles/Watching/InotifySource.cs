using Dftp.Cluster.Index;
using Dftp.Cluster.LocalFiles.Native;
using Dftp.Cluster.LocalFiles.Scanning;
using Microsoft.Win32.SafeHandles;

namespace Dftp.Cluster.LocalFiles.Watching;

/// <summary>inotify: a watch for each directory, and a thread that reads the events, including those of mounts.</summary>
/// <remarks>
/// A watch follows its directory wherever it is moved, and is one and the same for all the paths that lead to it: by symlinks, and by bind
/// mounts. Its events are told for all of them.
/// </remarks>
internal sealed class InotifySource : EventSource
{
    /// <summary>Some thousand events.</summary>
    private const int BufferSize = 256 * 1024;

    /// <summary>
    /// The thread rests so long after each reading, in ms: a file that grows tells an event for every write, and while it lies in the
    /// queue the next one like it costs nothing.
    /// </summary>
    private const int Rest = 5;

    /// <summary>How long the second half of a rename may take to follow the first, in ms.</summary>
    private const int HalfRename = 2;

    /// <summary>On a machine that mounts all the time, as for containers, the table is not read without a rest, in ms.</summary>
    private const int RestAfterMounts = 100;

    /// <summary>A read waits at most so long for events that another thread tells.</summary>
    private static readonly TimeSpan CatchUpPatience = TimeSpan.FromMilliseconds(50);

    private readonly SafeFileHandle _inotify;
    private readonly SafeFileHandle _stop;
    private readonly MountTable? _mounts = MountTable.TryOpen();
    private readonly Func<byte[]?> _root;
    private readonly Lock _lock = new();

    /// <summary>
    /// Held exclusively while a watch is given up: one that is set on the same directory meanwhile has the same number, and would be given up
    /// with it.
    /// </summary>
    private readonly ReaderWriterLockSlim _watching = new();

    // Guarded by _lock, and so is the watch of every KnownDirectory. Several have one watch mostly while a directory moves.
    private readonly Dictionary<int, KnownDirectory> _owners = [];
    private readonly Dictionary<int, List<KnownDirectory>> _others = [];
    private Thread? _reader;
    private EventSink? _sink;

    /// <summary>Held while events are read and told, so that they are told in their order.</summary>
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

    /// <param name="root">The absolute path of the root directory now, without symlinks.</param>
    /// <param name="failure">Why the system gives no inotify, as the end of a sentence.</param>
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

        return RemoteFileSystem.NameOf(StatFs.TypeOf(handle)) is { } name ? $"{name} does not tell what other machines change" : null;
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

    /// <remarks>Whoever changes a file finds the event in the queue when the change is done: what is in it now is all.</remarks>
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

    /// <returns>Whether the watch is still needed, or is not this directory's.</returns>
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
    /// The thread's life:
    /// <list type="number">
    /// <item>wait for events, a change of the mounts, or the end;</item>
    /// <item>tell the mounts first: what an unmounting does to the watches comes after it;</item>
    /// <item>report all queued events;</item>
    /// <item>where the last was the first half of a rename, wait for the other half: both belong in one update;</item>
    /// <item>rest a moment.</item>
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

    /// <returns>What the last event was; null when there was none.</returns>
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
            // Of a watch that was given up, the rest is of no interest.
            if (!_owners.TryGetValue(watch, out var owner)) return;
            var others = _others.GetValueOrDefault(watch);
            paths = [owner.RealPath];
            // Those that are reached by symlinks have one real path.
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
