namespace Dftp.FileSystem;

/// <summary>
/// What must be at a path for a write to go on. It is decided at the path's first holder together with the change, so of two writers
/// with the same condition one fails, whichever nodes they asked. Front ends evaluate the conditions of their protocols (RFC 9110,
/// section 13) on the entry that they see, and write on condition that this entry is still there.
/// </summary>
public readonly struct WriteCondition
{
    private readonly WriteConditionKind _kind;
    private readonly Entry _seen;

    private WriteCondition(WriteConditionKind kind, in Entry seen)
    {
        _kind = kind;
        _seen = seen;
    }

    private enum WriteConditionKind
    {
        None,
        Absent,
        Present,
        Same,
    }

    /// <summary>No condition; the default.</summary>
    public static WriteCondition None => default;

    /// <summary>Nothing is there ("If-None-Match: *"). A failure is <see cref="WriteErrorKind.Exists"/>.</summary>
    public static WriteCondition Absent => new(WriteConditionKind.Absent, default);

    /// <summary>Anything is there ("If-Match: *").</summary>
    public static WriteCondition Present => new(WriteConditionKind.Present, default);

    public bool IsNone => _kind == WriteConditionKind.None;

    public bool IsAbsent => _kind == WriteConditionKind.Absent;

    /// <summary>A file or directory is there in the state of an entry (<see cref="Entry.IsSameVersion"/>).</summary>
    /// <param name="seen">
    /// Preferably from a look: an entry of a snapshot is compared by size and time only. Of a directory only the time is compared.
    /// </param>
    public static WriteCondition Is(in Entry seen) => new(WriteConditionKind.Same, seen);

    /// <param name="now">The entry at the path; null when nothing is there.</param>
    public bool IsMetBy(Entry? now) => _kind switch
    {
        WriteConditionKind.None => true,
        WriteConditionKind.Absent => now is null,
        WriteConditionKind.Present => now is not null,
        _ => now is { } entry && entry.IsDirectory == _seen.IsDirectory
            && (entry.IsDirectory ? entry.Modified == _seen.Modified : entry.IsSameVersion(_seen)),
    };
}
