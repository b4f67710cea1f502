using System.Text;
using Dftp.Cluster.Content;
using Dftp.Cluster.Tree;
using Dftp.FileSystem;

namespace Dftp.Cluster.Scanning;

/// <summary>One scan, and what its threads share.</summary>
internal sealed class ScanRun(LocalRoot root, bool recursive, Action<string, string> logUnreadable)
{
    private readonly ScanQueue _queue = new(holds: 1);
    private readonly Lock _totals = new();
    private long _files;
    private long _directories;
    private long _bytes;

    public LocalRoot Root => root;

    public SkippedEntries Skipped { get; } = new();

    /// <summary>Where the scan started, once it was opened.</summary>
    public DirectoryDraft? Start { get; private set; }

    /// <summary>Why the root could not be opened.</summary>
    public string RootFailure { get; private set; } = "it was removed";

    /// <summary>
    /// The life of one thread of the scan:
    /// <list type="number">
    /// <item>the first thread finds the start;</item>
    /// <item>each takes a directory, opens it, hangs it into the draft above, and reads it by its <see cref="EntryCollector"/>;</item>
    /// <item>the directories found there are shared out;</item>
    /// <item>when none is left, the threads add up what they counted.</item>
    /// </list>
    /// A directory is hung in only after it was opened, so that what vanished or may not be read leaves no trace; and its own
    /// directories only after all its files were added, so that they alone share its draft, under a lock.
    /// </summary>
    /// <param name="start">Of the first thread; null for the others.</param>
    /// <param name="cancellationToken">Ends all threads.</param>
    public void Work(VirtualPath? start, CancellationToken cancellationToken)
    {
        using var stop = cancellationToken.Register(_queue.Stop);
        try
        {
            // 1
            if (start is { } path)
            {
                if (FindStart(path) is { } found) _queue.Add([found]);
                _queue.Finish();
            }

            var collector = new EntryCollector(this, cancellationToken);
            while (_queue.TryTake(out var directory))
            {
                cancellationToken.ThrowIfCancellationRequested();
                // 2
                ReadOne(directory, collector);
                // 3
                _queue.Add(collector.TakeDirectories());
                _queue.Finish();
            }

            // 4
            cancellationToken.ThrowIfCancellationRequested();
            AddUp(collector);
        }
        catch
        {
            _queue.Stop();
            throw;
        }
    }

    public ScanResult ToResult(TimeSpan duration) => new(Start, _files, _directories, _bytes, duration, Skipped);

    public void SkipUnreadable(SkipReason reason, ReadOnlySpan<byte> directory, ReadOnlySpan<byte> name, string failure)
    {
        Skipped.Add(reason, directory, name);
        logUnreadable(PrintablePath.Of(directory, name), failure);
    }

    /// <summary>Follows a path as the scan of the whole root would come to it.</summary>
    private ScannedDirectory? FindStart(VirtualPath path)
    {
        var at = ScannedDirectory.Root();
        foreach (var range in path.Relative.Split('/'))
        {
            var name = Encoding.UTF8.GetBytes(path.Relative[range].ToArray());
            if (name.Length == 0) return at;
            using var opened = Enter(at);
            if (opened is null) return null;
            var child = root.Examine(at.RealPathOf(name)) switch
            {
                EntryKind.Directory => at.Child(name),
                EntryKind.Link when !at.IsBehindLink && root.ResolveLink(at.RealPathOf(name)).RealPath is { } real =>
                    at.LinkedChild(name, real),
                _ => null,
            };
            if (child is null) return null;
            at = child;
        }

        return at;
    }

    private void ReadOne(ScannedDirectory directory, EntryCollector collector)
    {
        using var reader = Enter(directory);
        if (reader is null) return;

        var isStart = directory.Parent?.Draft is null;
        directory.Draft = isStart ? Start = new DirectoryDraft(directory.Name) { Facts = reader.Facts } : HangIn(directory, reader.Facts);
        if (!isStart) collector.CountDirectory();
        if (!isStart && !recursive) return;

        if (collector.Collect(directory, reader) is { } failure)
        {
            SkipUnreadable(SkipReason.UnreadableDirectory, directory.Path, default, failure);
        }

        // All its files are known: packed now, what gathered them does not pile up.
        directory.Draft.Files();
    }

    /// <summary>Opens a directory unless it vanished, may not be read, or is a symlink to a directory above itself.</summary>
    private DirectoryReader? Enter(ScannedDirectory directory)
    {
        var reader = root.OpenDirectory(directory.RealPath, out var failure);
        if (reader is null)
        {
            if (failure is null) return null;
            if (directory.Parent is null) RootFailure = failure;
            SkipUnreadable(SkipReason.UnreadableDirectory, directory.Path, default, failure);
            return null;
        }

        directory.Identity = reader.Identity;
        if (!directory.IsLink || !directory.LiesInItself()) return reader;

        Skipped.Add(SkipReason.LinkLoops, directory.Path, default);
        reader.Dispose();
        return null;
    }

    private static DirectoryDraft HangIn(ScannedDirectory directory, in DirectoryFacts facts)
    {
        lock (directory.Parent!) return directory.Parent.Draft!.AddDirectory(directory.Name, facts);
    }

    private void AddUp(EntryCollector collector)
    {
        lock (_totals)
        {
            _files += collector.Files;
            _directories += collector.Directories;
            _bytes += collector.Bytes;
        }
    }
}
