using System.Text;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles.Scanning;

/// <summary>
/// Compares a scan with what this node announced before. Unchanged entries keep their change stamps, so a repeated scan never changes an
/// owner; new or different entries get the stamp of this scan, and so do entries with a stamp of a clock that ran ahead. Entries that the
/// scan could not read stay as announced.
/// </summary>
/// <param name="node">This node.</param>
/// <param name="clock">Makes the stamp of the scan, if there is a change.</param>
/// <param name="atMost">The maximum number of changes to collect; 0 for a first scan, where the changes are the whole tree.</param>
/// <param name="judgement">Decides on files whose size and time are unchanged; null if all of them are the same versions.</param>
internal sealed class ScanComparison(NodeName node, StampClock clock, int atMost, VersionJudgement? judgement = null)
{
    /// <summary>A later stamp would make this node the owner until that time has come.</summary>
    private readonly Stamp _latest = clock.LatestPlausible;

    private Stamp? _now;

    private readonly List<EntryChange> _changes = [];
    private readonly FileColumnsBuilder _stamped = new();

    /// <summary>
    /// The changes for peers that know the state before: deletions come before the entries that replace them. If there are more than the
    /// maximum, only a full update can convey them.
    /// </summary>
    public IReadOnlyList<EntryChange> Changes => _changes;

    /// <summary>The number of changes.</summary>
    public long Count { get; private set; }

    /// <summary>The stamp of all changes of this scan, greater than all before.</summary>
    private Stamp Now => _now ??= clock.Next();

    /// <summary>Writes the change stamps into the draft and collects the changes.</summary>
    /// <param name="draft">The scanned directory with everything below it.</param>
    /// <param name="announced">The same directory in the tree; null if it is not there.</param>
    /// <param name="path">Its path.</param>
    public void Compare(DirectoryBuilder draft, TreeDirectory? announced, VirtualPath path)
    {
        var before = announced?.PartOf(node);
        CompareDirectory(draft, before, path);
        foreach (var gone in DirectoriesNotScanned(draft, announced))
        {
            if (MayHold(draft, gone, path)) draft.Add(DirectoryBuilder.Of(gone, node));
            else Add(EntryChange.Delete(Child(path, gone.Name), Now, gone.PartOf(node)?.Announced?.Stamp ?? default));
        }

        CompareFiles(draft, before?.Files ?? default, path);
        foreach (var child in draft.Directories()) Compare(child, announced?.FindChild(child.Name), Child(path, child.Name));
    }

    /// <summary>Collects the changes of a directory that was read again without the content of its known subdirectories.</summary>
    /// <param name="draft">The scanned directory.</param>
    /// <param name="announced">The same directory in the tree; null if it is not there.</param>
    /// <param name="path">Its path.</param>
    /// <param name="unread">The drafts that have facts only.</param>
    /// <param name="others">The paths of all directories that were read again: their own facts are compared there, not here.</param>
    public void CompareAgain(
        DirectoryBuilder draft, TreeDirectory? announced, VirtualPath path,
        IReadOnlySet<DirectoryBuilder> unread, IReadOnlySet<VirtualPath> others)
    {
        var before = announced?.PartOf(node);
        CompareDirectory(draft, before, path);
        foreach (var gone in DirectoriesNotScanned(draft, announced))
        {
            if (MayHold(draft, gone, path)) continue;
            Add(EntryChange.Delete(Child(path, gone.Name), Now, gone.PartOf(node)?.Announced?.Stamp ?? default));
        }

        CompareFiles(draft, before?.Files ?? default, path);
        foreach (var child in draft.Directories())
        {
            var childPath = Child(path, child.Name);
            var known = announced?.FindChild(child.Name);
            if (!unread.Contains(child)) Compare(child, known, childPath);
            else if (!others.Contains(childPath)) CompareDirectory(child, known?.PartOf(node), childPath);
        }
    }

    private void CompareDirectory(DirectoryBuilder draft, NodeEntries? before, VirtualPath path)
    {
        if (draft.Facts is not { } facts) return;
        if (before?.Announced is { } known && known.Stamp <= _latest && known with { Stamp = default } == facts with { Stamp = default })
        {
            draft.Facts = known;
            return;
        }

        facts = facts with { Stamp = Now };
        draft.Facts = facts;
        if (!path.IsRoot) Add(EntryChange.Put(path, facts, before?.Announced?.Stamp ?? default));
    }

    private List<TreeDirectory> DirectoriesNotScanned(DirectoryBuilder draft, TreeDirectory? announced)
    {
        if (announced is null || announced.Children.Length == 0) return [];
        var scanned = new HashSet<byte[]>(draft.Directories().Select(child => child.Name), NameBytes.Comparer);
        return [.. announced.Children.Where(child => child.PartOf(node) is not null && !scanned.Contains(child.Name))];
    }

    private bool MayHold(DirectoryBuilder draft, TreeDirectory gone, VirtualPath path) =>
        draft.MayHold(gone.Name) || judgement?.IsPutBelowSince(Child(path, gone.Name)) == true;

    private void CompareFiles(DirectoryBuilder draft, FileColumns before, VirtualPath path)
    {
        var scanned = draft.Files();
        judgement?.Enter(path);
        if (judgement is not { HasSuspects: true } && scanned.HasSameContent(before) && !before.HasStampAfter(_latest))
        {
            draft.SetFiles(before);
            return;
        }

        if (before.Count == 0 && atMost == 0)
        {
            Count += scanned.Count;
            scanned.SetStamp(Now);
            return;
        }

        int at = 0, next = 0;
        while (at < before.Count || next < scanned.Count)
        {
            var order = at == before.Count ? 1 : next == scanned.Count ? -1 : before.NameSpan(at).SequenceCompareTo(scanned.NameSpan(next));
            if (order < 0)
            {
                var name = before.NameSpan(at);
                if (draft.MayHold(name) || judgement?.IsPutSince(name) == true) _stamped.Add(name, before[at]);
                else Add(EntryChange.Delete(Child(path, name), Now, before[at].Stamp));
                at++;
                continue;
            }

            FileFacts? known = order == 0 ? before[at++] : null;
            var facts = known is { } earlier ? Judge(scanned.NameSpan(next), earlier, scanned[next]) : scanned[next] with { Stamp = Now };
            if (facts != known) Add(EntryChange.Put(Child(path, scanned.NameSpan(next)), facts, known?.Stamp ?? default));
            _stamped.Add(scanned.NameSpan(next), facts);
            next++;
        }

        draft.SetFiles(_stamped.Build());
    }

    private FileFacts Judge(ReadOnlySpan<byte> name, in FileFacts known, in FileFacts found)
    {
        var isSame = known.Size == found.Size && known.Modified == found.Modified;
        if (!isSame && judgement?.IsPutSince(name) == true) return known;
        if (judgement is not null && judgement.IsRevised(name, known, found, clock.Now))
            return found with { Stamp = Now, IsRevised = true };
        return isSame && found.Permissions == known.Permissions && known.Stamp <= _latest
            ? known
            : found with { Stamp = Now, IsRevised = isSame && known.IsRevised };
    }

    private void Add(in EntryChange change)
    {
        if (Count++ < atMost) _changes.Add(change);
    }

    private static VirtualPath Child(VirtualPath path, ReadOnlySpan<byte> name) => path.Child(Encoding.UTF8.GetString(name));
}
