using Dftp.Cluster.LocalFiles.Native;
using Dftp.Cluster.LocalFiles.Scanning;
using Microsoft.Win32.SafeHandles;

namespace Dftp.Cluster.LocalFiles.Watching;

/// <summary>inotify: a watch for each directory, and a thread that reads what is told.</summary>
/// <remarks>
/// A watch follows its directory wherever it is moved, and is one and the same for all the paths that lead to it. One
/// <see cref="KnownDirectory"/> owns it and gives its events their path: the one that was entered last.
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

    private readonly SafeFileHandle _inotify;
    private readonly SafeFileHandle _stop;
    private readonly Lock _lock = new();

    // Guarded by _lock, and so is the watch of every KnownDirectory.
    private readonly Dictionary<int, KnownDirectory> _owners = [];
    private Thread? _reader;

    private InotifySource(SafeFileHandle inotify, SafeFileHandle stop)
    {
        _inotify = inotify;
        _stop = stop;
    }

    public override long Watches
    {
        get
        {
            lock (_lock) return _owners.Count;
        }
    }

    /// <returns>Null with a reason, as the end of a sentence.</returns>
    public static InotifySource? TryOpen(out string failure)
    {
        failure = "";
        var inotify = Inotify.Open(out var errno);
        var stop = inotify is null ? null : Inotify.OpenEvent(out errno);
        if (inotify is not null && stop is not null) return new InotifySource(inotify, stop);
        inotify?.Dispose();
        failure = Errno.Describe(errno);
        return null;
    }

    public override void Start(EventSink sink)
    {
        _reader = new Thread(() => Read(sink)) { IsBackground = true, Name = "inotify" };
        _reader.Start();
    }

    public override string? Watch(KnownDirectory directory, DirectoryReader reader)
    {
        var handle = ((LinuxDirectoryReader)reader).Handle;
        var watch = Inotify.Watch(_inotify, handle, out var errno);
        if (watch < 0)
        {
            return errno == Errno.ENOSPC
                ? "the system has no watches left; allow more of them with sysctl fs.inotify.max_user_watches=1048576"
                : $"it cannot be watched: {Errno.Describe(errno)}";
        }

        lock (_lock)
        {
            _owners[watch] = directory;
            directory.Watch = watch;
        }

        return RemoteFileSystem.NameOf(StatFs.TypeOf(handle)) is { } name ? $"{name} does not tell what other machines change" : null;
    }

    public override void Unwatch(KnownDirectory directory, KnownDirectory? heir)
    {
        int watch;
        lock (_lock)
        {
            watch = directory.Watch;
            directory.Watch = 0;
            if (!_owners.TryGetValue(watch, out var owner) || owner != directory) return;
            if (heir is not null)
            {
                _owners[watch] = heir;
                return;
            }

            _owners.Remove(watch);
        }

        Inotify.Unwatch(_inotify, watch);
    }

    public override void Dispose()
    {
        Inotify.Raise(_stop);
        _reader?.Join();
        _inotify.Dispose();
        _stop.Dispose();
    }

    /// <summary>
    /// The thread's life:
    /// <list type="number">
    /// <item>wait for events or the end;</item>
    /// <item>tell all that is there;</item>
    /// <item>where the last was the first half of a rename, wait for the other half: both belong in one update;</item>
    /// <item>rest a moment.</item>
    /// </list>
    /// </summary>
    private void Read(EventSink sink)
    {
        var buffer = new byte[BufferSize];
        while (true)
        {
            // 1
            var (hasEvents, stop) = Inotify.Wait(_inotify, _stop, -1);
            if (stop) return;
            if (!hasEvents) continue;
            // 2
            try
            {
                while (Tell(buffer, sink) is { } last)
                {
                    // 3
                    if (last == Inotify.MovedFrom) Inotify.Wait(_inotify, _stop, HalfRename);
                }

                sink.EndBurst();
            }
            catch (Exception failure)
            {
                sink.TellFailed(failure);
            }

            // 4
            if (Inotify.Wait(null, _stop, Rest).Stop) return;
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

        KnownDirectory? owner;
        lock (_lock)
        {
            // Of a watch that was given up, the rest is of no interest.
            if (!_owners.TryGetValue(watch, out owner)) return;
            if ((mask & Inotify.Ignored) != 0)
            {
                _owners.Remove(watch);
                if (owner.Watch == watch) owner.Watch = 0;
            }
        }

        if ((mask & (Inotify.Ignored | Inotify.SelfDeleted | Inotify.SelfMoved | Inotify.Unmounted)) != 0)
        {
            sink.TellGone(owner.RealPath, isUnwatched: (mask & Inotify.Ignored) != 0);
            return;
        }

        var change = (mask & Inotify.IsDirectory) != 0 && (mask & (Inotify.Created | Inotify.MovedTo)) != 0 ? EntryEvent.DirectoryCame
            : (mask & Inotify.Modified) != 0 ? EntryEvent.Written
            : EntryEvent.Changed;
        sink.Tell(owner.RealPath, name, change);
    }
}
