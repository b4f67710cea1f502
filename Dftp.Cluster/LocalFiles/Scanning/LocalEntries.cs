using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles.Scanning;

/// <summary>
/// What this node itself holds: puts scans into the tree and into the log of changes, as one step, so that a full update and the
/// changes after it always fit together.
/// </summary>
internal sealed class LocalEntries(NodeName node, TreeWriter tree, TimeProvider time)
{
    private readonly Lock _lock = new();
    private ChangeLog _log = new();
    private bool _isScanned;
    private bool _isRestored;

    private volatile IReadOnlyList<UnconfirmedPlace> _unconfirmed = [];

    /// <summary>Called after each change, outside of the lock.</summary>
    public event Action? Changed;

    /// <summary>Called after each change of <see cref="Unconfirmed"/>.</summary>
    public event Action? UnconfirmedChanged;

    /// <summary>The places of which the tree has what was known of this node before, because its disk cannot be read there. Few.</summary>
    public IReadOnlyList<UnconfirmedPlace> Unconfirmed => _unconfirmed;

    /// <summary>This start of the process: milliseconds, so that a later start has a greater number.</summary>
    public long Epoch { get; } = time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Whether the first scan has ended. Before, peers keep what they know from an earlier start and are sent nothing.</summary>
    public bool IsScanned
    {
        get
        {
            lock (_lock) return _isScanned;
        }
    }

    /// <summary>How many files are shown that were kept from an earlier start; 0 once the first scan has ended.</summary>
    public long UnconfirmedFiles
    {
        get
        {
            lock (_lock) return _isRestored && !_isScanned ? tree.Current.HoldingOf(node).Files : 0;
        }
    }

    public AnnouncedState State
    {
        get
        {
            lock (_lock) return new AnnouncedState(Epoch, _log.Sequence, tree.Current.HoldingOf(node).Digest);
        }
    }

    /// <summary>The whole tree, with the position that a full update of this node from it has.</summary>
    public (TreeSnapshot Tree, UpdatePosition Position) Full()
    {
        lock (_lock) return (tree.Current, new UpdatePosition(Epoch, _log.Sequence, _log.Sequence));
    }

    /// <summary>The changes after a state that was sent before.</summary>
    /// <returns>The changes, null when only a full update can tell them; and their position.</returns>
    public (IReadOnlyList<EntryChange>? Changes, UpdatePosition Position) Since(long sequence)
    {
        lock (_lock) return (_log.Since(sequence), new UpdatePosition(Epoch, _log.Sequence, sequence));
    }

    /// <summary>The changes after the state that has a digest: for a peer that knows it from an earlier start of either node.</summary>
    /// <returns>The changes, null when no state is known to have had it; and their position.</returns>
    public (IReadOnlyList<EntryChange>? Changes, UpdatePosition Position) SinceState(ulong digest)
    {
        lock (_lock)
        {
            return _log.SequenceOf(digest) is { } sequence
                ? (_log.Since(sequence), new UpdatePosition(Epoch, _log.Sequence, sequence))
                : (null, default);
        }
    }

    /// <summary>
    /// Takes what the tree has of this node for the state before the first scan: it was kept from an earlier start. What the scan finds
    /// unchanged keeps its time of change.
    /// </summary>
    public void Restored()
    {
        lock (_lock)
        {
            _isRestored = true;
            _log = new ChangeLog(tree.Current.HoldingOf(node).Digest);
        }
    }

    /// <summary>Puts a scan of the whole root in the place of what was known.</summary>
    /// <param name="root">The tree's root with this node's mount in it; its times of change are written by this call.</param>
    /// <param name="judgement">Of files with the size and the time that they had; null: these are the same versions.</param>
    /// <returns>How many entries changed; the number of all of them after the first scan.</returns>
    public long Replace(DirectoryBuilder root, VersionJudgement? judgement = null)
    {
        long changed;
        lock (_lock)
        {
            var isFirst = !_isScanned;
            var comparison = new ScanComparison(node, Now(), atMost: !isFirst || _isRestored ? ChangeLog.MaxEntries : 0, judgement);
            comparison.Compare(root, tree.Current.Root, VirtualPath.Root);
            _isScanned = true;
            if (!isFirst && comparison.Count == 0)
            {
                judgement?.End();
                return 0;
            }

            var holding = tree.Apply(node, DirectoryPatch.Replace(root)).HoldingOf(node);
            _log.Append(comparison.Count == comparison.Changes.Count ? comparison.Changes : null, holding.Digest);
            judgement?.End();
            changed = isFirst ? holding.Files + holding.Directories : comparison.Count;
        }

        Changed?.Invoke();
        return changed;
    }

    /// <summary>Puts directories that were read again in the place of what was known of them, all in one step and one update.</summary>
    /// <param name="scan">What was read; its paths are relative to the root directory.</param>
    /// <param name="mount">Where the root directory stands in the tree.</param>
    /// <param name="judgement">As for <see cref="Replace"/>.</param>
    /// <returns>How many entries changed.</returns>
    public long Update(PlacesResult scan, VirtualPath mount, VersionJudgement? judgement = null)
    {
        long changed;
        lock (_lock)
        {
            var comparison = new ScanComparison(node, Now(), atMost: int.MaxValue, judgement);
            var paths = scan.Places.Select(place => TreePath.Under(mount, place.Path)).ToHashSet();
            foreach (var (path, draft) in scan.Places)
            {
                var treePath = TreePath.Under(mount, path);
                // The tree's root is nobody's entry.
                if (treePath.IsRoot) draft.Facts = null;
                comparison.CompareAgain(draft, TreePath.FindDirectory(tree.Current.Root, treePath), treePath, scan.Unread, paths);
            }

            changed = comparison.Changes.Count;
            if (changed > 0)
            {
                var patch = new DirectoryPatch();
                foreach (var change in comparison.Changes) change.AddTo(patch);
                _log.Append(comparison.Changes, tree.Apply(node, patch).HoldingOf(node).Digest);
            }

            judgement?.End();
        }

        if (changed == 0) return 0;

        Changed?.Invoke();
        return changed;
    }

    public void SetUnconfirmed(IReadOnlyList<UnconfirmedPlace> places)
    {
        _unconfirmed = places;
        UnconfirmedChanged?.Invoke();
    }

    private uint Now() => (uint)time.GetUtcNow().ToUnixTimeSeconds();
}
