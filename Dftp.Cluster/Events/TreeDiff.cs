using System.Text;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.Events;

/// <summary>
/// The events that turn one tree into another: applied in order to the listing of the old tree, they give the listing of the new one. Parts
/// that both trees share are skipped.
/// </summary>
internal sealed class TreeDiff
{
    private readonly List<TreeEvent> _events = [];
    private readonly int _most;
    private bool _isTooMuch;

    private TreeDiff(int most) => _most = most;

    /// <param name="old">The tree before.</param>
    /// <param name="now">The tree after.</param>
    /// <param name="most">The maximum number of events. More become one reset event with the deepest directory that contains all
    /// changes.</param>
    public static IReadOnlyList<TreeEvent> Of(TreeDirectory old, TreeDirectory now, int most)
    {
        var diff = new TreeDiff(most);
        diff.Compare(old, now, VirtualPath.Root);
        return diff._isTooMuch ? [new TreeEvent(0, TreeEventKind.Reset, Place(old, now), IsDirectory: true)] : diff._events;
    }

    /// <remarks>
    /// 1. Directories that were removed, so that files can take their names.
    /// 2. Files that were removed, added or changed.
    /// 3. Directories that were added or changed, with their content.
    /// </remarks>
    private void Compare(TreeDirectory old, TreeDirectory now, VirtualPath path)
    {
        if (ReferenceEquals(old, now)) return;
        // 1
        foreach (var was in old.Children)
        {
            if (_isTooMuch) return;
            if (now.FindChild(was.Name) is null) Add(TreeEventKind.Deleted, path, was);
        }

        // 2
        if (!HaveSameFiles(old, now)) CompareFiles(new VisibleFiles(old), new VisibleFiles(now), path);

        // 3
        foreach (var child in now.Children)
        {
            if (_isTooMuch) return;
            var was = old.FindChild(child.Name);
            if (ReferenceEquals(was, child)) continue;
            if (was is null) Add(TreeEventKind.Created, path, child);
            else if (was.Owner.Facts.Modified != child.Owner.Facts.Modified) Add(TreeEventKind.Changed, path, child);
            Compare(was ?? TreeDirectory.Empty, child, path.Child(Encoding.UTF8.GetString(child.Name)));
        }
    }

    private void CompareFiles(VisibleFiles old, VisibleFiles now, VirtualPath path)
    {
        var (hasOld, hasNow) = (old.MoveNext(), now.MoveNext());
        while ((hasOld || hasNow) && !_isTooMuch)
        {
            var order = !hasOld ? 1 : !hasNow ? -1 : old.Current.NameUtf8.Span.SequenceCompareTo(now.Current.NameUtf8.Span);
            if (order < 0) Add(TreeEventKind.Deleted, path, old.Current);
            else if (order > 0) Add(TreeEventKind.Created, path, now.Current);
            else if (!old.Current.HasSameContentFacts(now.Current)) Add(TreeEventKind.Changed, path, now.Current);
            if (order <= 0) hasOld = old.MoveNext();
            if (order >= 0) hasNow = now.MoveNext();
        }
    }

    /// <summary>Whether the files of a directory are equal by reference. A directory of the same name hides or shows a file.</summary>
    private static bool HaveSameFiles(TreeDirectory old, TreeDirectory now)
    {
        if (old.HidesFiles || now.HidesFiles) return false;
        var (before, after) = (old.PartsArray(), now.PartsArray());
        if (before.Length != after.Length) return false;
        for (var at = 0; at < before.Length; at++)
        {
            if (before[at].Node != after[at].Node || !before[at].Files.Equals(after[at].Files)) return false;
        }

        return true;
    }

    private static VirtualPath Place(TreeDirectory old, TreeDirectory now)
    {
        var path = VirtualPath.Root;
        while (HaveSameFiles(old, now) && old.Children.Length == now.Children.Length)
        {
            TreeDirectory? was = null, becomes = null;
            for (var at = 0; at < now.Children.Length; at++)
            {
                if (ReferenceEquals(old.Children[at], now.Children[at])) continue;
                if (becomes is not null || !old.Children[at].Name.AsSpan().SequenceEqual(now.Children[at].Name)) return path;
                (was, becomes) = (old.Children[at], now.Children[at]);
            }

            if (becomes is null) return path;
            (old, now, path) = (was!, becomes, path.Child(Encoding.UTF8.GetString(becomes.Name)));
        }

        return path;
    }

    private void Add(TreeEventKind kind, VirtualPath directory, TreeDirectory child) => Add(kind, directory, child.ToEntry());

    private void Add(TreeEventKind kind, VirtualPath directory, in Entry entry)
    {
        _isTooMuch = _events.Count == _most;
        if (_isTooMuch) return;
        _events.Add(new TreeEvent(0, kind, directory.Child(entry.Name), entry.IsDirectory, entry.Size, entry.Modified, entry.Owner));
    }

    /// <summary>The files of a directory that no subdirectory hides.</summary>
    private struct VisibleFiles(TreeDirectory directory)
    {
        private FileMerge _merge = new(directory.PartsArray());

        public Entry Current { get; private set; }

        public bool MoveNext()
        {
            while (_merge.MoveNext())
            {
                if (directory.HidesFiles && directory.FindChild(_merge.Name) is not null) continue;
                Current = _merge.ToEntry();
                return true;
            }

            return false;
        }
    }
}
