using System.Text;
using Dftp.Cluster.Index;
using Dftp.Cluster.LocalFiles.Scanning;
using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles.Watching;

/// <summary>
/// The directories that the scans found, and which of them to read again after a change: a directory that symlinks also lead to has several
/// paths, and the target of a symlink changes in another directory than the symlink's.
/// </summary>
/// <remarks>
/// A directory is watched before it is read, so no change is missed: earlier changes are read, later ones are reported. Sources report real
/// paths; this class maps them to paths of the tree.
/// </remarks>
internal sealed class KnownDirectories(EventSource source, DirtySet dirty, RewrittenFiles rewritten) : ScanObserver
{
    private readonly Lock _lock = new();

    // All fields below are guarded by _lock.
    private readonly Dictionary<byte[], HashSet<KnownDirectory>> _behindLinks = new(NameBytes.Comparer);
    private readonly Dictionary<byte[], HashSet<KnownDirectory>> _dependents = new(NameBytes.Comparer);
    private readonly HashSet<KnownDirectory> _polled = [];
    private readonly HashSet<KnownDirectory> _reporting = [];
    private readonly HashSet<KnownDirectory> _unreadable = [];
    private readonly Dictionary<byte[], ulong> _mounts = new(NameBytes.Comparer);
    private SkippedEntries? _skipped;
    private KnownDirectory _root = new(null, []);

    public override void Enter(ScannedDirectory directory, DirectoryReader reader)
    {
        KnownDirectory known;
        bool isNew;
        lock (_lock)
        {
            known = GetOrAdd(directory);
            isNew = !IsKnown(known, reader.Identity);
            if (known.WasEntered && known.Identity != reader.Identity) Unwatch(known);
            known.WasEntered = true;
            known.Identity = reader.Identity;
            SetRealPath(known, directory.IsBehindLink ? directory.RealPath : null);
            ForgetDependencies(known);
        }

        var failure = source.Watch(known, reader);
        if (isNew) reader.Refresh();
        lock (_lock)
        {
            known.PolledBecause = failure;
            if (failure is null) _polled.Remove(known);
            else _polled.Add(known);
            // A symlink may have led here before the watch was set, and the directory may have changed since.
            if (isNew) MarkDependents(directory.RealPath);
        }
    }

    public override bool IsKnown(ScannedDirectory directory)
    {
        lock (_lock) return Find(directory.Path) is { } known && IsKnown(known, directory.Identity);
    }

    public override void DependsOn(ScannedDirectory directory, byte[] realPath)
    {
        // The directory's own changes are reported anyway.
        if (realPath.AsSpan().SequenceEqual(directory.RealPath)) return;
        lock (_lock)
        {
            var known = GetOrAdd(directory);
            if (!(known.Dependencies ??= new(NameBytes.Comparer)).Add(realPath)) return;
            Add(_dependents, realPath, known);
        }
    }

    /// <summary>
    /// An empty directory at a former mount point is what an unmount leaves behind. It does not mean that the disk's files were deleted;
    /// the same is true for an empty directory in the root's place (<see cref="LocalRoot.Look"/>).
    /// </summary>
    public override string? Doubt(ScannedDirectory directory, bool isEmpty)
    {
        if (directory.Parent is not { } parent) return null;
        var device = directory.Identity.Device;
        // The ancestors of the real directory differ from those of a symlink to it.
        var isMounted = !directory.IsLink && device != parent.Identity.Device;
        lock (_lock)
        {
            if (isMounted) _mounts[directory.RealPath] = device;
            if (_mounts.Count == 0 || !_mounts.TryGetValue(directory.RealPath, out var mounted) || mounted == device) return null;
            if (isEmpty) return "the file system that was mounted there is not mounted any more";
            if (!directory.IsLink) _mounts.Remove(directory.RealPath);
            return null;
        }
    }

    /// <summary>
    /// Stores the reports of the directories that were read again, and forgets directories that the scan did not find where it looked.
    /// </summary>
    public void Reconcile(PlacesResult scan)
    {
        lock (_lock)
        {
            foreach (var (path, draft) in scan.Places)
            {
                if (Find(Encoding.UTF8.GetBytes(path.Relative.ToArray())) is { } known) Reconcile(known, draft, scan.Unread);
            }

            TakeReports(scan.Reports);
        }
    }

    /// <summary>Stores the reports of a scan of the whole root.</summary>
    public void Adopt(ScanResult scan)
    {
        lock (_lock)
        {
            TakeReports(scan.Reports);
            _skipped = null;
        }
    }

    /// <summary>
    /// Forgets everything: every directory will be new. The left-out entries stay reported until the next scan has ended.
    /// </summary>
    public void Clear()
    {
        lock (_lock)
        {
            var skipped = Skipped();
            Remove(_root);
            _root = new KnownDirectory(null, []);
            _skipped = skipped;
        }
    }

    /// <summary>The entries that are left out of the tree now.</summary>
    public SkippedEntries Skipped()
    {
        lock (_lock)
        {
            return _skipped ??= new SkippedEntries(
                _reporting.Select(known => (Encoding.UTF8.GetBytes(known.Path.Relative.ToArray()), known.Report!)));
        }
    }

    /// <summary>The places that could not be read.</summary>
    public IReadOnlyList<UnreadablePlace> Unreadable()
    {
        lock (_lock)
        {
            return
            [
                .. from known in _unreadable
                   from place in PlacesOf(known.Path, known.Report!)
                   select place,
            ];
        }
    }

    /// <summary>The places that a scan could not read.</summary>
    public static IEnumerable<UnreadablePlace> PlacesOf(IEnumerable<ScannedDirectory> reports) =>
        from directory in reports
        where directory.Report!.Unreadable.Count > 0
        from place in PlacesOf(VirtualPath.Parse("/" + Encoding.UTF8.GetString(directory.Path)), directory.Report!)
        select place;

    private static IEnumerable<UnreadablePlace> PlacesOf(VirtualPath directory, DirectoryReport report) =>
        from entry in report.Unreadable
        let path = entry.Name.Length == 0 ? directory : directory.Child(Encoding.UTF8.GetString(entry.Name))
        select new UnreadablePlace(path, IsRest: entry.Name.Length == 0, entry.Failure);

    /// <summary>The directories of which not all changes are reported.</summary>
    public IReadOnlyList<VirtualPath> Polled()
    {
        lock (_lock) return [.. _polled.Select(known => known.Path)];
    }

    public int PolledCount
    {
        get
        {
            lock (_lock) return _polled.Count;
        }
    }

    /// <summary>The number of such directories for each reason, with one example.</summary>
    public IReadOnlyList<PolledPlaces> PolledByReason()
    {
        lock (_lock)
        {
            return
            [
                .. _polled.GroupBy(known => known.PolledBecause!)
                    .Select(group => new PolledPlaces(group.Key, group.Count(), group.First().Path.Value)),
            ];
        }
    }

    /// <summary>Marks what to read again after a change of a directory's entry.</summary>
    public void MarkChanged(byte[] realPath, ReadOnlySpan<byte> name, EntryEvent change)
    {
        lock (_lock)
        {
            foreach (var known in At(realPath))
            {
                if (change == EntryEvent.Written) dirty.AddWritten(known.Path);
                else if (change == EntryEvent.DirectoryCame && IsName(name)) AddSubtree(known, name);
                else dirty.AddDirectory(known.Path);
                if (change is EntryEvent.Written or EntryEvent.FileCame) rewritten.Heard(known.Path, name);
            }

            MarkDependents(realPath, isWritten: change == EntryEvent.Written);
        }
    }

    /// <summary>Marks what to read again after a directory itself was moved or removed.</summary>
    public void MarkGone(byte[] realPath, bool isUnwatched)
    {
        lock (_lock)
        {
            foreach (var known in At(realPath))
            {
                dirty.AddDirectory((known.Parent ?? known).Path);
                if (isUnwatched) known.WasEntered = false;
            }

            MarkDependents(realPath);
        }
    }

    private static bool IsName(ReadOnlySpan<byte> name) => !name.IsEmpty && EntryName.Check(name) is null;

    private void AddSubtree(KnownDirectory known, ReadOnlySpan<byte> name)
    {
        var directory = known.Path;
        dirty.AddDirectory(directory);
        // Paths that are too long are not in the tree; a scan counts them.
        if (directory.TryResolve(Encoding.UTF8.GetString(name), out var path)) dirty.AddSubtree(path);
    }

    private static bool IsKnown(KnownDirectory known, DirectoryIdentity identity) =>
        known.WasEntered && known.Identity == identity && (known.Watch != 0 || known.PolledBecause is not null);

    private void MarkDependents(byte[] realPath, bool isWritten = false)
    {
        if (!_dependents.TryGetValue(realPath, out var dependents)) return;
        foreach (var dependent in dependents)
        {
            if (isWritten) dirty.AddWritten(dependent.Path);
            else dirty.AddDirectory(dependent.Path);
        }
    }

    /// <summary>All known directories with a real path.</summary>
    private IEnumerable<KnownDirectory> At(byte[] realPath)
    {
        if (Find(realPath) is { RealPathBehindLink: null, WasEntered: true } real) yield return real;
        if (!_behindLinks.TryGetValue(realPath, out var linked)) yield break;
        foreach (var known in linked) yield return known;
    }

    private void TakeReports(IReadOnlyList<ScannedDirectory> reports)
    {
        foreach (var directory in reports)
        {
            if (Find(directory.Path) is { } known) SetReport(known, directory.Report);
        }
    }

    private void SetReport(KnownDirectory known, DirectoryReport? report)
    {
        if (known.Report is null && report is null) return;
        known.Report = report;
        _skipped = null;
        if (report is null) _reporting.Remove(known);
        else _reporting.Add(known);
        if (report is { Unreadable.Count: > 0 }) _unreadable.Add(known);
        else _unreadable.Remove(known);
    }

    private void Reconcile(KnownDirectory known, DirectoryBuilder draft, IReadOnlySet<DirectoryBuilder> unread)
    {
        SetReport(known, null);
        var drafts = draft.Directories();
        // Entries that were not read keep their watches.
        if (known.Children.Count > 0 && !draft.IsPartial)
        {
            var found = drafts.Select(child => child.Name).ToHashSet(NameBytes.Comparer);
            foreach (var gone in known.Children.Where(child => !found.Contains(child.Name)).ToList())
            {
                Remove(gone);
                known.RemoveChild(gone);
            }
        }

        foreach (var child in drafts)
        {
            if (!unread.Contains(child) && known.Child(child.Name) is { } knownChild) Reconcile(knownChild, child, unread);
        }
    }

    private void Remove(KnownDirectory known)
    {
        foreach (var child in known.Children) Remove(child);
        var realPath = known.RealPath;
        Unwatch(known);
        SetRealPath(known, null);
        SetReport(known, null);
        ForgetDependencies(known);
        _polled.Remove(known);
        known.WasEntered = false;
        MarkDependents(realPath);
    }

    private void Unwatch(KnownDirectory known)
    {
        if (known.Watch != 0) source.Unwatch(known);
    }

    private KnownDirectory? Find(ReadOnlySpan<byte> path)
    {
        var at = _root;
        foreach (var range in path.Split((byte)'/'))
        {
            var name = path[range];
            if (name.IsEmpty) continue;
            if (at.Child(name) is not { } child) return null;
            at = child;
        }

        return at;
    }

    /// <summary>Finds the node through the scan's own chain of directories, which saves a search from the root for each of them.</summary>
    private KnownDirectory GetOrAdd(ScannedDirectory directory) => directory.Known ??=
        directory.Parent is { } parent ? GetOrAdd(parent).GetOrAddChild(directory.Name) : _root;

    private void SetRealPath(KnownDirectory known, byte[]? realPath)
    {
        if (known.RealPathBehindLink is { } old) Remove(_behindLinks, old, known);
        known.RealPathBehindLink = realPath;
        if (realPath is not null) Add(_behindLinks, realPath, known);
    }

    private void ForgetDependencies(KnownDirectory known)
    {
        foreach (var realPath in known.Dependencies ?? []) Remove(_dependents, realPath, known);
        known.Dependencies = null;
    }

    private static void Add(Dictionary<byte[], HashSet<KnownDirectory>> index, byte[] realPath, KnownDirectory known)
    {
        if (!index.TryGetValue(realPath, out var at)) index.Add(realPath, at = []);
        at.Add(known);
    }

    private static void Remove(Dictionary<byte[], HashSet<KnownDirectory>> index, byte[] realPath, KnownDirectory known)
    {
        if (!index.TryGetValue(realPath, out var at)) return;
        at.Remove(known);
        if (at.Count == 0) index.Remove(realPath);
    }
}
