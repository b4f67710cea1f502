using System.IO.Enumeration;
using System.Text;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles;

/// <summary>Reads a directory by the framework's enumeration; no FileInfo is made.</summary>
internal sealed class PortableDirectoryReader : DirectoryReader
{
    /// <summary>Used where the system has no permission bits: all may read, the owner may write.</summary>
    public const int WindowsFilePermissions = 0b110_100_100;
    private const int WindowsDirectoryPermissions = 0b111_101_101;

    private static readonly EnumerationOptions Everything = new()
    {
        AttributesToSkip = 0,
        IgnoreInaccessible = false,
        RecurseSubdirectories = false,
        ReturnSpecialDirectories = false,
    };

    private readonly IEnumerator<Found> _entries;
    private readonly string _path;
    private readonly string _relative;

    /// <param name="path">An absolute path without symlinks.</param>
    /// <param name="relative">The same beneath the root.</param>
    /// <exception cref="IOException">There is no directory, or reading fails.</exception>
    /// <exception cref="UnauthorizedAccessException">The operating system refuses.</exception>
    public PortableDirectoryReader(string path, string relative)
    {
        _path = path;
        _relative = relative;
        // The enumeration opens the directory here already.
        _entries = new FileSystemEnumerable<Found>(path, Transform, Everything).GetEnumerator();
    }

    public override DirectoryFacts Facts => new(
        UnixTime.From(new DateTimeOffset(Directory.GetLastWriteTimeUtc(_path))),
        OperatingSystem.IsWindows() ? WindowsDirectoryPermissions : (int)File.GetUnixFileMode(_path));

    public override DirectoryIdentity Identity => new(0, 0, _relative);

    public override string? Read(EntryVisitor visitor)
    {
        try
        {
            while (_entries.MoveNext())
            {
                var entry = _entries.Current;
                if (entry.Kind is { } kind) visitor(entry.Name, kind, entry.Facts);
            }

            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    public override void Dispose() => _entries.Dispose();

    public static FileFacts FactsOf(FileInfo file) => new(
        file.Length,
        UnixTime.From(new DateTimeOffset(file.LastWriteTimeUtc)),
        OperatingSystem.IsWindows() ? WindowsFilePermissions : (int)file.UnixFileMode);

    private static Found Transform(ref FileSystemEntry entry)
    {
        var name = new byte[Encoding.UTF8.GetByteCount(entry.FileName)];
        Encoding.UTF8.GetBytes(entry.FileName, name);
        try
        {
            // Bytes that are no UTF-8 come as U+FFFD, and then the name leads nowhere; unpaired surrogates are Windows' form of it.
            if (name.AsSpan().IndexOf("\uFFFD"u8) >= 0 && !Path.Exists(entry.ToFullPath()))
            {
                return new Found(name, EntryKind.Unnameable, default);
            }

            if ((entry.Attributes & FileAttributes.ReparsePoint) != 0 && new FileInfo(entry.ToFullPath()).LinkTarget is not null)
            {
                return new Found(name, EntryKind.Link, default);
            }

            if (entry.IsDirectory) return new Found(name, EntryKind.Directory, default);
            var permissions = OperatingSystem.IsWindows() ? WindowsFilePermissions : (int)File.GetUnixFileMode(entry.ToFullPath());
            return new Found(name, EntryKind.File, new FileFacts(entry.Length, UnixTime.From(entry.LastWriteTimeUtc), permissions));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new Found(name, null, default);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Found(name, e is UnauthorizedAccessException ? EntryKind.Forbidden : EntryKind.Unreadable, default);
        }
    }

    /// <param name="Name">UTF-8.</param>
    /// <param name="Kind">Null for what vanished.</param>
    /// <param name="Facts">Of a file.</param>
    private readonly record struct Found(byte[] Name, EntryKind? Kind, FileFacts Facts);
}
