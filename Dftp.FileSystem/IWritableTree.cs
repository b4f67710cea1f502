namespace Dftp.FileSystem;

/// <summary>
/// Changes the tree on behalf of one principal. Thread-safe.
/// <list type="bullet">
/// <item>
/// A write is whole or absent: whatever fails, the path has its old or its new state and nothing else. What is reported as done is on
/// disk at every node of <see cref="WriteResult.Holders"/>, and every later snapshot of this node's tree has it. Snapshots taken
/// before and contents opened before keep their state.
/// </item>
/// <item>
/// Paths and conditions are checked before anything is read from a body or changed, and once more in the moment of the change. An error
/// that has nothing to do with a condition comes before <see cref="WriteErrorKind.PreconditionFailed"/> (RFC 9110, section 13.2.1).
/// </item>
/// <item>
/// Every method can fail with <see cref="WriteErrorKind.Forbidden"/>, <see cref="WriteErrorKind.ReadOnly"/>,
/// <see cref="WriteErrorKind.Busy"/>, <see cref="WriteErrorKind.Unreachable"/> and <see cref="WriteErrorKind.Failed"/>; their comments
/// list the other errors.
/// </item>
/// <item>
/// A cancellation before the change is an <see cref="OperationCanceledException"/>, and nothing is changed. Once the change of one
/// path has begun it ends; the paths of a directory that are not reached by then are failures of a partial result.
/// </item>
/// </list>
/// </summary>
public interface IWritableTree
{
    /// <summary>Creates a file, or replaces or continues the file at a path.</summary>
    /// <param name="file">The path. Its parent must be a directory of the tree.</param>
    /// <param name="content">The bytes and facts of the new file. Its body is not read if the write is refused without it.</param>
    /// <param name="condition">
    /// What must be at the path. Even without a condition nobody's change is overwritten unseen: if the file is changed while the body
    /// arrives, the write is tried once more against the changed file, and fails if that changes too.
    /// </param>
    /// <param name="cancellationToken">Counts until the whole content has arrived.</param>
    /// <returns>
    /// Created or Replaced with the new entry; or IsDirectory, NoParent, NotADirectory, NameNotAllowed, PreconditionFailed, Exists,
    /// OffsetMismatch, NoSpace, TooLarge, IncompleteBody or DigestMismatch.
    /// </returns>
    ValueTask<WriteResult> WriteAsync(VirtualPath file, NewContent content, WriteCondition condition, CancellationToken cancellationToken);

    /// <summary>Removes what is at a path, at all its holders.</summary>
    /// <param name="path">The path; not the root, which is Forbidden.</param>
    /// <param name="what">What it may be.</param>
    /// <param name="condition">What must be at the path. <see cref="WriteCondition.Absent"/> makes no sense here.</param>
    /// <param name="cancellationToken">See <see cref="IWritableTree"/>.</param>
    /// <returns>
    /// Removed; or Partial with every path that could not be removed (but not its directories, RFC 4918, section 9.6.1); or NotFound,
    /// IsDirectory, NotADirectory, NotEmpty or PreconditionFailed.
    /// </returns>
    ValueTask<WriteResult> RemoveAsync(VirtualPath path, RemoveTarget what, WriteCondition condition, CancellationToken cancellationToken);

    /// <summary>Makes one directory.</summary>
    /// <returns>
    /// Created; or Exists (whatever is there), NoParent, NotADirectory, NameNotAllowed or NoSpace. RFC 4918, section 9.3.1, forbids
    /// making parents with it.
    /// </returns>
    ValueTask<WriteResult> MakeDirectoryAsync(VirtualPath directory, CancellationToken cancellationToken);

    /// <summary>
    /// Moves a file, or a directory with all that is below it. Times and permissions stay. What was at the destination is replaced,
    /// also a directory with its content (RFC 4918, section 9.9.3).
    /// </summary>
    /// <param name="source">What to move; not the root, which is Forbidden.</param>
    /// <param name="destination">The new path. Its parent must be a directory of the tree.</param>
    /// <param name="conditions">What must be at both. A destination that must be absent is the way to overwrite nothing.</param>
    /// <param name="cancellationToken">See <see cref="IWritableTree"/>.</param>
    /// <returns>
    /// Created or Replaced with the entry at the destination; or Partial with the paths below the source that could not be moved: they
    /// are still at the source; or NotFound, Overlap, NoParent, NotADirectory, NameNotAllowed, PreconditionFailed, Exists or NoSpace.
    /// </returns>
    ValueTask<WriteResult> MoveAsync(
        VirtualPath source, VirtualPath destination, TransferConditions conditions, CancellationToken cancellationToken);

    /// <summary>
    /// Copies a file, or a directory with all that is below it, as <see cref="MoveAsync"/> moves it. Each file of the copy is one
    /// version of its source.
    /// </summary>
    /// <param name="source">What to copy.</param>
    /// <param name="destination">The path of the copy. Its parent must be a directory of the tree.</param>
    /// <param name="withMembers">False copies a directory without what is in it ("Depth: 0", RFC 4918, section 9.8.3).</param>
    /// <param name="conditions">What must be at both.</param>
    /// <param name="cancellationToken">See <see cref="IWritableTree"/>.</param>
    /// <returns>As <see cref="MoveAsync"/>. A directory below itself is an Overlap only with its members.</returns>
    ValueTask<WriteResult> CopyAsync(
        VirtualPath source, VirtualPath destination, bool withMembers, TransferConditions conditions, CancellationToken cancellationToken);

    /// <summary>Sets the modification time or the permissions of a file or directory, at all its holders.</summary>
    /// <param name="path">The path.</param>
    /// <param name="facts">The facts to set.</param>
    /// <param name="condition">What must be at the path.</param>
    /// <param name="cancellationToken">See <see cref="IWritableTree"/>.</param>
    /// <returns>Changed with the entry as it is then; or NotFound or PreconditionFailed.</returns>
    ValueTask<WriteResult> SetFactsAsync(VirtualPath path, NewFacts facts, WriteCondition condition, CancellationToken cancellationToken);

    /// <summary>
    /// The space for new files in a directory (RFC 4331 for WebDAV, AVBL for FTP). It is what the nodes last said of their disks, not a
    /// promise.
    /// </summary>
    /// <returns>Null when the path is not a directory.</returns>
    ValueTask<FreeSpace?> FreeSpaceAsync(VirtualPath directory, CancellationToken cancellationToken);

    /// <summary>Waits until this node's tree contains a write that was made through any node.</summary>
    /// <param name="write">The write, which another node may have reported.</param>
    /// <param name="most">How long to wait at most; zero only asks.</param>
    /// <param name="cancellationToken">Cancels the waiting.</param>
    /// <returns>True if every later snapshot has the write or a later one of its path; false after the time.</returns>
    ValueTask<bool> ContainsAsync(WriteToken write, TimeSpan most, CancellationToken cancellationToken);
}

/// <summary>What a removal may remove.</summary>
public enum RemoveTarget
{
    /// <summary>A file (FTP's DELE).</summary>
    File,

    /// <summary>A directory that has no entries (FTP's RMD).</summary>
    EmptyDirectory,

    /// <summary>A file, or a directory with all that is below it (WebDAV's DELETE; RFC 4918, section 9.6.1).</summary>
    Anything,
}

/// <summary>What must be at the two paths of a move or copy.</summary>
/// <param name="Source">At the source.</param>
/// <param name="Destination">At the destination.</param>
public readonly record struct TransferConditions(WriteCondition Source, WriteCondition Destination)
{
    /// <summary>Both as they are: what is at the destination is replaced ("Overwrite: T").</summary>
    public static TransferConditions None => default;

    /// <summary>Replaces nothing ("Overwrite: F").</summary>
    public static TransferConditions KeepDestination => new(WriteCondition.None, WriteCondition.Absent);
}

/// <summary>Space on the disks of the nodes.</summary>
/// <param name="Available">The size in bytes of the largest file that can be created now; 0 when no node takes new files.</param>
/// <param name="Used">The size in bytes of all files below the directory.</param>
public readonly record struct FreeSpace(long Available, long Used);
