using System.Text;
using Dftp.Cluster.Index;
using Dftp.Cluster.LocalFiles.Native;
using Dftp.FileSystem;
using Microsoft.Win32.SafeHandles;

namespace Dftp.Cluster.LocalFiles;

/// <summary>
/// The root by the framework's means, for other systems and for kernels without openat2. It checks the real path before and after opening a
/// file. That catches every lasting symlink, but an attacker with write access to the root who swaps one in and out between the two checks
/// can still lead a single read out. Pipes and devices look like empty files.
/// </summary>
internal sealed class PortableRoot : LocalRoot
{
    private readonly string _real;

    private PortableRoot(string directory, NodeName node, VirtualPath mount, string real)
        : base(directory, node, mount) => _real = real;

    /// <exception cref="RootDirectoryException">As <see cref="LocalRoot.Open"/>.</exception>
    public static new PortableRoot Open(string directory, NodeName node, VirtualPath mount)
    {
        var reason = "no such directory";
        try
        {
            if (RealPath.Of(directory, out _) is { } real && System.IO.Directory.Exists(real))
            {
                using var probe = new PortableDirectoryReader(real, "");
                return new PortableRoot(directory, node, mount, real);
            }

            if (File.Exists(directory)) reason = "not a directory";
        }
        catch (Exception e) when (IsExpected(e))
        {
            throw new RootDirectoryException($"the root directory {directory} cannot be read: {e.Message}", e);
        }

        throw new RootDirectoryException($"the root directory {directory} cannot be read: {reason}");
    }

    public override LocalOpenResult OpenFile(VirtualPath path)
    {
        SafeFileHandle? handle = null;
        try
        {
            if (ToSystemPath(path.Relative) is not { } asked) return Refuse(FileErrorKind.NotFound, path, "no such file");
            if (RealPath.Of(asked, out _) is not { } real) return Refuse(FileErrorKind.NotFound, path, "no such file");
            if (!RealPath.IsBeneath(real, _real)) return Refuse(FileErrorKind.AccessDenied, path, "it leads out of the node's root");
            if (System.IO.Directory.Exists(real)) return Refuse(FileErrorKind.IsDirectory, path, "it is a directory");

            handle = File.OpenHandle(real, options: FileOptions.Asynchronous, share: FileShare.ReadWrite | FileShare.Delete);
            if (RealPath.Of(real, out _) != real) return Refuse(FileErrorKind.AccessDenied, path, "it changed while it was opened");

            var file = new OpenedFile(handle, FactsOf(handle), new FileIdentity(0, 0, real), $"{Shown(path)} on {Node}");
            handle = null;
            return LocalOpenResult.Opened(file);
        }
        catch (Exception e) when (IsExpected(e))
        {
            var kind = e switch
            {
                FileNotFoundException or DirectoryNotFoundException or PathTooLongException => FileErrorKind.NotFound,
                UnauthorizedAccessException => FileErrorKind.AccessDenied,
                _ => FileErrorKind.Failed,
            };
            return Refuse(kind, path, e.Message);
        }
        finally
        {
            handle?.Dispose();
        }
    }

    public override DirectoryReader? OpenDirectory(ReadOnlySpan<byte> path, out ReadFailure? failure)
    {
        failure = null;
        try
        {
            return ToSystemPath(path) is { } real && RealPath.Of(real, out _) == real
                ? new PortableDirectoryReader(real, Encoding.UTF8.GetString(path))
                : null;
        }
        catch (Exception e) when (e is DirectoryNotFoundException or FileNotFoundException or PathTooLongException)
        {
            return null;
        }
        catch (Exception e) when (IsExpected(e) && !IsShortage(e))
        {
            failure = new ReadFailure(e.Message, e is UnauthorizedAccessException);
            return null;
        }
    }

    public override EntryKind? Examine(ReadOnlySpan<byte> path)
    {
        try
        {
            if (ToSystemPath(path) is not { } system) return null;
            var info = new FileInfo(system);
            if (info.LinkTarget is not null) return EntryKind.Link;
            return info.Exists ? EntryKind.File : System.IO.Directory.Exists(system) ? EntryKind.Directory : null;
        }
        catch (Exception e) when (IsExpected(e) && !IsShortage(e))
        {
            return e is UnauthorizedAccessException ? EntryKind.Forbidden : EntryKind.Unreadable;
        }
    }

    public override LinkTarget ResolveLink(ReadOnlySpan<byte> path)
    {
        try
        {
            if (ToSystemPath(path) is not { } link) return new LinkTarget(LinkTargetKind.Nothing);
            if (RealPath.Of(link, out var isCircle) is not { } real)
            {
                return new LinkTarget(isCircle ? LinkTargetKind.Circle : LinkTargetKind.Nothing);
            }

            if (!RealPath.IsBeneath(real, _real)) return new LinkTarget(LinkTargetKind.Outside);
            return System.IO.Directory.Exists(real)
                ? new LinkTarget(LinkTargetKind.Directory, RealPath: ToRelativeBytes(real))
                : new LinkTarget(LinkTargetKind.File, PortableDirectoryReader.FactsOf(new FileInfo(real)));
        }
        catch (Exception e)
            when (e is FileNotFoundException or DirectoryNotFoundException or PathTooLongException or UnauthorizedAccessException)
        {
            return new LinkTarget(LinkTargetKind.Nothing);
        }
        catch (Exception e) when (IsExpected(e) && !IsShortage(e))
        {
            return new LinkTarget(LinkTargetKind.Unreadable);
        }
    }

    public override LinkText ReadLinkText(ReadOnlySpan<byte> path)
    {
        try
        {
            if (ToSystemPath(path) is not { } system) return new LinkText(LinkTextKind.Nothing);
            if (new FileInfo(system).LinkTarget is not { } target)
            {
                return new LinkText(Path.Exists(system) ? LinkTextKind.NoLink : LinkTextKind.Nothing);
            }

            if (!Path.IsPathFullyQualified(target)) return new LinkText(LinkTextKind.Link, Encoding.UTF8.GetBytes(WithSlashes(target)));
            return RealPath.IsBeneath(target, _real)
                ? new LinkText(LinkTextKind.Link, ToRelativeBytes(target), IsFromRoot: true)
                : new LinkText(LinkTextKind.Outside);
        }
        catch (Exception e) when (IsExpected(e))
        {
            return new LinkText(LinkTextKind.Nothing);
        }
    }

    /// <summary>All reads are by path here, so what is at the root's path is the root.</summary>
    public override RootPresence Look(out string? failure)
    {
        failure = null;
        try
        {
            using var probe = new PortableDirectoryReader(_real, "");
            return RootPresence.Same;
        }
        catch (Exception e) when (IsExpected(e))
        {
            failure = e.Message;
            return RootPresence.Lost;
        }
    }

    public override void Dispose()
    {
    }

    private static bool IsExpected(Exception e) => e is IOException or UnauthorizedAccessException;

    /// <summary>
    /// On Windows the framework waits or ends the process; on other systems it gives the error number, which is the same everywhere.
    /// </summary>
    private static bool IsShortage(Exception e) => !OperatingSystem.IsWindows() && Errno.IsShortage(e.HResult);

    private static FileFacts FactsOf(SafeFileHandle handle) => new(
        RandomAccess.GetLength(handle),
        UnixTime.From(new DateTimeOffset(File.GetLastWriteTimeUtc(handle))),
        OperatingSystem.IsWindows() ? PortableDirectoryReader.WindowsFilePermissions : (int)File.GetUnixFileMode(handle));

    private byte[] ToRelativeBytes(string real)
    {
        var relative = Path.GetRelativePath(_real, real);
        return relative == "." ? [] : Encoding.UTF8.GetBytes(WithSlashes(relative));
    }

    private static string WithSlashes(string path) => path.Replace(Path.DirectorySeparatorChar, '/');

    private string? ToSystemPath(ReadOnlySpan<byte> path) => ToSystemPath(Encoding.UTF8.GetString(path));

    /// <summary>Null for a name with a special meaning on Windows: a drive, a stream, another separator.</summary>
    private string? ToSystemPath(ReadOnlySpan<char> path)
    {
        if (!OperatingSystem.IsWindows()) return path.IsEmpty ? _real : Path.Join(_real, path);
        foreach (var range in path.Split('/'))
        {
            if (path[range].IndexOfAny(Path.GetInvalidFileNameChars()) >= 0) return null;
        }

        return path.IsEmpty ? _real : Path.Join(_real, path.ToString().Replace('/', Path.DirectorySeparatorChar));
    }
}
