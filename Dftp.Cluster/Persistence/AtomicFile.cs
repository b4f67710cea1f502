using System.Text;
using Dftp.Cluster.LocalFiles.Native;

namespace Dftp.Cluster.Persistence;

/// <summary>Replaces a file of the state directory in one step: the old one stays until the new one is on the disk.</summary>
internal static class AtomicFile
{
    /// <summary>Creates or replaces a file that only the owner may read. A temporary file beside it is used for writing.</summary>
    /// <param name="path">The file; missing directories above it are created.</param>
    /// <param name="write">Writes the content. If it throws, the old file stays.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public static void Replace(string path, Action<FileStream> write)
    {
        var directory = Path.GetDirectoryName(path)!;
        Directory.CreateDirectory(directory);
        var unfinished = path + ".new";
        // A file that a killed process left keeps its permissions if it is overwritten.
        Discard(unfinished);
        try
        {
            using (var file = new FileStream(unfinished, Options()))
            {
                write(file);
                file.Flush(flushToDisk: true);
            }

            File.Move(unfinished, path, overwrite: true);
            FlushDirectory(directory);
        }
        catch
        {
            Discard(unfinished);
            throw;
        }
    }

    private static FileStreamOptions Options()
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 0 };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }

    /// <summary>Without it, the old file may reappear after a power failure.</summary>
    private static void FlushDirectory(string directory)
    {
        if (!OperatingSystem.IsLinux()) return;
        using var handle = OpenAt2.Open(null, Encoding.UTF8.GetBytes(directory), OpenAt2.O_DIRECTORY, 0, out _);
        if (handle is not null) RandomAccess.FlushToDisk(handle);
    }

    private static void Discard(string unfinished)
    {
        try
        {
            File.Delete(unfinished);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The next write overwrites it, or reports why it cannot.
        }
    }
}
