using System.Text;
using Dftp.Cluster.Index;
using Dftp.Cluster.LocalFiles.Native;
using Dftp.FileSystem;
using Microsoft.Win32.SafeHandles;

namespace Dftp.Cluster.LocalFiles;

/// <summary>
/// The root by Linux' own calls: openat2 resolves every path beneath the root's descriptor, so no race can lead out of it.
/// </summary>
internal sealed class LinuxRoot : LocalRoot
{
    private const ulong Beneath = OpenAt2.ResolveBeneath | OpenAt2.ResolveNoMagicLinks;
    private const ulong BeneathWithoutLinks = Beneath | OpenAt2.ResolveNoSymlinks;

    /// <summary>
    /// O_NONBLOCK and O_NOCTTY: a pipe without a writer must not block the opener, and a terminal must not become the controlling one.
    /// </summary>
    private const ulong ReadFile = OpenAt2.O_NONBLOCK | OpenAt2.O_NOCTTY;

    /// <summary>How often a path may change during one open. A single rename anywhere on the machine can cause one retry.</summary>
    private const int Attempts = 64;

    // Swapped when another directory takes the root's place. The collector closes the old handle after its last user.
    private volatile SafeFileHandle _root;

    private LinuxRoot(string directory, NodeName node, VirtualPath mount, SafeFileHandle root)
        : base(directory, node, mount) => _root = root;

    /// <returns>Null where the kernel or the sandbox does not offer one of the calls.</returns>
    /// <exception cref="RootDirectoryException">As <see cref="LocalRoot.Open"/>.</exception>
    public static LinuxRoot? TryOpen(string directory, NodeName node, VirtualPath mount)
    {
        if (!OperatingSystem.IsLinux() || !GetDents.IsSupported) return null;
        try
        {
            var opened = OpenAt2.Open(null, Encoding.UTF8.GetBytes(directory), OpenAt2.O_DIRECTORY, 0, out var errno);
            // A sandbox that does not know openat2 answers EPERM.
            if (opened is null && errno is Errno.ENOSYS or Errno.EPERM) return null;
            if (opened is null)
            {
                throw new RootDirectoryException($"the root directory {directory} cannot be read: {Errno.Describe(errno)}");
            }

            var root = new LinuxRoot(directory, node, mount, opened);
            if (Statx.Handle(opened, out _) == 0) return root;
            root.Dispose();
            return null;
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            return null;
        }
    }

    /// <summary>The root's current path without symlinks; null if /proc does not give it.</summary>
    public byte[]? RealPath => ReadLink.PathOf(_root);

    public override LocalOpenResult OpenFile(VirtualPath path)
    {
        var terminated = new byte[Encoding.UTF8.GetByteCount(path.Relative) + 1];
        Encoding.UTF8.GetBytes(path.Relative, terminated);
        var handle = OpenBeneath(terminated.AsSpan(..^1), ReadFile, out var errno);
        if (handle is null) return Refuse(path, errno);

        errno = Statx.Handle(handle, out var status);
        if (errno == 0 && status.IsRegular)
        {
            // On a network file system, the kernel learns of other machines' changes only when it opens the file.
            var isOfNetwork = RemoteFileSystem.NameOf(StatFs.TypeOf(handle)) is not null;
            var place = isOfNetwork ? null : new OpenedPlace(terminated, status);
            return LocalOpenResult.Opened(new OpenedFile(handle, ToFacts(status), IdentityOf(status), $"{Shown(path)} on {Node}", place));
        }

        handle.Dispose();
        return errno != 0 ? Refuse(path, errno)
            : status.IsDirectory ? Refuse(FileErrorKind.IsDirectory, path, "it is a directory")
            : Refuse(FileErrorKind.NotFound, path, "it is no regular file");
    }

    /// <remarks>
    /// The lookup follows symlinks wherever they lead: a path that now leads out of the root leads to another file, or to the same file
    /// that was opened beneath it.
    /// </remarks>
    public override bool IsUnchanged(OpenedFile file) =>
        file.Place is { } place && Statx.Path(_root, place.TerminatedPath, out var now) == 0 && now == place.Status;

    public override DirectoryReader? OpenDirectory(ReadOnlySpan<byte> path, out ReadFailure? failure)
    {
        failure = null;
        var handle = Open(path, OpenAt2.O_DIRECTORY, BeneathWithoutLinks, out var errno);
        Errno.ThrowIfShortage(errno);
        if (handle is null)
        {
            if (!IsGone(errno)) failure = FailureOf(errno);
            return null;
        }

        errno = Statx.Handle(handle, out var status);
        var isRemoved = path.IsEmpty && IsRemovedRoot(status);
        if (errno == 0 && !isRemoved) return new LinuxDirectoryReader(handle, status);

        handle.Dispose();
        Errno.ThrowIfShortage(errno);
        if (errno != 0) failure = FailureOf(errno);
        return null;
    }

    public override EntryKind? Examine(ReadOnlySpan<byte> path)
    {
        using var handle = Open(path, OpenAt2.O_PATH | OpenAt2.O_NOFOLLOW, BeneathWithoutLinks, out var errno);
        Errno.ThrowIfShortage(errno);
        if (handle is null) return IsGone(errno) ? null : Errno.IsForbidden(errno) ? EntryKind.Forbidden : EntryKind.Unreadable;
        errno = Statx.Handle(handle, out var status);
        Errno.ThrowIfShortage(errno);
        return errno == 0 ? LinuxDirectoryReader.KindOf(status) : EntryKind.Unreadable;
    }

    public override LinkTarget ResolveLink(ReadOnlySpan<byte> path)
    {
        using var handle = OpenBeneath(path, OpenAt2.O_PATH, out var errno);
        Errno.ThrowIfShortage(errno);
        if (handle is null)
        {
            return new LinkTarget(errno switch
            {
                Errno.EXDEV => LinkTargetKind.Outside,
                Errno.ELOOP => LinkTargetKind.Circle,
                _ => Errno.IsAbsent(errno) || Errno.IsForbidden(errno) ? LinkTargetKind.Nothing : LinkTargetKind.Unreadable,
            });
        }

        errno = Statx.Handle(handle, out var status);
        Errno.ThrowIfShortage(errno);
        if (errno != 0) return new LinkTarget(LinkTargetKind.Unreadable);
        if (status.IsRegular) return new LinkTarget(LinkTargetKind.File, ToFacts(status));
        if (!status.IsDirectory) return new LinkTarget(LinkTargetKind.Special);
        return PathBeneath(handle) is { } real
            ? new LinkTarget(LinkTargetKind.Directory, RealPath: real)
            : new LinkTarget(LinkTargetKind.Outside);
    }

    public override LinkText ReadLinkText(ReadOnlySpan<byte> path)
    {
        if (ReadLink.TextOf(_root, path, out var errno) is not { } text)
        {
            return new LinkText(errno == Errno.EINVAL ? LinkTextKind.NoLink : LinkTextKind.Nothing);
        }

        if (text.Length == 0 || text[0] != '/') return new LinkText(LinkTextKind.Link, text);
        return ReadLink.PathOf(_root) is { } root && Below(root, text) is { } rest
            ? new LinkText(LinkTextKind.Link, rest, IsFromRoot: true)
            : new LinkText(LinkTextKind.Outside);
    }

    /// <summary>
    /// An opened directory stays readable after it was moved or unmounted, so this checks the path. An empty directory in its place is
    /// typical of a disk that is not mounted; it does not mean that all files were deleted.
    /// </summary>
    public override RootPresence Look(out string? failure)
    {
        var found = OpenAt2.Open(null, Encoding.UTF8.GetBytes(Directory), OpenAt2.O_DIRECTORY, 0, out var errno);
        if (found is null)
        {
            failure = Errno.Describe(errno);
            return RootPresence.Lost;
        }

        failure = null;
        if (Statx.Handle(found, out var there) == 0 && Statx.Handle(_root, out var opened) == 0
            && (there.Device, there.Inode) == (opened.Device, opened.Inode))
        {
            found.Dispose();
            return RootPresence.Same;
        }

        var isEmpty = true;
        failure = new LinuxDirectoryReader(found, there).Read((ReadOnlySpan<byte> _, EntryKind _, in FileFacts _) => isEmpty = false);
        if (failure is null && !isEmpty)
        {
            _root = found;
            return RootPresence.Replaced;
        }

        found.Dispose();
        failure ??= "an empty directory stands in its place, as where a disk is not mounted";
        return RootPresence.Lost;
    }

    public override void Dispose() => _root.Dispose();

    /// <summary>
    /// Opens a path and follows its symlinks, absolute ones too, if they stay beneath the root. EXDEV means that they lead out.
    /// <list type="number">
    /// <item>The kernel follows all symlinks that are relative and stay beneath the root.</item>
    /// <item>Otherwise, find where the path really ends: outside, or at a path beneath the root without symlinks.</item>
    /// <item>Open that path without allowing any symlink: the kernel refuses what was swapped in meanwhile.</item>
    /// <item>If the path changed between 2 and 3, start over.</item>
    /// </list>
    /// </summary>
    private SafeFileHandle? OpenBeneath(ReadOnlySpan<byte> path, ulong flags, out int errno)
    {
        for (var attempt = 0; ; attempt++)
        {
            // 1
            var opened = Open(path, flags, Beneath, out errno);
            if (opened is not null || errno != Errno.EXDEV) return opened;

            // 2
            byte[]? real;
            using (var end = Open(path, OpenAt2.O_PATH, OpenAt2.ResolveNoMagicLinks, out errno))
            {
                if (end is null) return null;
                real = PathBeneath(end);
                errno = Errno.EXDEV;
                if (real is null) return null;
            }

            // 3
            opened = Open(real, flags, BeneathWithoutLinks, out errno);

            // 4
            if (opened is not null || attempt == Attempts || !IsGone(errno)) return opened;
        }
    }

    /// <summary>Retries on EAGAIN, which means that something was renamed while the kernel resolved <c>..</c>.</summary>
    private SafeFileHandle? Open(ReadOnlySpan<byte> path, ulong flags, ulong resolve, out int errno)
    {
        for (var attempt = 0; ; attempt++)
        {
            var opened = OpenAt2.Open(_root, path, flags, resolve, out errno);
            if (opened is not null || errno != Errno.EAGAIN || attempt == Attempts) return opened;
        }
    }

    /// <summary>The current path of an open file relative to the root's current path; null if it is outside.</summary>
    private byte[]? PathBeneath(SafeFileHandle file)
    {
        if (ReadLink.PathOf(_root) is not { } root || ReadLink.PathOf(file) is not { } path) return null;
        return Below(root, path);
    }

    /// <returns>The path relative to the directory, empty for the directory itself; null if it is not beneath.</returns>
    public static byte[]? Below(byte[] root, byte[] path)
    {
        if (root.Length == 1) return path[1..];
        if (!path.AsSpan().StartsWith(root)) return null;
        return path.Length == root.Length ? [] : path[root.Length] == '/' ? path[(root.Length + 1)..] : null;
    }

    /// <summary>Opens a path without symlinks. EXDEV means that it was moved out of the root during the lookup.</summary>
    private static bool IsGone(int errno) => errno == Errno.EXDEV || Errno.IsAbsent(errno);

    /// <summary>A removed root would read as an empty one. Some FUSE file systems report no link count, so /proc is asked too.</summary>
    private bool IsRemovedRoot(in FileStatus status) =>
        status.Links == 0 && ReadLink.PathOf(_root) is { } path && path.AsSpan().EndsWith(" (deleted)"u8);

    private static ReadFailure FailureOf(int errno) => new(Errno.Describe(errno), Errno.IsForbidden(errno));

    private LocalOpenResult Refuse(VirtualPath path, int errno) => errno switch
    {
        Errno.EXDEV => Refuse(FileErrorKind.AccessDenied, path, "it leads out of the node's root"),
        Errno.EACCES or Errno.EPERM => Refuse(FileErrorKind.AccessDenied, path, Errno.Describe(errno)),
        Errno.ENXIO or Errno.ENODEV => Refuse(FileErrorKind.NotFound, path, "it is no regular file"),
        Errno.EMFILE or Errno.ENFILE =>
            LocalOpenResult.Failed(Refusal(FileErrorKind.Failed, path, Errno.Describe(errno)), lacksDescriptors: true),
        _ => Refuse(Errno.IsAbsent(errno) ? FileErrorKind.NotFound : FileErrorKind.Failed, path, Errno.Describe(errno)),
    };

    private static FileIdentity IdentityOf(in FileStatus status) =>
        new(status.Device, status.Inode) { StatusChanged = status.Changed, Born = status.Born };

    private static FileFacts ToFacts(in FileStatus status) => new(status.Size, status.Modified, status.Permissions);
}
