using System.Text;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles.Scanning;

/// <summary>Which directories a scan is to read again.</summary>
/// <param name="Directories">Relative to the root directory. Of each, its own entries.</param>
/// <param name="Subtrees">Those that are read with all below them when one of the others leads to them.</param>
internal sealed record DirtyBatch(IReadOnlySet<VirtualPath> Directories, IReadOnlySet<VirtualPath> Subtrees);

/// <summary>A directory that was read again.</summary>
/// <param name="Path">Relative to the root directory.</param>
/// <param name="Draft">Its files; and its directories, with all below them unless they were known.</param>
internal readonly record struct ScannedPlace(VirtualPath Path, DirectoryBuilder Draft);

/// <summary>What a scan of several directories found.</summary>
/// <param name="Places">Sorted: a directory stands before those below it.</param>
/// <param name="Unread">The directories of them that are known: they have their facts and nothing of what they hold.</param>
/// <param name="Files">Files found.</param>
/// <param name="Reports">The directories that have a <see cref="ScannedDirectory.Report"/>.</param>
internal sealed record PlacesResult(
    IReadOnlyList<ScannedPlace> Places, IReadOnlySet<DirectoryBuilder> Unread, long Files, IReadOnlyList<ScannedDirectory> Reports);

/// <summary>
/// Finds the directories that are to be read again and reads each without what is below its known directories. What is new there is
/// left to the queue of the <see cref="ScanRun"/>, to be read whole. One thread does this, so that no directory is read twice.
/// </summary>
/// <remarks>In the place of a directory that is not there any more the one above it is read, which tells what became of it.</remarks>
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

    /// <summary>Call it when all threads have ended.</summary>
    public PlacesResult ToResult()
    {
        var places = _read.Where(place => place.Key.IsRoot || IsPresent(place.Key))
            .Select(place => new ScannedPlace(place.Key, place.Value))
            .OrderBy(place => place.Path, ByPath);
        return new PlacesResult([.. places], _unread, run.Files, run.Reports);
    }

    /// <summary>A directory that vanished from the one above it while both were read is not there, unless that one was read in part only.</summary>
    private bool IsPresent(VirtualPath path) =>
        !_read.TryGetValue(path.Parent, out var parent) || parent.IsPartial || _present.Contains(path);

    private void ReadChildren(VirtualPath path, EntryCollector collector)
    {
        foreach (var child in collector.TakeDirectories())
        {
            collector.ThrowIfCancelled();
            var childPath = path.Child(Encoding.UTF8.GetString(child.Name));
            var isUnread = run.ReadChild(child, collector, opened => !batch.Subtrees.Contains(childPath) && (observer?.IsKnown(opened) ?? true));
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
