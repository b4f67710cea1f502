using System.Text;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles.Scanning;

/// <summary>
/// Compares a scan with what this node announced before. Unchanged entries keep their change stamps, so a repeated scan never changes an
/// owner; new or different entries get the present time, and so do entries with a stamp in the future. Entries that the scan could not read
/// stay as announced.
/// </summary>
/// <param name="node">This node.</param>
/// <param name="now">Unix seconds.</param>
/// <param name="atMost">The maximum number of changes to collect; 0 for a first scan, where the changes are the whole tree.</param>
/// <param name="judgement">Decides on files whose size and time are unchanged; null if all of them are the same versions.</param>
internal sealed class ScanComparison(NodeName node, uint now, int atMost, VersionJudgement? judgement = null)
{
    /// <summary>The tolerated difference between synchronised clocks, in seconds.</summary>
    private const uint ClockTolerance = 24 * 60 * 60;

    /// <summary>2020-01-01, before this product existed: an earlier time means that the machine's clock is not set yet.</summary>
    private const uint EarliestNow = 1_577_836_800;

    /// <summary>
    /// A later change stamp comes from a clock that ran ahead; it would make this node the owner until that time has come.
    /// </summary>
    private readonly uint _latest = now < EarliestNow ? uint.MaxValue : (uint)Math.Min(uint.MaxValue, (long)now + ClockTolerance);

    private readonly List<EntryChange> _changes = [];
    private readonly FileColumnsBuilder _stamped = new();

    /// <summary>
    /// The changes for peers that know the state before: deletions come before the entries that replace them. If there are more than the
    /// maximum, only a full update can convey them.
    /// </summary>
    public IReadOnlyList<EntryChange> Changes => _changes;

    /// <summary>The number of changes.</summary>
    public long Count { get; private set; }

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
            if (draft.MayHold(gone.Name)) draft.Add(DirectoryBuilder.Of(gone, node));
            else Add(EntryChange.Delete(Child(path, gone.Name), now, gone.PartOf(node)?.Announced?.Changed ?? 0));
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
            if (!draft.MayHold(gone.Name)) Add(EntryChange.Delete(Child(path, gone.Name), now, gone.PartOf(node)?.Announced?.Changed ?? 0));
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
        if (before?.Announced is { } known && known.Changed <= _latest && known with { Changed = 0 } == facts with { Changed = 0 })
        {
            draft.Facts = known;
            return;
        }

        facts = facts with { Changed = ChangedNow(before?.Announced?.Changed ?? 0) };
        draft.Facts = facts;
        if (!path.IsRoot) Add(EntryChange.Put(path, facts, before?.Announced?.Changed ?? 0));
    }

    private List<TreeDirectory> DirectoriesNotScanned(DirectoryBuilder draft, TreeDirectory? announced)
    {
        if (announced is null || announced.Children.Length == 0) return [];
        var scanned = new HashSet<byte[]>(draft.Directories().Select(child => child.Name), NameBytes.Comparer);
        return [.. announced.Children.Where(child => child.PartOf(node) is not null && !scanned.Contains(child.Name))];
    }

    private void CompareFiles(DirectoryBuilder draft, FileColumns before, VirtualPath path)
    {
        var scanned = draft.Files();
        judgement?.Enter(path);
        if (judgement is not { HasSuspects: true } && scanned.HasSameContent(before) && !before.HasChangesAfter(_latest))
        {
            draft.SetFiles(before);
            return;
        }

        if (before.Count == 0 && atMost == 0)
        {
            Count += scanned.Count;
            scanned.Stamp(now);
            return;
        }

        int at = 0, next = 0;
        while (at < before.Count || next < scanned.Count)
        {
            var order = at == before.Count ? 1 : next == scanned.Count ? -1 : before.NameSpan(at).SequenceCompareTo(scanned.NameSpan(next));
            if (order < 0)
            {
                var name = before.NameSpan(at);
                if (draft.MayHold(name)) _stamped.Add(name, before[at]);
                else Add(EntryChange.Delete(Child(path, name), now, before[at].Changed));
                at++;
                continue;
            }

            FileFacts? known = order == 0 ? before[at++] : null;
            var facts = known is { } earlier ? Judge(scanned.NameSpan(next), earlier, scanned[next]) : scanned[next] with { Changed = now };
            if (facts != known) Add(EntryChange.Put(Child(path, scanned.NameSpan(next)), facts, known?.Changed ?? 0));
            _stamped.Add(scanned.NameSpan(next), facts);
            next++;
        }

        draft.SetFiles(_stamped.Build());
    }

    private FileFacts Judge(ReadOnlySpan<byte> name, in FileFacts known, in FileFacts found)
    {
        var isSame = known.Size == found.Size && known.Modified == found.Modified;
        if (judgement is not null && judgement.IsRevised(name, known, found, now))
        {
            // Two changes within one second are still two versions.
            var changed = known.Changed <= _latest && known.Changed < uint.MaxValue ? Math.Max(now, known.Changed + 1) : now;
            return found with { Changed = changed, IsRevised = true };
        }

        return isSame && found.Permissions == known.Permissions && known.Changed <= _latest
            ? known
            : found with { Changed = ChangedNow(known.Changed), IsRevised = isSame && known.IsRevised };
    }

    /// <summary>Keeps the stamp from moving backwards if the clock was set back a little.</summary>
    private uint ChangedNow(uint before) => before <= _latest ? Math.Max(now, before) : now;

    private void Add(in EntryChange change)
    {
        if (Count++ < atMost) _changes.Add(change);
    }

    private static VirtualPath Child(VirtualPath path, ReadOnlySpan<byte> name) => path.Child(Encoding.UTF8.GetString(name));
}
