namespace Dftp.FileSystem;

/// <summary>The conditions of a search below a directory. A hit meets all of them; a null condition is not checked.</summary>
public sealed record SearchQuery
{
    /// <summary>The directory to search below; it is not a hit itself.</summary>
    public VirtualPath Under { get; init; }

    /// <summary>A pattern for the last segment of the path.</summary>
    public NamePattern? Name { get; init; }

    /// <summary>True for directories only, false for files only.</summary>
    public bool? IsDirectory { get; init; }

    /// <summary>The size in bytes that a hit exceeds.</summary>
    public long? LargerThan { get; init; }

    /// <summary>The earliest modification time of a hit.</summary>
    public UnixTime? NotBefore { get; init; }

    /// <summary>The owner of a hit.</summary>
    public NodeName? Node { get; init; }

    /// <summary>The maximum number of hits; at least 1.</summary>
    public int? Limit { get; init; }

    /// <summary>Whether an entry below <see cref="Under"/> is a hit. Cheap conditions are checked first.</summary>
    public bool Matches(in Entry entry) =>
        (IsDirectory is not { } isDirectory || entry.IsDirectory == isDirectory)
        && (LargerThan is not { } size || entry.Size > size)
        && (NotBefore is not { } time || entry.Modified >= time)
        && (Node is not { } node || entry.Owner == node)
        && (Name is null || Name.Matches(entry.NameUtf8.Span));
}
