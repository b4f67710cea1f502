using System.IO.Enumeration;
using System.Text;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles;

/// <summary>Reads a directory by the framework's enumeration, without allocating a FileInfo per entry.</summary>
internal sealed class PortableDirectoryReader : DirectoryReader
{
    /// <summary>The mode where the system has no permission bits: readable by all, writable by the owner.</summary>
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
    /// <param name="relative">The same path relative to the root.</param>
    /// <exception cref="IOException">The directory does not exist, or reading it failed.</exception>
    /// <exception cref="UnauthorizedAccessException">The operating system refuses.</exception>
    public PortableDirectoryReader(string path, string relative)
    {
        _path = path;
        _relative = relative;
        // The enumeration opens the directory already here.
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
            // Bytes that are not UTF-8 appear as U+FFFD, and then the name leads nowhere; on Windows, unpaired surrogates are the
            // equivalent.
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

    /// <param name="Name">The name in UTF-8.</param>
    /// <param name="Kind">The kind; null if the entry vanished.</param>
    /// <param name="Facts">The facts of a file.</param>
    private readonly record struct Found(byte[] Name, EntryKind? Kind, FileFacts Facts);
}
