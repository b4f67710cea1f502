namespace Dftp.FileSystem;

/// <summary>What a search asks of every entry below a directory: all that is said has to hold, and what is null says nothing.</summary>
public sealed record SearchQuery
{
    /// <summary>Where to search; the directory itself is no hit.</summary>
    public VirtualPath Under { get; init; }

    /// <summary>The last name of the path.</summary>
    public NamePattern? Name { get; init; }

    /// <summary>True for directories only, false for files only.</summary>
    public bool? IsDirectory { get; init; }

    /// <summary>More bytes than these.</summary>
    public long? LargerThan { get; init; }

    /// <summary>Modified then or later.</summary>
    public UnixTime? NotBefore { get; init; }

    /// <summary>The owner.</summary>
    public NodeName? Node { get; init; }

    /// <summary>Hits after so many are left out; at least 1.</summary>
    public int? Limit { get; init; }

    /// <summary>Whether an entry from below <see cref="Under"/> is a hit. The cheap questions come first.</summary>
    public bool Matches(in Entry entry) =>
        (IsDirectory is not { } isDirectory || entry.IsDirectory == isDirectory)
        && (LargerThan is not { } size || entry.Size > size)
        && (NotBefore is not { } time || entry.Modified >= time)
        && (Node is not { } node || entry.Owner == node)
        && (Name is null || Name.Matches(entry.NameUtf8.Span));

    /// <summary>The hits of a walk below <see cref="Under"/>.</summary>
    public IEnumerable<WalkEntry> Filter(IEnumerable<WalkEntry> walk, CancellationToken cancellationToken)
    {
        var left = Limit ?? int.MaxValue;
        foreach (var step in walk)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!Matches(step.Entry)) continue;
            yield return step;
            if (--left == 0) yield break;
        }
    }
}
