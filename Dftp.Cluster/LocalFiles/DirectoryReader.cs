using Dftp.Cluster.Index;

namespace Dftp.Cluster.LocalFiles;

/// <summary>An open directory whose own entries are read once.</summary>
internal abstract class DirectoryReader : IDisposable
{
    public abstract DirectoryFacts Facts { get; }

    public abstract DirectoryIdentity Identity { get; }

    /// <summary>Brings <see cref="Facts"/> up to date.</summary>
    public virtual void Refresh()
    {
    }

    /// <summary>Tells every entry but <c>.</c> and <c>..</c>, in no order; one that vanished meanwhile is not told.</summary>
    /// <returns>Null; or, where reading broke off, why, as the end of a sentence. The rest of the entries may exist.</returns>
    public abstract string? Read(EntryVisitor visitor);

    public abstract void Dispose();
}

/// <summary>Takes one entry of a directory.</summary>
/// <param name="name">Bytes of the operating system on Linux, UTF-8 elsewhere.</param>
/// <param name="kind">What it is; a symlink is not followed.</param>
/// <param name="facts">Of a file; default for all else.</param>
internal delegate void EntryVisitor(ReadOnlySpan<byte> name, EntryKind kind, in FileFacts facts);

/// <summary>What a directory can hold.</summary>
internal enum EntryKind
{
    File,
    Directory,
    Link,

    /// <summary>A pipe, a socket or a device.</summary>
    Special,

    /// <summary>Its name cannot be told in UTF-8 (told by readers that do not see bytes).</summary>
    Unnameable,

    /// <summary>The permissions do not let this node look at it.</summary>
    Forbidden,

    /// <summary>It exists, and looking at it failed.</summary>
    Unreadable,
}

/// <summary>Why a directory cannot be opened.</summary>
/// <param name="Reason">The end of a sentence.</param>
/// <param name="IsForbidden">
/// Whether the permissions say so: the operator does not want the directory to be served. Anything else is an error, which says nothing of
/// what the directory holds.
/// </param>
internal sealed record ReadFailure(string Reason, bool IsForbidden);

/// <summary>
/// Which directory it is, whatever its path: device and inode, or the real path where the framework tells no inodes.
/// </summary>
internal readonly record struct DirectoryIdentity(ulong Device, ulong Inode, string? RealPath = null);

/// <summary>Where a symlink leads.</summary>
/// <param name="Kind">What stands there.</param>
/// <param name="Facts">Of a file.</param>
/// <param name="RealPath">Of a directory: its path beneath the root without any symlink.</param>
internal readonly record struct LinkTarget(LinkTargetKind Kind, FileFacts Facts = default, byte[]? RealPath = null);

internal enum LinkTargetKind
{
    File,
    Directory,

    /// <summary>A pipe, a socket or a device.</summary>
    Special,

    /// <summary>Nothing, or nothing that may be looked at.</summary>
    Nothing,

    /// <summary>Following it failed: its target may exist.</summary>
    Unreadable,

    /// <summary>Something outside of the root.</summary>
    Outside,

    /// <summary>Itself, by way of symlinks alone.</summary>
    Circle,
}

/// <summary>What stands at a path, for one who follows symlinks by hand.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Target">Of a symlink: the names that it leads through, joined by slashes.</param>
/// <param name="IsFromRoot">Whether the target counts from the node's root instead of the symlink's directory.</param>
internal readonly record struct LinkText(LinkTextKind Kind, byte[]? Target = null, bool IsFromRoot = false);

internal enum LinkTextKind
{
    Nothing,
    NoLink,
    Link,

    /// <summary>A symlink whose text leads out of the root.</summary>
    Outside,
}
