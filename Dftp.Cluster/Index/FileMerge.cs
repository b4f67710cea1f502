using Dftp.FileSystem;

namespace Dftp.Cluster.Index;

/// <summary>Enumerates the files of several parts of a directory in the order of their names, each name once, with its owner.</summary>
/// <param name="parts">Sorted by node name.</param>
internal struct FileMerge(NodeEntries[] parts)
{
    private readonly int[] _next = parts.Length > 1 ? new int[parts.Length] : [];
    private int _index = -1;
    private NodeEntries _owner = null!;

    /// <summary>The number of nodes that have the current file.</summary>
    public int HolderCount { get; private set; }

    public readonly ReadOnlySpan<byte> Name => _owner.Files.NameSpan(_index);

    public readonly FileFacts Facts => _owner.Files[_index];

    public bool MoveNext()
    {
        if (parts.Length <= 1) return MoveInOnlyPart();

        NodeEntries? owner = null;
        for (var at = 0; at < parts.Length; at++)
        {
            var files = parts[at].Files;
            if (_next[at] == files.Count) continue;
            var order = owner is null ? -1 : files.NameSpan(_next[at]).SequenceCompareTo(owner.Files.NameSpan(_index));
            if (order > 0) continue;
            HolderCount = order == 0 ? HolderCount + 1 : 1;
            if (order == 0 && !OwnerRule.Wins(files[_next[at]].Stamp, parts[at].Node, owner!.Files[_index].Stamp, owner.Node)) continue;
            owner = parts[at];
            _index = _next[at];
        }

        if (owner is null) return false;
        _owner = owner;
        for (var at = 0; at < parts.Length; at++)
        {
            if (_next[at] < parts[at].Files.Count && parts[at].Files.NameSpan(_next[at]).SequenceEqual(Name)) _next[at]++;
        }

        return true;
    }

    public readonly Entry ToEntry()
    {
        var (name, facts) = _owner.Files.File(_index);
        return facts.ToEntry(name, _owner.Node, HolderCount);
    }

    private bool MoveInOnlyPart()
    {
        if (parts.Length == 0 || _index + 1 >= parts[0].Files.Count) return false;
        _owner = parts[0];
        _index++;
        HolderCount = 1;
        return true;
    }
}
