using Dftp.Cluster.Index;

namespace Dftp.Cluster.LocalFiles.Scanning;

/// <summary>What the scan of one directory did not take into the tree: what it leaves out by rule, and what it could not read.</summary>
internal sealed class DirectoryReport
{
    private readonly List<LeftOutEntries> _leftOut = [];
    private readonly List<UnreadableEntry> _unreadable = [];

    public IReadOnlyList<LeftOutEntries> LeftOut => _leftOut;

    /// <summary>Entries whose state is not known: what the tree has of them stays.</summary>
    public IReadOnlyList<UnreadableEntry> Unreadable => _unreadable;

    /// <param name="reason">Why it is left out.</param>
    /// <param name="name">The name in the directory; empty for the directory itself.</param>
    public void Add(SkipReason reason, ReadOnlySpan<byte> name)
    {
        var index = _leftOut.FindIndex(each => each.Reason == reason);
        if (index < 0)
        {
            index = _leftOut.Count;
            _leftOut.Add(new LeftOutEntries(reason, 0, []));
        }

        var known = _leftOut[index];
        if (known.Count < SkippedEntries.MaxExamples) known.Examples.Add(name.ToArray());
        _leftOut[index] = known with { Count = known.Count + 1 };
    }

    /// <param name="name">The name in the directory; empty for the entries that reading did not come to.</param>
    /// <param name="failure">Why, as the end of a sentence.</param>
    public void AddUnreadable(ReadOnlySpan<byte> name, string failure) => _unreadable.Add(new UnreadableEntry(name.ToArray(), failure));
}

/// <summary>The entries of one directory that are left out for one reason.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Count">How many.</param>
/// <param name="Examples">At most <see cref="SkippedEntries.MaxExamples"/> names.</param>
internal readonly record struct LeftOutEntries(SkipReason Reason, long Count, List<byte[]> Examples);

/// <summary>An entry that exists, or the rest of a directory, and could not be read.</summary>
/// <param name="Name">The name in the directory; empty for the entries that reading did not come to.</param>
/// <param name="Failure">Why, as the end of a sentence.</param>
internal readonly record struct UnreadableEntry(byte[] Name, string Failure);
