using Dftp.Cluster.Index;

namespace Dftp.Cluster.LocalFiles;

/// <summary>An open directory. Its entries can be read once; subdirectories are not entered.</summary>
internal abstract class DirectoryReader : IDisposable
{
    public abstract DirectoryFacts Facts { get; }

    public abstract DirectoryIdentity Identity { get; }

    /// <summary>Reads <see cref="Facts"/> again.</summary>
    public virtual void Refresh()
    {
    }

    /// <summary>
    /// Passes every entry except <c>.</c> and <c>..</c> to the visitor, in no order. Entries that vanish during the read are omitted.
    /// </summary>
    /// <returns>Null, or why reading broke off, as the end of a sentence. The remaining entries may exist.</returns>
    public abstract string? Read(EntryVisitor visitor);

    public abstract void Dispose();
}

/// <summary>Receives one entry of a directory.</summary>
/// <param name="name">The operating system's bytes on Linux, UTF-8 elsewhere.</param>
/// <param name="kind">The kind of the entry itself; symlinks are not followed.</param>
/// <param name="facts">The facts of a file; default for all other kinds.</param>
internal delegate void EntryVisitor(ReadOnlySpan<byte> name, EntryKind kind, in FileFacts facts);

/// <summary>The kinds of entries.</summary>
internal enum EntryKind
{
    File,
    Directory,
    Link,

    /// <summary>A pipe, a socket or a device.</summary>
    Special,

    /// <summary>The name is not valid UTF-8. Only readers that do not see the bytes report this.</summary>
    Unnameable,

    /// <summary>This node lacks the permission to read the entry's status.</summary>
    Forbidden,

    /// <summary>The entry exists, but its status cannot be read.</summary>
    Unreadable,
}

/// <summary>Why a directory cannot be opened.</summary>
/// <param name="Reason">The reason, as the end of a sentence.</param>
/// <param name="IsForbidden">
/// True if permissions deny access: the operator does not want the directory to be served. False for any other error, which says nothing
/// about what the directory holds.
/// </param>
internal sealed record ReadFailure(string Reason, bool IsForbidden);

/// <summary>
/// Identifies a directory independently of its path: by device and inode, or by real path where the framework gives no inodes.
/// </summary>
internal readonly record struct DirectoryIdentity(ulong Device, ulong Inode, string? RealPath = null);

/// <summary>Where a symlink leads.</summary>
/// <param name="Kind">The kind of the target.</param>
/// <param name="Facts">The facts of a file.</param>
/// <param name="RealPath">The path of a directory beneath the root, without symlinks.</param>
internal readonly record struct LinkTarget(LinkTargetKind Kind, FileFacts Facts = default, byte[]? RealPath = null);

internal enum LinkTargetKind
{
    File,
    Directory,

    /// <summary>A pipe, a socket or a device.</summary>
    Special,

    /// <summary>Nothing exists there, or this node lacks the permission to see it.</summary>
    Nothing,

    /// <summary>Following the symlink failed; its target may exist.</summary>
    Unreadable,

    /// <summary>The target is outside the root.</summary>
    Outside,

    /// <summary>The symlink leads back to itself through symlinks only.</summary>
    Circle,
}

/// <summary>The result of a lookup that does not follow a final symlink.</summary>
/// <param name="Kind">The kind of the entry.</param>
/// <param name="Target">The target of a symlink: names joined by slashes.</param>
/// <param name="IsFromRoot">Whether the target is relative to the node's root instead of the symlink's directory.</param>
internal readonly record struct LinkText(LinkTextKind Kind, byte[]? Target = null, bool IsFromRoot = false);

internal enum LinkTextKind
{
    Nothing,
    NoLink,
    Link,

    /// <summary>A symlink whose text leads out of the root.</summary>
    Outside,
}
