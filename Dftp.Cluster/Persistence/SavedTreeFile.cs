using Dftp.Cluster.LocalFiles.Native;
using Dftp.FileSystem;

namespace Dftp.Cluster.Persistence;

/// <summary>The file with a node's saved tree. It is complete at any moment: the old tree, until the next is on the disk.</summary>
/// <param name="path">The path of the file. A temporary file beside it is used for writing.</param>
/// <param name="origin">The origin of the tree.</param>
internal sealed class SavedTreeFile(string path, TreeOrigin origin)
{
    public string Path => path;

    /// <summary>The bytes that the last <see cref="Write"/> wrote to the disk, whether or not the file was kept.</summary>
    public long LastWritten { get; private set; }

    /// <summary>Reads the tree.</summary>
    /// <param name="isWanted">Selects nodes.</param>
    /// <param name="whyNot">The reason why there is none, as the end of a sentence; null if there is no file.</param>
    public SavedTree? Load(Func<NodeName, bool> isWanted, out string? whyNot)
    {
        whyNot = null;
        try
        {
            using var file = new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
            return SavedTreeReader.Read(file, origin, isWanted);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception error) when (error is InvalidDataException or IOException or UnauthorizedAccessException or NotSupportedException)
        {
            whyNot = error.Message;
            return null;
        }
    }

    /// <summary>Replaces the saved tree.</summary>
    /// <returns>The number of bytes written.</returns>
    /// <exception cref="OperationCanceledException">It took too long. As with all exceptions, the old tree is kept.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public long Write(SavedTree tree, CancellationToken cancellationToken)
    {
        var directory = System.IO.Path.GetDirectoryName(path)!;
        Directory.CreateDirectory(directory);
        var unfinished = path + ".new";
        // A file that a killed process left keeps its permissions if it is overwritten.
        Discard(unfinished);
        LastWritten = 0;
        try
        {
            using (var file = new FileStream(unfinished, Options()))
            {
                try
                {
                    SavedTreeWriter.Write(file, origin, tree, cancellationToken);
                    file.Flush(flushToDisk: true);
                }
                finally
                {
                    LastWritten = file.Position;
                }
            }

            cancellationToken.ThrowIfCancellationRequested();
            File.Move(unfinished, path, overwrite: true);
            FlushDirectory(directory);
            return LastWritten;
        }
        catch
        {
            Discard(unfinished);
            throw;
        }
    }

    /// <summary>Only the owner may read the names of files.</summary>
    private static FileStreamOptions Options()
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 0 };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }

    /// <summary>Without it, the old file may reappear after a power failure, which is harmless but outdated.</summary>
    private static void FlushDirectory(string directory)
    {
        if (!OperatingSystem.IsLinux()) return;
        using var handle = OpenAt2.Open(null, System.Text.Encoding.UTF8.GetBytes(directory), OpenAt2.O_DIRECTORY, 0, out _);
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
