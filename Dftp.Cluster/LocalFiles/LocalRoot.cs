using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles;

/// <summary>
/// This node's root directory, opened once. Everything that is read of it goes through here and stays beneath it: a symlink that
/// leads out is never followed. Paths count from the root directory; where it is mounted in the tree matters to messages only.
/// Safe for use by many at once.
/// </summary>
/// <remarks>
/// <see cref="LinuxRoot"/> has the kernel keep the confinement, races included; <see cref="PortableRoot"/> does what the framework
/// can do. Which one is decided at the start by trying the kernel's calls.
/// </remarks>
internal abstract class LocalRoot(string directory, NodeName node, VirtualPath mount) : IDisposable
{
    /// <summary>The directory as the user named it, made absolute.</summary>
    public string Directory { get; } = directory;

    /// <summary>Where the root directory stands in the tree.</summary>
    public VirtualPath Mount { get; } = mount;

    protected NodeName Node { get; } = node;

    /// <summary>Opens the root directory.</summary>
    /// <exception cref="RootDirectoryException">It is missing, no directory, or may not be read.</exception>
    public static LocalRoot Open(string directory, NodeName node, VirtualPath mount = default)
    {
        var full = Path.GetFullPath(directory);
        return LinuxRoot.TryOpen(full, node, mount) ?? (LocalRoot)PortableRoot.Open(full, node, mount);
    }

    /// <summary>Opens a regular file, through symlinks too as long as they lead to a file beneath the root.</summary>
    /// <returns>
    /// The file; or NotFound (nothing there, or no regular file), IsDirectory, AccessDenied (the operating system refuses, or a
    /// symlink leaves the root), or Failed.
    /// </returns>
    public abstract LocalOpenResult OpenFile(VirtualPath path);

    /// <summary>
    /// Whether a file that was opened is still what stands at its path, with the same facts, permissions and names as then; false where
    /// that cannot be told (<see cref="OpenedFile.Place"/>).
    /// </summary>
    public virtual bool IsUnchanged(OpenedFile file) => false;

    /// <summary>Opens a directory for reading its entries. No part of the path may be a symlink.</summary>
    /// <param name="path">Names joined by slashes; empty for the root. Bytes of the operating system on Linux, UTF-8 elsewhere.</param>
    /// <param name="failure">Why it cannot be read.</param>
    /// <returns>Null with a failure; or null without one if there is no directory (any more).</returns>
    /// <exception cref="IOException">
    /// The system lacks descriptors or memory for the moment, so that nothing can be said of what is there.
    /// </exception>
    public abstract DirectoryReader? OpenDirectory(ReadOnlySpan<byte> path, out ReadFailure? failure);

    /// <summary>What stands at a path, a last symlink not followed; null where nothing does.</summary>
    /// <param name="path">As <see cref="OpenDirectory"/>'s.</param>
    /// <exception cref="IOException">As <see cref="OpenDirectory"/>.</exception>
    public abstract EntryKind? Examine(ReadOnlySpan<byte> path);

    /// <summary>Follows the symlink at a path, beneath the root.</summary>
    /// <exception cref="IOException">As <see cref="OpenDirectory"/>.</exception>
    public abstract LinkTarget ResolveLink(ReadOnlySpan<byte> path);

    /// <summary>
    /// What stands at a path, as text. It decides nothing but which directories are worth watching: no part of the path is checked.
    /// </summary>
    public abstract LinkText ReadLinkText(ReadOnlySpan<byte> path);

    /// <summary>Looks whether the root directory is still where the user named it, and goes over to another one that stands there now.</summary>
    /// <param name="failure">Why it is lost, as the end of a sentence.</param>
    public abstract RootPresence Look(out string? failure);

    public abstract void Dispose();

    protected LocalOpenResult Refuse(FileErrorKind kind, VirtualPath path, string reason) =>
        LocalOpenResult.Failed(Refusal(kind, path, reason));

    protected FileError Refusal(FileErrorKind kind, VirtualPath path, string reason) => new(kind, $"{Shown(path)} on {Node}: {reason}");

    /// <summary>The path as the tree has it.</summary>
    protected string Shown(VirtualPath path) =>
        Mount.IsRoot ? path.Value : path.IsRoot ? Mount.Value : Mount.Value + path.Value;
}

internal enum RootPresence
{
    Same,

    /// <summary>Another directory took its place and is the root from now on.</summary>
    Replaced,

    /// <summary>There is nothing readable. The opened directory stays the root.</summary>
    Lost,
}

/// <summary>The root directory cannot be read. The message is one line for the user.</summary>
public sealed class RootDirectoryException(string message, Exception? inner = null) : IOException(message, inner);
