using System.Diagnostics.CodeAnalysis;
using System.Text;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles.Scanning;

/// <summary>One scan and the state that its threads share.</summary>
/// <param name="root">The scanned root.</param>
/// <param name="observer">Receives the directories; null for none.</param>
/// <param name="logForbidden">Logs a path and the reason why it cannot be entered.</param>
internal sealed class ScanRun(LocalRoot root, ScanObserver? observer, Action<string, string> logForbidden)
{
    private readonly ScanQueue _queue = new(holds: 1);
    private readonly Lock _totals = new();
    private readonly List<ScannedDirectory> _reports = [];
    private long _files;
    private long _directories;
    private long _bytes;
    private string _rootFailure = "it was removed";

    public LocalRoot Root => root;

    public ScanObserver? Observer => observer;

    /// <summary>The directory where a recursive scan started, once it was opened.</summary>
    public DirectoryBuilder? Start { get; private set; }

    /// <summary>The number of files found.</summary>
    public long Files => _files;

    /// <summary>The directories that have a <see cref="ScannedDirectory.Report"/>.</summary>
    public IReadOnlyList<ScannedDirectory> Reports => _reports;

    /// <summary>
    /// The main loop of each thread of the scan:
    /// <list type="number">
    /// <item>the first thread finds and reads where to start;</item>
    /// <item>each takes a directory, opens it, attaches it to the parent's draft, and passes its entries to its
    /// <see cref="EntryCollector"/>;</item>
    /// <item>the directories found there go to the queue;</item>
    /// <item>when the queue is empty, the threads add up their counts.</item>
    /// </list>
    /// A directory is attached only after it was opened, so that directories that vanished or cannot be read leave no trace. Its
    /// subdirectories are attached only after all its files were added, so that only they share its draft, under a lock.
    /// </summary>
    /// <param name="begin">The work of the first thread; null for the others.</param>
    /// <param name="cancellationToken">Cancels all threads.</param>
    public void Work(Action<EntryCollector>? begin, CancellationToken cancellationToken)
    {
        using var stop = cancellationToken.Register(_queue.Stop);
        try
        {
            var collector = new EntryCollector(this, cancellationToken);
            // 1
            if (begin is not null)
            {
                begin(collector);
                _queue.Finish();
            }

            while (_queue.TryTake(out var directory))
            {
                cancellationToken.ThrowIfCancellationRequested();
                // 2
                ReadWhole(directory, collector);
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

    /// <summary>Starts a scan of a directory and everything below it.</summary>
    public void BeginWhole(VirtualPath path, EntryCollector collector)
    {
        if (Find(path, []) is { } start) Start = ReadStart(start, collector);
        if (Start is null && path.IsRoot) LoseRoot();
        _queue.Add(collector.TakeDirectories());
    }

    /// <summary>Walks a path by the rules of a scan of the whole root.</summary>
    /// <param name="path">Relative to the root directory.</param>
    /// <param name="above">Caches the directories on the way and the lookups that failed.</param>
    public ScannedDirectory? Find(VirtualPath path, Dictionary<VirtualPath, ScannedDirectory?> above)
    {
        if (path.IsRoot) return ScannedDirectory.Root();
        if (!above.TryGetValue(path.Parent, out var parent))
        {
            parent = Find(path.Parent, above);
            using var opened = parent is null ? null : Enter(parent);
            if (opened is null) parent = null;
            above.Add(path.Parent, parent);
        }

        if (parent is null) return null;
        var name = Encoding.UTF8.GetBytes(path.Name);
        return root.Examine(parent.RealPathOf(name)) switch
        {
            EntryKind.Directory => parent.Child(name),
            EntryKind.Link when !parent.IsBehindLink && root.ResolveLink(parent.RealPathOf(name)).RealPath is { } real =>
                parent.LinkedChild(name, real),
            _ => null,
        };
    }

    /// <summary>Reads the entries of a directory that is part of no draft. Its subdirectories remain in the collector.</summary>
    /// <returns>Null if the directory does not exist (any more).</returns>
    public DirectoryBuilder? ReadStart(ScannedDirectory directory, EntryCollector collector)
    {
        using var reader = Enter(directory);
        if (reader is null) return null;
        observer?.Enter(directory, reader);
        directory.Draft = new DirectoryBuilder(directory.Name) { Facts = reader.Facts };
        ReadEntries(directory, reader, collector);
        return directory.Draft;
    }

    /// <summary>Attaches a directory to the parent's draft. Unless it is known, reads it recursively by way of the queue.</summary>
    /// <returns>Whether it is known.</returns>
    public bool ReadChild(ScannedDirectory directory, EntryCollector collector, Func<ScannedDirectory, bool> isKnown)
    {
        using var reader = Enter(directory);
        if (reader is null) return false;
        var known = isKnown(directory);
        if (!known) observer?.Enter(directory, reader);
        HangIn(directory, reader.Facts);
        collector.CountDirectory();
        if (known) return true;
        ReadEntries(directory, reader, collector);
        _queue.Add(collector.TakeDirectories());
        return false;
    }

    public ScanResult ToResult(TimeSpan duration) => new(Start, _files, _directories, _bytes, duration, _reports);

    /// <summary>Counts an entry that is left out of the tree by rule.</summary>
    public void LeaveOut(ScannedDirectory directory, SkipReason reason, ReadOnlySpan<byte> name)
    {
        lock (directory) ReportOf(directory)?.Add(reason, name);
    }

    /// <summary>Counts an entry that is left out of the tree because permissions deny access.</summary>
    public void LeaveOutForbidden(ScannedDirectory directory, SkipReason reason, ReadOnlySpan<byte> name, string failure)
    {
        LeaveOut(directory, reason, name);
        logForbidden(PrintablePath.Of(directory.Path, name), failure);
    }

    /// <summary>Counts an existing entry that cannot be read: the tree keeps what it has of it.</summary>
    public void MarkUnreadable(ScannedDirectory directory, SkipReason reason, ReadOnlySpan<byte> name, string failure)
    {
        lock (directory)
        {
            if (ReportOf(directory) is not { } report) return;
            report.Add(reason, name);
            report.AddUnreadable(name, failure);
            directory.Draft!.MarkUnreadable(name.ToArray());
        }
    }

    /// <exception cref="RootDirectoryException">Always.</exception>
    [DoesNotReturn]
    public void LoseRoot() => throw new RootDirectoryException($"the root directory {root.Directory} cannot be read: {_rootFailure}");

    private void ReadWhole(ScannedDirectory directory, EntryCollector collector)
    {
        using var reader = Enter(directory);
        if (reader is null) return;
        observer?.Enter(directory, reader);
        HangIn(directory, reader.Facts);
        collector.CountDirectory();
        ReadEntries(directory, reader, collector);
    }

    private void ReadEntries(ScannedDirectory directory, DirectoryReader reader, EntryCollector collector)
    {
        var (failure, isEmpty) = collector.Collect(directory, reader);
        var doubt = failure is null ? observer?.Doubt(directory, isEmpty) : null;
        if ((failure ?? doubt) is not { } reason) return;
        lock (directory)
        {
            if (failure is not null) ReportOf(directory)!.Add(SkipReason.UnreadableDirectory, default);
            ReportOf(directory)!.AddUnreadable(default, reason);
            directory.Draft!.IsPartial = true;
        }
    }

    /// <summary>Opens a directory unless it vanished, access is denied, or it is a symlink to one of its own ancestors.</summary>
    private DirectoryReader? Enter(ScannedDirectory directory)
    {
        var reader = root.OpenDirectory(directory.RealPath, out var failure);
        if (reader is null)
        {
            if (failure is null) return null;
            if (directory.Parent is not { } parent) _rootFailure = failure.Reason;
            else if (failure.IsForbidden) LeaveOutForbidden(parent, SkipReason.UnreadableDirectory, directory.Name, failure.Reason);
            else MarkUnreadable(parent, SkipReason.UnreadableDirectory, directory.Name, failure.Reason);
            return null;
        }

        directory.Identity = reader.Identity;
        if (!directory.IsLink || !directory.LiesInItself()) return reader;

        LeaveOut(directory.Parent!, SkipReason.LinkLoops, directory.Name);
        reader.Dispose();
        return null;
    }

    private static void HangIn(ScannedDirectory directory, in DirectoryFacts facts)
    {
        lock (directory.Parent!) directory.Draft = directory.Parent.Draft!.AddDirectory(directory.Name, facts);
    }

    /// <summary>The directory's report, created on first use. Call it with the directory locked.</summary>
    /// <returns>Null for a directory that is only passed on the way to others.</returns>
    private DirectoryReport? ReportOf(ScannedDirectory directory)
    {
        if (directory.Draft is null || directory.Report is not null) return directory.Report;
        lock (_totals) _reports.Add(directory);
        return directory.Report = new DirectoryReport();
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
