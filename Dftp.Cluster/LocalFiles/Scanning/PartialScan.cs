using System.Text;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles.Scanning;

/// <summary>The directories that a scan is to read again.</summary>
/// <param name="Directories">Relative to the root directory. Only their own entries are read.</param>
/// <param name="Subtrees">Directories that are read recursively when one of the others leads to them.</param>
internal sealed record DirtyBatch(IReadOnlySet<VirtualPath> Directories, IReadOnlySet<VirtualPath> Subtrees);

/// <summary>A directory that was read again.</summary>
/// <param name="Path">The path, relative to the root directory.</param>
/// <param name="Draft">Its files, and its directories with everything below them unless they were known.</param>
internal readonly record struct ScannedPlace(VirtualPath Path, DirectoryBuilder Draft);

/// <summary>The result of a scan of several directories.</summary>
/// <param name="Places">Sorted: a directory comes before those below it.</param>
/// <param name="Unread">The known directories among the entries: their drafts have facts but no content.</param>
/// <param name="Files">The number of files found.</param>
/// <param name="Reports">The directories that have a <see cref="ScannedDirectory.Report"/>.</param>
internal sealed record PlacesResult(
    IReadOnlyList<ScannedPlace> Places, IReadOnlySet<DirectoryBuilder> Unread, long Files, IReadOnlyList<ScannedDirectory> Reports);

/// <summary>
/// Finds the directories that are to be read again and reads each of them without the content of its known subdirectories. New
/// subdirectories go to the queue of the <see cref="ScanRun"/>, to be read recursively. Runs on one thread, so no directory is read twice.
/// </summary>
/// <remarks>If a directory no longer exists, its parent is read instead, which shows what became of it.</remarks>
internal sealed class PartialScan(ScanRun run, DirtyBatch batch, ScanObserver? observer)
{
    private readonly Dictionary<VirtualPath, ScannedDirectory?> _above = [];
    private readonly Dictionary<VirtualPath, DirectoryBuilder> _read = [];
    private readonly HashSet<VirtualPath> _descended = [];
    private readonly HashSet<VirtualPath> _present = [];
    private readonly HashSet<DirectoryBuilder> _unread = [];

    public void Begin(EntryCollector collector)
    {
        var waiting = new SortedSet<VirtualPath>(batch.Directories, ByPath);
        while (waiting.Count > 0)
        {
            collector.ThrowIfCancelled();
            var path = waiting.Min;
            waiting.Remove(path);
            if (_read.ContainsKey(path) || IsDescended(path)) continue;
            if (run.Find(path, _above) is { } place && run.ReadStart(place, collector) is { } draft)
            {
                _read.Add(path, draft);
                ReadChildren(path, collector);
            }
            else if (path.IsRoot)
            {
                run.LoseRoot();
            }
            else
            {
                waiting.Add(path.Parent);
            }
        }
    }

    /// <summary>Builds the result. Call it after all threads have ended.</summary>
    public PlacesResult ToResult()
    {
        var places = _read.Where(place => place.Key.IsRoot || IsPresent(place.Key))
            .Select(place => new ScannedPlace(place.Key, place.Value))
            .OrderBy(place => place.Path, ByPath);
        return new PlacesResult([.. places], _unread, run.Files, run.Reports);
    }

    /// <summary>
    /// False for a directory that vanished from its parent while both were read, unless the parent was read only in part.
    /// </summary>
    private bool IsPresent(VirtualPath path) =>
        !_read.TryGetValue(path.Parent, out var parent) || parent.IsPartial || _present.Contains(path);

    private void ReadChildren(VirtualPath path, EntryCollector collector)
    {
        foreach (var child in collector.TakeDirectories())
        {
            collector.ThrowIfCancelled();
            var childPath = path.Child(Encoding.UTF8.GetString(child.Name));
            var isUnread = run.ReadChild(
                child, collector, opened => !batch.Subtrees.Contains(childPath) && (observer?.IsKnown(opened) ?? true));
            if (child.Draft is null) continue;
            _present.Add(childPath);
            if (isUnread) _unread.Add(child.Draft);
            else _descended.Add(childPath);
        }
    }

    private bool IsDescended(VirtualPath path)
    {
        for (var at = path; _descended.Count > 0 && !at.IsRoot; at = at.Parent)
        {
            if (_descended.Contains(at)) return true;
        }

        return false;
    }

    private static readonly Comparer<VirtualPath> ByPath = Comparer<VirtualPath>.Create((a, b) => string.CompareOrdinal(a.Value, b.Value));
}
