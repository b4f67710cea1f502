using System.Runtime.CompilerServices;
using System.Text;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles.Scanning;

/// <summary>Decides how the scan treats each entry of a directory. Each thread of a scan has one.</summary>
internal sealed class EntryCollector
{
    private const int EntriesBetweenCancellationChecks = 1024;

    private readonly ScanRun _run;
    private readonly EntryVisitor _visitor;
    private readonly CancellationToken _cancellationToken;
    private readonly int _maxPathBytes;
    private ScannedDirectory _directory = ScannedDirectory.Root();
    private readonly FileColumnsBuilder _files = new();
    private List<ScannedDirectory> _directories = [];
    private int _sinceCheck;
    private bool _isEmpty;

    public EntryCollector(ScanRun run, CancellationToken cancellationToken)
    {
        _run = run;
        _cancellationToken = cancellationToken;
        _visitor = Visit;
        var mount = run.Root.Mount;
        // A path in the tree is the mount, a slash, and the path beneath the root.
        _maxPathBytes = VirtualPath.MaxPathBytes - 1 - (mount.IsRoot ? 0 : Encoding.UTF8.GetByteCount(mount.Value));
    }

    public long Files { get; private set; }

    public long Directories { get; private set; }

    public long Bytes { get; private set; }

    public void CountDirectory() => Directories++;

    /// <summary>Adds the files to the directory's draft and collects the directories for <see cref="TakeDirectories"/>.</summary>
    /// <returns>The reason why reading broke off, or null; and whether no entry was found.</returns>
    public (string? Failure, bool IsEmpty) Collect(ScannedDirectory directory, DirectoryReader reader)
    {
        _directory = directory;
        _isEmpty = true;
        _files.Clear();
        var failure = reader.Read(_visitor);
        directory.Draft!.SetFiles(_files.Build());
        return (failure, _isEmpty);
    }

    public List<ScannedDirectory> TakeDirectories()
    {
        if (_directories.Count == 0) return _directories;
        var taken = _directories;
        _directories = [];
        return taken;
    }

    public void ThrowIfCancelled() => _cancellationToken.ThrowIfCancellationRequested();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Visit(ReadOnlySpan<byte> name, EntryKind kind, in FileFacts facts)
    {
        if (++_sinceCheck == EntriesBetweenCancellationChecks)
        {
            _sinceCheck = 0;
            _cancellationToken.ThrowIfCancellationRequested();
        }

        _isEmpty = false;
        if (kind == EntryKind.Unnameable)
        {
            Skip(SkipReason.NameNotUtf8, name);
        }
        else if (EntryName.Check(name) is { } reason)
        {
            Skip(reason, name);
        }
        else if (PathLength(name) > _maxPathBytes)
        {
            Skip(SkipReason.PathTooLong, name);
        }
        else
        {
            Take(name, kind, facts);
        }
    }

    private void Take(ReadOnlySpan<byte> name, EntryKind kind, in FileFacts facts)
    {
        switch (kind)
        {
            case EntryKind.File: AddFile(name, facts); break;
            case EntryKind.Directory: _directories.Add(_directory.Child(name)); break;
            case EntryKind.Link: Follow(name); break;
            case EntryKind.Special: Skip(SkipReason.NotRegular, name); break;
            case EntryKind.Forbidden: _run.LeaveOutForbidden(_directory, SkipReason.UnreadableFile, name, "permission denied"); break;
            default: _run.MarkUnreadable(_directory, SkipReason.UnreadableFile, name, "its status cannot be read"); break;
        }
    }

    private void Follow(ReadOnlySpan<byte> name)
    {
        var path = _directory.RealPathOf(name);
        // Recorded before it is resolved, so that later changes are reported.
        if (_run.Observer is { } observer)
        {
            foreach (var directory in LinkTrail.Of(_run.Root, path)) observer.DependsOn(_directory, directory);
        }

        var target = _run.Root.ResolveLink(path);
        switch (target.Kind)
        {
            case LinkTargetKind.File: AddFile(name, target.Facts); break;
            case LinkTargetKind.Directory when _directory.IsBehindLink: Skip(SkipReason.LinkNests, name); break;
            case LinkTargetKind.Directory: _directories.Add(_directory.LinkedChild(name, target.RealPath!)); break;
            case LinkTargetKind.Special: Skip(SkipReason.NotRegular, name); break;
            case LinkTargetKind.Outside: Skip(SkipReason.LinkLeavesRoot, name); break;
            case LinkTargetKind.Unreadable:
                _run.MarkUnreadable(_directory, SkipReason.UnreadableFile, name, "its target cannot be read");
                break;
            case LinkTargetKind.Circle: Skip(SkipReason.LinkLoops, name); break;
            default: Skip(SkipReason.LinkDangles, name); break;
        }
    }

    private void AddFile(ReadOnlySpan<byte> name, in FileFacts facts)
    {
        _files.Add(name, facts);
        Files++;
        Bytes += facts.Size;
    }

    private void Skip(SkipReason reason, ReadOnlySpan<byte> name) => _run.LeaveOut(_directory, reason, name);

    private int PathLength(ReadOnlySpan<byte> name) =>
        _directory.Path.Length == 0 ? name.Length : _directory.Path.Length + 1 + name.Length;
}
