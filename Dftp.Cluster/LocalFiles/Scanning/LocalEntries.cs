using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles.Scanning;

/// <summary>
/// This node's own entries. Puts scans into the tree and into the change log in one step, so that a full update and the changes after it
/// are always consistent.
/// </summary>
internal sealed class LocalEntries(NodeName node, ITreeIndex tree, StampClock clock, TimeProvider time)
{
    private readonly Lock _lock = new();
    private ChangeLog _log = new();
    private bool _isScanned;
    private bool _isRestored;

    private volatile IReadOnlyList<UnconfirmedPlace> _unconfirmed = [];

    /// <summary>Raised after each change, outside the lock.</summary>
    public event Action? Changed;

    /// <summary>Raised after each change of <see cref="Unconfirmed"/>.</summary>
    public event Action? UnconfirmedChanged;

    /// <summary>The places that cannot be read, for which the tree keeps this node's earlier entries. Few.</summary>
    public IReadOnlyList<UnconfirmedPlace> Unconfirmed => _unconfirmed;

    /// <summary>Makes the stamps of this node's changes.</summary>
    public StampClock Clock => clock;

    /// <summary>Identifies this start of the process (the incarnation): milliseconds, so that a later start has a greater number.</summary>
    public long Incarnation { get; } = time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>
    /// Whether the first scan has ended. Until then, peers keep what they know from an earlier start and receive no updates.
    /// </summary>
    public bool IsScanned
    {
        get
        {
            lock (_lock) return _isScanned;
        }
    }

    /// <summary>The number of files restored from an earlier start that are still shown; 0 once the first scan has ended.</summary>
    public long UnconfirmedFiles
    {
        get
        {
            lock (_lock) return _isRestored && !_isScanned ? tree.Local.HoldingOf(node).Files : 0;
        }
    }

    public AnnouncedState State
    {
        get
        {
            lock (_lock) return new AnnouncedState(Incarnation, _log.Sequence, tree.Local.HoldingOf(node).Digest);
        }
    }

    /// <summary>A tree with all entries, with the position in the change log of a full update made from it.</summary>
    public (TreeSnapshot Tree, UpdatePosition Position) Full()
    {
        lock (_lock) return (tree.Local, new UpdatePosition(Incarnation, _log.Sequence, _log.Sequence));
    }

    /// <summary>The changes after a state that was sent before.</summary>
    /// <returns>The changes, or null if only a full update can bring the peer up to date; and their position.</returns>
    public (IReadOnlyList<EntryChange>? Changes, UpdatePosition Position) Since(long sequence)
    {
        lock (_lock) return (_log.Since(sequence), new UpdatePosition(Incarnation, _log.Sequence, sequence));
    }

    /// <summary>The changes after the state with a digest, for a peer that knows that state from an earlier start of either node.</summary>
    /// <returns>The changes, or null if no known state has the digest; and their position.</returns>
    public (IReadOnlyList<EntryChange>? Changes, UpdatePosition Position) SinceState(ulong digest)
    {
        lock (_lock)
        {
            return _log.SequenceOf(digest) is { } sequence
                ? (_log.Since(sequence), new UpdatePosition(Incarnation, _log.Sequence, sequence))
                : (null, default);
        }
    }

    /// <summary>
    /// Uses the tree's entries of this node, restored from an earlier start, as the state before the first scan. Entries that the scan
    /// finds unchanged keep their change stamps.
    /// </summary>
    public void Restored()
    {
        lock (_lock)
        {
            _isRestored = true;
            clock.Restored(tree.Local.LatestStampOf(node, clock.LatestPlausible));
            foreach (var peer in tree.Local.Holdings.Keys.Where(name => name != node))
                clock.Received(tree.Local.LatestStampOf(peer, clock.LatestOfPeers));
            _log = new ChangeLog(tree.Local.HoldingOf(node).Digest);
        }
    }

    /// <summary>Replaces all entries by a scan of the whole root.</summary>
    /// <param name="root">The tree's root with this node's mount in it; this call writes the change stamps into it.</param>
    /// <param name="judgement">Decides on files whose size and time are unchanged; null if all of them are the same versions.</param>
    /// <returns>The number of changed entries; after the first scan, the number of all entries.</returns>
    public long Replace(DirectoryBuilder root, VersionJudgement? judgement = null)
    {
        long changed;
        lock (_lock)
        {
            var isFirst = !_isScanned;
            var comparison = new ScanComparison(node, clock, atMost: !isFirst || _isRestored ? ChangeLog.MaxEntries : 0, judgement);
            comparison.Compare(root, tree.Local.Root, VirtualPath.Root);
            _isScanned = true;
            if (!isFirst && comparison.Count == 0)
            {
                judgement?.End();
                return 0;
            }

            var holding = tree.ApplyLocal(node, DirectoryPatch.Replace(root)).HoldingOf(node);
            _log.Append(comparison.Count == comparison.Changes.Count ? comparison.Changes : null, holding.Digest);
            judgement?.End();
            changed = isFirst ? holding.Files + holding.Directories : comparison.Count;
        }

        Changed?.Invoke();
        return changed;
    }

    /// <summary>Replaces the entries of directories that were read again, all in one step and one update.</summary>
    /// <param name="scan">The scan; its paths are relative to the root directory.</param>
    /// <param name="mount">The root directory's place in the tree.</param>
    /// <param name="judgement">As for <see cref="Replace"/>.</param>
    /// <returns>The number of changed entries.</returns>
    public long Update(PlacesResult scan, VirtualPath mount, VersionJudgement? judgement = null)
    {
        long changed;
        lock (_lock)
        {
            var comparison = new ScanComparison(node, clock, atMost: int.MaxValue, judgement);
            var paths = scan.Places.Select(place => TreePath.Under(mount, place.Path)).ToHashSet();
            foreach (var (path, draft) in scan.Places)
            {
                var treePath = TreePath.Under(mount, path);
                // The tree's root is not an entry of any node.
                if (treePath.IsRoot) draft.Facts = null;
                comparison.CompareAgain(draft, TreePath.FindDirectory(tree.Local.Root, treePath), treePath, scan.Unread, paths);
            }

            changed = comparison.Changes.Count;
            if (changed > 0)
            {
                var patch = new DirectoryPatch();
                foreach (var change in comparison.Changes) change.AddTo(patch);
                _log.Append(comparison.Changes, tree.ApplyLocal(node, patch).HoldingOf(node).Digest);
            }

            judgement?.End();
        }

        if (changed == 0) return 0;

        Changed?.Invoke();
        return changed;
    }

    /// <summary>
    /// Puts a file that this node itself has just written into the tree, before a scan finds it. The scan keeps it as it is.
    /// </summary>
    /// <param name="path">The file's path in the tree; this node has the directory.</param>
    /// <param name="facts">
    /// The facts of the file on the disk. With a stamp: it is a copy of the version with that stamp. Without: it is a new version.
    /// </param>
    /// <param name="written">Learns that the events of this write report nothing else.</param>
    /// <returns>The stamp of the entry.</returns>
    public Stamp Put(VirtualPath path, in FileFacts facts, RewrittenFiles written)
    {
        written.Put(path);
        Stamp stamp;
        lock (_lock)
        {
            var isCopy = facts.Stamp != default;
            stamp = isCopy ? facts.Stamp : clock.Next();
            var before = TreePath.FileOf(tree.Local.Root, path, node)?.Stamp ?? default;
            var change = EntryChange.Put(path, facts with { Stamp = stamp, IsCopy = isCopy }, before);
            var patch = new DirectoryPatch();
            change.AddTo(patch);
            _log.Append([change], tree.ApplyLocal(node, patch).HoldingOf(node).Digest);
        }

        Changed?.Invoke();
        return stamp;
    }

    public void SetUnconfirmed(IReadOnlyList<UnconfirmedPlace> places)
    {
        _unconfirmed = places;
        UnconfirmedChanged?.Invoke();
    }
}
