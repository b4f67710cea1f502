using System.Text;
using Dftp.FileSystem;

namespace Dftp.Cluster.Index;

/// <summary>
/// A search in a part of the tree. It matches names directly in the columns of a directory, and creates entries and paths only for hits.
/// For one use.
/// </summary>
internal sealed class TreeSearch(SearchQuery query)
{
    private const int FilesBetweenLooks = 4096;

    /// <summary>The directories from the start down to the current one, with their paths as far as they were needed.</summary>
    private readonly List<(TreeDirectory Directory, VirtualPath? Path)> _way = [];

    /// <summary>Hits in the order of <see cref="ITreeSnapshot.WalkAsync"/>.</summary>
    public IEnumerable<WalkEntry> Run(TreeDirectory start, CancellationToken cancellationToken)
    {
        var left = query.Limit ?? int.MaxValue;
        var open = new Stack<(TreeDirectory Directory, int Depth)>();
        open.Push((start, 0));
        while (open.TryPop(out var next))
        {
            cancellationToken.ThrowIfCancellationRequested();
            _way.RemoveRange(next.Depth, _way.Count - next.Depth);
            _way.Add((next.Directory, next.Depth == 0 ? query.Under : null));
            if (MayHaveHits(next.Directory))
            {
                foreach (var hit in DirectoriesIn(next.Directory))
                {
                    yield return new WalkEntry(PathTo(next.Depth), hit);
                    if (--left == 0) yield break;
                }

                if (query.IsDirectory == true)
                {
                    // No file is a hit.
                }
                else if (next.Directory is { OnlyPart: { } part, HidesFiles: false })
                {
                    // Not in an iterator of its own, which would cost each hit as much again.
                    for (var index = part.Files.NextCandidate(query.Name, 0); index < part.Files.Count;
                        index = part.Files.NextCandidate(query.Name, index + 1))
                    {
                        if (index % FilesBetweenLooks == 0) cancellationToken.ThrowIfCancellationRequested();
                        var entry = part.ToEntry(index);
                        if (!query.Matches(entry)) continue;
                        yield return new WalkEntry(PathTo(next.Depth), entry);
                        if (--left == 0) yield break;
                    }
                }
                else
                {
                    foreach (var hit in MergedFilesIn(next.Directory))
                    {
                        yield return new WalkEntry(PathTo(next.Depth), hit);
                        if (--left == 0) yield break;
                    }
                }
            }

            var children = next.Directory.Children;
            for (var index = children.Length - 1; index >= 0; index--) open.Push((children[index], next.Depth + 1));
        }
    }

    /// <summary>False if no name in the directory contains the pattern's literal. Most directories need no iterator.</summary>
    private bool MayHaveHits(TreeDirectory directory)
    {
        if (query.Name is not { Literal.IsEmpty: false }) return true;
        if (query.IsDirectory != false && Array.Exists(directory.Children, MayMatch)) return true;
        if (query.IsDirectory == true) return false;
        return directory.OnlyPart is { } part ? HasCandidate(part) : Array.Exists(directory.PartsArray(), HasCandidate);
    }

    private bool HasCandidate(NodeEntries part) => part.Files.NextCandidate(query.Name, 0) < part.Files.Count;

    private bool MayMatch(TreeDirectory child) =>
        query.Name is not { Literal.IsEmpty: false } name || AsciiSearch.IndexOfIgnoreCase(child.Name, name.Literal) >= 0;

    private IEnumerable<Entry> DirectoriesIn(TreeDirectory directory) => query.IsDirectory == false
        ? []
        : directory.Children.Where(MayMatch).Select(child => child.ToEntry()).Where(entry => query.Matches(entry));

    private IEnumerable<Entry> MergedFilesIn(TreeDirectory directory) => !Array.Exists(directory.PartsArray(), HasCandidate)
        ? []
        : TreeSnapshot.List(directory).Where(entry => !entry.IsDirectory && query.Matches(entry));

    /// <summary>All hits of one directory share one instance.</summary>
    private VirtualPath PathTo(int depth)
    {
        var known = depth;
        while (_way[known].Path is null) known--;
        var path = _way[known].Path!.Value;
        while (known < depth)
        {
            known++;
            path = path.Child(Encoding.UTF8.GetString(_way[known].Directory.Name));
            _way[known] = (_way[known].Directory, path);
        }

        return path;
    }
}
