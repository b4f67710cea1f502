using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles;

/// <summary>
/// This node's root directory, opened once. All reads go through it and stay beneath it: a symlink that leads out is never followed. Paths
/// are relative to the root directory; the mount point appears in messages only. Thread-safe.
/// </summary>
/// <remarks>
/// <see cref="LinuxRoot"/> lets the kernel enforce the confinement, races included; <see cref="PortableRoot"/> does what the framework can
/// do. The choice is made at startup by trying the kernel's calls.
/// </remarks>
internal abstract class LocalRoot(string directory, NodeName node, VirtualPath mount) : IDisposable
{
    /// <summary>The directory as the user named it, made absolute.</summary>
    public string Directory { get; } = directory;

    /// <summary>The root directory's place in the tree.</summary>
    public VirtualPath Mount { get; } = mount;

    protected NodeName Node { get; } = node;

    /// <summary>Opens the root directory.</summary>
    /// <exception cref="RootDirectoryException">The directory is missing, is not a directory, or cannot be read.</exception>
    public static LocalRoot Open(string directory, NodeName node, VirtualPath mount = default)
    {
        var full = Path.GetFullPath(directory);
        return LinuxRoot.TryOpen(full, node, mount) ?? (LocalRoot)PortableRoot.Open(full, node, mount);
    }

    /// <summary>Opens a regular file. Symlinks are followed if they lead to a file beneath the root.</summary>
    /// <returns>
    /// The file; or NotFound (nothing exists there, or it is not a regular file), IsDirectory, AccessDenied (the operating system refuses,
    /// or a symlink leaves the root), or Failed.
    /// </returns>
    public abstract LocalOpenResult OpenFile(VirtualPath path);

    /// <summary>
    /// Whether an opened file is still the one at its path, with the same facts, permissions and names; false if this cannot be determined
    /// (<see cref="OpenedFile.Place"/>).
    /// </summary>
    public virtual bool IsUnchanged(OpenedFile file) => false;

    /// <summary>Opens a directory for reading its entries. No part of the path may be a symlink.</summary>
    /// <param name="path">Names joined by slashes; empty for the root. The operating system's bytes on Linux, UTF-8 elsewhere.</param>
    /// <param name="failure">Why it cannot be read.</param>
    /// <returns>Null with a failure; null without one if the directory does not exist (any more).</returns>
    /// <exception cref="IOException">The system is short of descriptors or memory, so the state is unknown.</exception>
    public abstract DirectoryReader? OpenDirectory(ReadOnlySpan<byte> path, out ReadFailure? failure);

    /// <summary>The entry at a path, without following a final symlink; null if nothing exists there.</summary>
    /// <param name="path">As <see cref="OpenDirectory"/>'s.</param>
    /// <exception cref="IOException">As <see cref="OpenDirectory"/>.</exception>
    public abstract EntryKind? Examine(ReadOnlySpan<byte> path);

    /// <summary>Follows the symlink at a path, beneath the root.</summary>
    /// <exception cref="IOException">As <see cref="OpenDirectory"/>.</exception>
    public abstract LinkTarget ResolveLink(ReadOnlySpan<byte> path);

    /// <summary>
    /// The kind of the entry at a path and, for a symlink, its text. It only decides which directories to watch: the path is not checked.
    /// </summary>
    public abstract LinkText ReadLinkText(ReadOnlySpan<byte> path);

    /// <summary>
    /// Checks that the root directory is still at its path. If another directory is there now, that one becomes the root.
    /// </summary>
    /// <param name="failure">Why the root is lost, as the end of a sentence.</param>
    public abstract RootPresence Look(out string? failure);

    public abstract void Dispose();

    protected LocalOpenResult Refuse(FileErrorKind kind, VirtualPath path, string reason) =>
        LocalOpenResult.Failed(Refusal(kind, path, reason));

    protected FileError Refusal(FileErrorKind kind, VirtualPath path, string reason) => new(kind, $"{Shown(path)} on {Node}: {reason}");

    /// <summary>The path in the tree.</summary>
    protected string Shown(VirtualPath path) =>
        Mount.IsRoot ? path.Value : path.IsRoot ? Mount.Value : Mount.Value + path.Value;
}

internal enum RootPresence
{
    Same,

    /// <summary>Another directory took the root's place and is the root from now on.</summary>
    Replaced,

    /// <summary>Nothing readable is at the path. The opened directory stays the root.</summary>
    Lost,
}

/// <summary>The root directory cannot be read. The message is one line for the user.</summary>
public sealed class RootDirectoryException(string message, Exception? inner = null) : IOException(message, inner);
