using Dftp.Cluster.Index;

namespace Dftp.Cluster.LocalFiles.Scanning;

/// <summary>
/// What the scan of one directory did not put into the tree: entries left out by rule, and entries that could not be read.
/// </summary>
internal sealed class DirectoryReport
{
    private readonly List<LeftOutEntries> _leftOut = [];
    private readonly List<UnreadableEntry> _unreadable = [];

    public IReadOnlyList<LeftOutEntries> LeftOut => _leftOut;

    /// <summary>Entries whose state is unknown: the tree keeps what it has of them.</summary>
    public IReadOnlyList<UnreadableEntry> Unreadable => _unreadable;

    /// <param name="reason">The reason.</param>
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

    /// <param name="name">The name in the directory; empty for the entries after the place where reading broke off.</param>
    /// <param name="failure">The reason, as the end of a sentence.</param>
    public void AddUnreadable(ReadOnlySpan<byte> name, string failure) => _unreadable.Add(new UnreadableEntry(name.ToArray(), failure));
}

/// <summary>The entries of one directory that are left out for one reason.</summary>
/// <param name="Reason">The reason.</param>
/// <param name="Count">The number of entries.</param>
/// <param name="Examples">At most <see cref="SkippedEntries.MaxExamples"/> names.</param>
internal readonly record struct LeftOutEntries(SkipReason Reason, long Count, List<byte[]> Examples);

/// <summary>An existing entry, or the rest of a directory, that could not be read.</summary>
/// <param name="Name">The name in the directory; empty for the entries after the place where reading broke off.</param>
/// <param name="Failure">The reason, as the end of a sentence.</param>
internal readonly record struct UnreadableEntry(byte[] Name, string Failure);
