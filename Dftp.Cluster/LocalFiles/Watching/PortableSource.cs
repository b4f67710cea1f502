using System.Text;
using Dftp.Cluster.LocalFiles.Scanning;

namespace Dftp.Cluster.LocalFiles.Watching;

/// <summary>
/// The framework's watcher, one for the whole root, for systems and kernels without the calls of <see cref="InotifySource"/>.
/// </summary>
/// <remarks>
/// On some systems the framework sets watches on new directories asynchronously and does not report entries created before that. So a new
/// directory is reported once more a second later. On Linux the watcher was seen to stop reporting, without an error, after many
/// directories were moved and removed at once: there, everything is polled as well.
/// </remarks>
internal sealed class PortableSource : EventSource
{
    /// <summary>The maximum that Windows accepts for a network drive.</summary>
    private const int BufferSize = 64 * 1024;

    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);

    private readonly FileSystemWatcher _watcher;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();

    // Guarded by _lock.
    private readonly List<byte[]> _new = [];
    private ITimer? _again;
    private volatile string? _failure = OperatingSystem.IsLinux() ? "the framework's watcher may miss changes on this system" : null;

    /// <param name="directory">The root directory, without symlinks.</param>
    /// <param name="time">The clock.</param>
    public PortableSource(string directory, TimeProvider time)
    {
        _time = time;
        _watcher = new FileSystemWatcher(directory)
        {
            IncludeSubdirectories = true,
            InternalBufferSize = BufferSize,
            NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName | NotifyFilters.LastWrite | NotifyFilters.Size
                | NotifyFilters.Attributes,
        };
    }

    /// <summary>There is one watch, but changes are reported for every directory.</summary>
    public override long Watches => 1;

    public override void Start(EventSink sink)
    {
        _watcher.Changed += (_, told) => Tell(sink, told.FullPath, EntryEvent.Written);
        _watcher.Deleted += (_, told) => Tell(sink, told.FullPath, EntryEvent.Changed);
        _watcher.Created += (_, told) => Tell(sink, told.FullPath, EntryEvent.DirectoryCame);
        _watcher.Renamed += (_, told) =>
        {
            Tell(sink, told.OldFullPath, EntryEvent.Changed);
            Tell(sink, told.FullPath, EntryEvent.DirectoryCame);
        };
        _watcher.Error += (_, _) =>
        {
            sink.TellOverflow();
            sink.EndBurst();
        };
        _again = _time.CreateTimer(_ => TellAgain(sink), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        try
        {
            _watcher.EnableRaisingEvents = true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _failure = $"the system does not report changes: {e.Message}";
        }
    }

    public override string? Watch(KnownDirectory directory, DirectoryReader reader)
    {
        directory.Watch = 1;
        return _failure;
    }

    public override void Unwatch(KnownDirectory directory) => directory.Watch = 0;

    public override void Dispose()
    {
        _watcher.Dispose();
        _again?.Dispose();
    }

    private void Tell(EventSink sink, string fullPath, EntryEvent change)
    {
        try
        {
            TellPath(sink, fullPath, change);
        }
        catch (Exception failure)
        {
            // An exception on the watcher's thread would end the process.
            sink.TellFailed(failure);
        }
    }

    private void TellPath(EventSink sink, string fullPath, EntryEvent change)
    {
        var path = Encoding.UTF8.GetBytes(Path.GetRelativePath(_watcher.Path, fullPath).Replace(Path.DirectorySeparatorChar, '/'));
        if (change == EntryEvent.DirectoryCame)
        {
            lock (_lock)
            {
                _new.Add(path);
                if (_new.Count == 1) _again?.Change(Again, Timeout.InfiniteTimeSpan);
            }
        }

        Tell(sink, path, change);
        // A directory's own entry changes with its content, and its permissions are reported as a change of the directory itself.
        if (change == EntryEvent.Written) sink.Tell(path, default, EntryEvent.Changed);
        sink.EndBurst();
    }

    private void TellAgain(EventSink sink)
    {
        byte[][] paths;
        lock (_lock)
        {
            paths = [.. _new];
            _new.Clear();
        }

        foreach (var path in paths) Tell(sink, path, EntryEvent.DirectoryCame);
        sink.EndBurst();
    }

    private static void Tell(EventSink sink, byte[] path, EntryEvent change)
    {
        var slash = path.AsSpan().LastIndexOf((byte)'/');
        sink.Tell(path[..Math.Max(slash, 0)], path.AsSpan(slash + 1), change);
    }
}
